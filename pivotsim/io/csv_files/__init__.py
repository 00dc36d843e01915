"""CSV files: their separators and their cells."""
