"""Layer programs: the GEMMs and the host's stops of a whole network, and where in DRAM their tensors lie."""
