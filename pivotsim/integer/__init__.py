"""Integer inference of a Vision Transformer: every bit of every operation defined, in numpy."""
