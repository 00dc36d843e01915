"""Models of other tools as traces: torch modules, ONNX files, tables of layers."""
