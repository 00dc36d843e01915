"""GPU files: complete, sourced, marked, and strict about what they hold."""

import pytest

from pivotsim.errors import InputError
from pivotsim.hardware.kinds.gpu import GpuSpec, is_gpu, load_gpu
from pivotsim.io.documents import available
from pivotsim.io.spec_values import leaves

NAMES = [name for name in available("hwconfigs") if name.startswith("gpu/")]


def test_the_shipped_gpus():
    assert {"gpu/tx2", "gpu/agx_orin", "gpu/a100", "gpu/h200"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_value_has_a_source_and_every_fit_says_that_it_is_not_validated(name):
    gpu = load_gpu(name)
    for path, _, unit, source, description in gpu.to_rows():
        assert source, path
        assert description.endswith("."), path
        assert unit != "us" or path.endswith("_us")
        assert unit != "MHz" or path.endswith("_mhz")
        if source.startswith(("[calibrated]", "[estimate]")):
            assert source.endswith("not validated"), path
    assert is_gpu(name)


@pytest.mark.parametrize(("name", "tflops"), [("tx2", 0.67), ("agx_orin", 3.33), ("a100", 19.49)])
def test_fp32_peaks_by_hand(name, tflops):
    assert load_gpu(f"gpu/{name}").fp32_tflops == pytest.approx(tflops, abs=0.005)


def test_what_follows_from_an_a100():
    derived = {name: (value, unit) for name, (value, unit, _) in load_gpu("gpu/a100").derived.items()}
    gpu = load_gpu("gpu/a100")
    assert derived["tile_slots"] == (108 * gpu.kernel.tiles_per_sm, "tiles")
    assert derived["fp32_tflops"] == (gpu.fp32_tflops, "TFLOP/s")


def test_a_board_is_no_gpu_and_a_gpu_no_board():
    assert not is_gpu("zcu102")
    assert not is_gpu("zcu102_ws")  # by its base
    with pytest.raises(InputError, match="kind: must be one of gpu_wave"):
        load_gpu("zcu102")


@pytest.mark.parametrize(
    "path", [path for path, _, _ in leaves(GpuSpec) if path not in ("kind", "name", "description")]
)
def test_no_value_may_be_negative_or_text(path):
    for wrong in (-1, "much"):
        with pytest.raises(InputError, match=path):
            load_gpu("gpu/a100").replace({path: wrong})


def test_a_source_must_name_a_value():
    data = load_gpu("gpu/a100").model_dump()
    with pytest.raises(InputError, match=r"sources: 'sm\.cuont' names no value"):
        load_gpu({**data, "sources": {"sm.cuont": "x"}})


@pytest.mark.parametrize(
    ("tiles", "problem"),
    [
        ("much", "kernel.tiles: must be shapes such as 128x64, or 128x64 at 0.8"),
        (["128x128", "128"], "kernel.tiles: must be shapes such as"),
        ([128], "kernel.tiles: must be shapes such as"),
        (5, "kernel.tiles: must be a list of shapes"),
        (["0x64"], "kernel.tiles: sides must lie in 1 to 65536"),
        (["64x65537"], "kernel.tiles: sides must lie in"),
        (["64x64 at 0"], "kernel.tiles: sides must lie in 1 to 65536, a share above 0"),
        (["64x64 at 101"], "a share above 0 and up to 100"),
        (["64x64", "64x64 at 0.5"], "kernel.tiles: must be at most 16 shapes, none twice"),
        ([f"{side}x1" for side in range(1, 18)], "kernel.tiles: must be at most 16 shapes"),
    ],
)
def test_shapes_that_are_none_are_refused(tiles, problem):
    with pytest.raises(InputError, match=problem):
        load_gpu("gpu/a100").replace({"kernel.tiles": tiles})


def test_shapes_are_a_list_or_a_text_with_commas():
    for tiles in (["128x64", "64X64  at 0.80"], ("128x64", "64x64 at 0.8"), "128x64, 64x64 at 0.8"):
        gpu = load_gpu("gpu/a100").replace({"kernel.tiles": tiles})
        assert gpu.kernel.shapes == [(128, 64, 1.0), (64, 64, 0.8)]
        assert load_gpu(gpu.model_dump()) == gpu
    assert load_gpu("gpu/a100").kernel.shapes == [(128, 128, 1.0)]


def test_values_without_effect_are_said():
    plain = load_gpu("gpu/a100")
    assert not any("not used" in note for note in plain.notes)
    listed = plain.replace({"kernel.tiles": ["128x64", "64x64"]})
    assert [note for note in listed.notes if "not used" in note] == [
        "kernel.tile_rows: not used: kernel.tiles lists the shapes",
        "kernel.tile_cols: not used: kernel.tiles lists the shapes",
    ]
    chosen = plain.replace({"kernel.tile_choice": "least_work"})
    assert "kernel.tile_choice: not used: needs kernel.tiles" in chosen.notes
    single = chosen.replace({"kernel.tiles": ["64x64"]})
    assert "kernel.tile_choice: not used: kernel.tiles lists one shape" in single.notes
