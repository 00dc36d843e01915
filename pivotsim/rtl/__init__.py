"""Hardware of a design: Verilog modules, and the programs of descriptors that they execute."""
