"""What a design takes of its FPGA, beside what the device has."""
