"""Measurements of the torch model: wall-clock times, features and logits, the plan that it follows."""
