"""Units of programmable logic beside the array: elements per clock, and the token-dropping module."""
