"""Devices that say how long a plan takes: simulated, modelled, recorded or measured, behind one protocol."""
