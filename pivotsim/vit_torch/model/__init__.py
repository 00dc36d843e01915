"""The torch model itself: encoders, attention, embedding, masks and checkpoints."""
