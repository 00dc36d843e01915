"""Token reduction: methods as rows of rules and costs."""
