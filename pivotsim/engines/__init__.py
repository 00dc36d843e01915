"""Engines: clock cycles of a trace's GEMMs on the array. They import neither host nor energy."""
