"""Spaces: axes, their values, the rules between them, and how designs are drawn from them."""
