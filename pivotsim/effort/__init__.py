"""Effort: inference that spends more only on images that need it (PIVOT, DAC'24, section 3)."""
