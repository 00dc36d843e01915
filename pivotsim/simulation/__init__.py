"""One run: operations placed on resources, their chains in time, and the report."""
