"""The engine of the streaming pipeline."""
