"""Pruning of weights while they are trained: scores, masks, a density that falls, and what is removed at the end."""
