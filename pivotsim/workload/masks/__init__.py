"""Block masks: their form, their files, and those that a trace names."""
