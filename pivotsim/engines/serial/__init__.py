"""The engine of the serial tile machine."""
