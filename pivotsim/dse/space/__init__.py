"""Spaces: axes, their values, conditions and constraints between them, and how designs are drawn from them."""
