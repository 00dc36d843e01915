"""Both of torch's exporters to ONNX: the same rows as from the module itself."""

import io
import warnings

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed; make test-torch runs these")
pytest.importorskip("onnxscript", reason="onnxscript is not installed; make test-torch runs these")

from pivotsim.importers.sources import import_torch, read_model
from pivotsim.vit_torch.model.transformer import build_vit
from tests.torch.small import FORMS


def exported(model, image, path, is_dynamo, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the older exporter warns that it is the older one
        if is_dynamo:
            torch.onnx.export(model, (image,), path, dynamo=True, verbose=False, **options)
        else:
            content = io.BytesIO()
            torch.onnx.export(model, (image,), content, dynamo=False, **options)
            path.write_bytes(content.getvalue())
    return path


CASES = [(form, False) for form in FORMS] + [(form, True) for form in ("plain", "dinov2", "lvvit")]  # it takes seconds


@pytest.mark.parametrize(("form", "is_dynamo"), CASES)
def test_rows_are_those_of_the_module(form, is_dynamo, tmp_path):
    model, spec = build_vit(FORMS[form]).eval(), FORMS[form]
    image = torch.zeros(1, spec.channels, spec.image_px, spec.image_px)
    trace = read_model(exported(model, image, tmp_path / "vit.onnx", is_dynamo))
    assert trace.ops == import_torch(model, [image]).trace.ops


@pytest.mark.parametrize("opset", [14, 17])
def test_norms_and_gelu_written_out_with_an_open_batch(opset, tmp_path):
    model, spec = build_vit(FORMS["plain"]).eval(), FORMS["plain"]
    image = torch.zeros(1, spec.channels, spec.image_px, spec.image_px)
    options = {"opset_version": opset, "input_names": ["x"], "dynamic_axes": {"x": {0: "batch"}}}
    path = exported(model, image, tmp_path / "vit.onnx", False, **options)
    trace = read_model(path, sizes={"x": tuple(image.shape)})
    assert trace.ops == import_torch(model, [image]).trace.ops
