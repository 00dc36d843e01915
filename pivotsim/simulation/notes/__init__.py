"""What is said beside a run's numbers: where constants come from, and what of the settings had no effect."""
