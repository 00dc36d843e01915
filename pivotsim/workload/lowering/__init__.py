"""Lowering: a plan's encoders into a trace of operations."""
