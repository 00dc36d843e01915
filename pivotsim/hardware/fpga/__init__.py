"""The FPGA of a board: what the device has."""
