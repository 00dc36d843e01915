"""What prepares a model: import, quantise, classify, and options that prune it, grade it or load a checkpoint."""
