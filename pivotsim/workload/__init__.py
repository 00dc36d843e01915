"""Workloads: what runs, never where. Plans of a model's encoders, and traces of operations."""
