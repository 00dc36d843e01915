"""Pictures of what was searched: fronts of designs, efforts, token schedules, and what is uncertain in them."""
