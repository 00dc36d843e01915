"""Results as files of other tools; nothing here changes a number."""
