"""Modules that reduce tokens between encoders."""
