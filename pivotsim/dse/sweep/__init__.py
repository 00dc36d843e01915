"""Sweeps: a space's designs run in chunks on processes or a cluster, and stored so that a stop loses nothing."""
