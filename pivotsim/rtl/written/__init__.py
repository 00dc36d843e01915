"""A written design: what it is, and the files and pages that its folder holds."""
