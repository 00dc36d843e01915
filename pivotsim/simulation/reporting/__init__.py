"""What reports are made of: rows, totals and what follows from them, shares, entries and printed tables."""
