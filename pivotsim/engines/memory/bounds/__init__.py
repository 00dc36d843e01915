"""Bounds that are known before work starts: of clocks, bytes and passes."""
