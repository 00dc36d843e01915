"""Checkpoints: which weights of a pruned model are zero, and what an accelerator can leave out for it."""
