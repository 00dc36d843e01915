"""The fit of constants to measured rows: its intervals, and what the rows cannot tell."""
