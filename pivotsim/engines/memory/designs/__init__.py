"""Engine memory for many designs at once: cycles of each, and bounds that spare the search."""
