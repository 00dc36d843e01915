"""Pictures beside published numbers; an audit's lie in the module of its name."""
