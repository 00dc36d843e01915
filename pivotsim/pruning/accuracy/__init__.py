"""Accuracy of keeping n tokens: as it is given, or measured on a model of one's own."""
