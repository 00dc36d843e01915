"""Hardware: validated specifications of boards and designs, each value with its unit and source."""
