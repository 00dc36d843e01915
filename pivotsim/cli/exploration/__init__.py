"""Commands that look for designs, efforts and schedules: sweep, front, export, cosearch, schedule."""
