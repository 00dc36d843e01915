"""ONNX files as graphs. Needs the extra ``onnx``; weights are never read, and nothing of a model is computed."""

from pivotsim.errors import MissingExtraError

try:
    import onnx as _onnx  # noqa: F401 - whether it is there
except ImportError:
    raise MissingExtraError("onnx", "onnx", "reading an ONNX file") from None

from pivotsim.importers.onnx.reader import graph_of_file

__all__ = ["graph_of_file"]
