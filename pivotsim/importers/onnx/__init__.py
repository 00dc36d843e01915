"""ONNX files as graphs. Needs the extra ``onnx``; weights are never read, and nothing of a model is computed."""

from pivotsim.importers.onnx.reader import graph_of_file

__all__ = ["graph_of_file"]
