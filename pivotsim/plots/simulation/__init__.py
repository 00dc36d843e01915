"""Pictures of one run: its delay by parts, its timeline, and the array clock by clock."""
