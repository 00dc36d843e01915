"""Commands on published numbers: reproduce, infer."""
