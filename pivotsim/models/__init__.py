"""Models: validated specifications of Vision Transformers, in timm's terms."""
