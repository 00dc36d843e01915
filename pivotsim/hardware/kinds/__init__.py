"""Kinds of hardware, a module each: what a board or a GPU computes with."""
