"""Propagation of uncertainty: constants with intervals or ranges, drawn, through delay and energy to decisions."""
