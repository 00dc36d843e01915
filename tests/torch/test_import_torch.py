"""torch modules as traces: beside torch's own counter, beside this project's lowering, and what is refused."""

import copy
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed; make test-torch runs these")
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention
from torch.utils.flop_counter import FlopCounterMode

import pivotsim as ps
from pivotsim.importers.sources import import_torch
from pivotsim.vit_torch.model.transformer import build_vit
from pivotsim.workload.recognition import recognised_plan
from tests.torch.small import FORMS

WIDTH, HEADS, TOKENS = 24, 3, 10


class Attention(nn.Module):
    """Attention with its products written out or as one operator, and a mask, a bias or grouped queries by choice."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.form = form
        groups = 1 if form == "grouped" else HEADS
        self.q = nn.Linear(WIDTH, WIDTH)
        self.k, self.v = (nn.Linear(WIDTH, groups * WIDTH // HEADS) for _ in "kv")
        self.o = nn.Linear(WIDTH, WIDTH)
        self.bias = nn.Parameter(torch.zeros(HEADS, TOKENS, TOKENS))

    def forward(self, x):
        q, k, v = (f(x).unflatten(-1, (-1, WIDTH // HEADS)).transpose(1, 2) for f in (self.q, self.k, self.v))
        if self.form == "written out":
            y = (q * 0.2 @ k.transpose(-1, -2) + self.bias).softmax(-1) @ v
        elif self.form == "einsum":
            y = torch.einsum("bhij,bhjd->bhid", torch.einsum("bhid,bhjd->bhij", q, k).softmax(-1), v)
        elif self.form == "baddbmm":
            b = [t.flatten(0, 1) for t in (q, k, v)]
            y = (
                torch.baddbmm(self.bias.repeat(len(x), 1, 1), b[0], b[1].transpose(1, 2))
                .softmax(-1)
                .bmm(b[2])
                .unflatten(0, (-1, HEADS))
            )
        else:
            mask = self.bias if self.form == "bias" else None
            y = scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=self.form == "grouped")
        return self.o(y.transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, form: str, gated: bool = False) -> None:
        super().__init__()
        self.norm_a, self.norm_b = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attention = Attention(form)
        self.up, self.down = nn.Linear(WIDTH, 40), nn.Linear(40, WIDTH)
        self.gate = nn.Linear(WIDTH, 40) if gated else None

    def forward(self, x):
        x = x + self.attention(self.norm_a(x))
        y = self.norm_b(x)
        y = nn.functional.gelu(self.up(y)) if self.gate is None else nn.functional.silu(self.gate(y)) * self.up(y)
        return x + self.down(y)


class Einsums(nn.Module):
    """Products that stretch an axis, sum one factor alone, or sum nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(6, 6)

    def forward(self, x):
        y = self.line(x)
        wide = torch.einsum("bij,bkj->bik", y, y[:1])
        return wide, torch.einsum("bij,kj->bk", y, y[0]), torch.einsum("bij,bij->bij", y, y), y.new_ones(3) @ y[0, :3]


class NoRows(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.line = nn.Linear(6, 6)

    def forward(self, x):
        return self.line(x), self.line(x[:, :0])


def encoders(form: str, gated: bool = False) -> nn.Module:
    return nn.Sequential(
        nn.Linear(6, WIDTH), *(Block(form, gated) for _ in range(2)), nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 5)
    )


IMAGE, TEXT = (2, 4, 16, 16), (2, TOKENS, 6)
MODULES = {  # name: (module, shape of its input)
    "convolution": (lambda: nn.Conv2d(4, 8, 3, stride=2, padding=1), IMAGE),
    "grouped": (lambda: nn.Conv2d(4, 8, 3, groups=2, dilation=2), IMAGE),
    "depthwise": (lambda: nn.Conv2d(4, 4, 5, groups=4, padding="same"), IMAGE),
    "uneven padding": (lambda: nn.Sequential(nn.ZeroPad2d((0, 1, 2, 3)), nn.Conv2d(4, 8, 3, stride=3)), IMAGE),
    "transposed": (lambda: nn.ConvTranspose2d(4, 6, 3, stride=2, output_padding=1), IMAGE),
    "of a line": (lambda: nn.Conv1d(4, 8, 3, stride=2), (2, 4, 50)),
    "of a volume": (lambda: nn.Conv3d(2, 4, (1, 2, 3)), (1, 2, 4, 5, 6)),
    "residual": (lambda: nn.Sequential(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(256, 3)), IMAGE),
    "torch's own encoder": (lambda: nn.TransformerEncoderLayer(WIDTH, HEADS, 40, batch_first=True), (2, TOKENS, WIDTH)),
    "torch's own decoder": (lambda: nn.TransformerDecoderLayer(WIDTH, HEADS, 40, batch_first=True), (2, TOKENS, WIDTH)),
    "bilinear": (lambda: nn.Sequential(nn.Conv2d(4, 4, 3), nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.Conv2d(4, 2, 1)), IMAGE),
    **{f"attention, {form}": (lambda form=form: encoders(form), TEXT)
       for form in ("written out", "einsum", "baddbmm", "bias", "grouped", "plain")},
    "einsums": (lambda: Einsums(), TEXT),
    "no rows": (lambda: NoRows(), TEXT),
    "gated": (lambda: encoders("plain", gated=True), TEXT),
}  # fmt: skip


def inputs_of(name: str, shape: tuple[int, ...]) -> tuple["torch.Tensor", ...]:
    return (torch.zeros(shape),) * (2 if "decoder" in name else 1)


@pytest.mark.parametrize("name", MODULES)
def test_as_many_products_as_torch_counts(name: str) -> None:
    build, shape = MODULES[name]
    module, inputs = build().eval(), inputs_of(name, shape)
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # it hides its products from the counter
    try:
        with torch.no_grad(), sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
            module(*inputs)
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
    assert 2 * ps.trace_of(module, *inputs).macs == counter.get_total_flops()


# what their modules do beside their plans: a mean without its own row, one product for both branches, a stem's ReLUs
OTHERWISE = {"no prefix": ("pool", 1), "dinov2": ("fc1", 3), "lvvit": ("relu", 3)}


@pytest.mark.parametrize("form", sorted(FORMS.keys() - OTHERWISE.keys()))
def test_a_vision_transformer_has_the_rows_of_its_plan(form: str) -> None:
    """Row by row and in order; hence the same delay to the last digit, and transforms apply."""
    model = FORMS[form]
    module, image = build_vit(model), torch.zeros(2, model.channels, model.image_px, model.image_px)
    trace = ps.trace_of(module, image)
    wanted = ps.lower(ps.plan(model), 2)
    assert [op._replace(layer="") for op in trace] == list(wanted)
    assert ps.simulate(trace, scope="all").delay_ms == ps.simulate(wanted, scope="all").delay_ms


@pytest.mark.parametrize("form", OTHERWISE)
def test_what_a_module_does_beside_its_plan(form: str) -> None:
    model = FORMS[form]
    trace = ps.trace_of(build_vit(model), torch.zeros(1, model.channels, model.image_px, model.image_px))
    module, count = OTHERWISE[form]
    assert sum(op.module == module for op in trace) == count
    assert sum(op.module == module for op in ps.lower(ps.plan(model))) == 0
    assert trace.macs == ps.lower(ps.plan(model)).macs


@pytest.mark.parametrize("form", ("written out", "einsum", "baddbmm", "bias", "grouped", "plain"))
def test_labels_of_attention_however_it_is_written(form: str) -> None:
    trace = ps.trace_of(encoders(form), torch.zeros(TEXT))
    labels = [(op.encoder, op.module) for op in trace if op.kind == "gemm"]
    block = ["q", "k", "v", "qkt", "sv", "proj", "fc1", "fc2"]
    assert labels == [(0, "patch_embed"), *((i, m) for i in (1, 2) for m in block), (0, "head")]
    others = [(op.module, op.kind) for op in trace if op.encoder == 2 and op.kind not in ("gemm", "requant")]
    biased = [("qkt", "add")] if form in ("written out", "bias") else []
    assert others == [
        ("norm1", "norm"), *biased, ("softmax", "softmax"), ("residual1", "add"), ("norm2", "norm"), ("gelu", "gelu"),
        ("residual2", "add"),
    ]  # fmt: skip


def test_an_mlp_by_addmm_has_its_labels() -> None:
    """As GPT-2's and BLOOM's: weights the other way round, and an activation of a class of its own, written out."""

    class Turned(nn.Module):
        def __init__(self, read: int, made: int) -> None:
            super().__init__()
            self.weight, self.bias = nn.Parameter(torch.zeros(read, made)), nn.Parameter(torch.zeros(made))

        def forward(self, x):
            return torch.addmm(self.bias, x.flatten(0, 1), self.weight).unflatten(0, x.shape[:2])

    class SomeGelu(nn.Module):
        def forward(self, x):
            return x * 0.5 * (1 + torch.tanh(x * 0.8 * (1 + x * x)))

    block = Block("plain")
    block.up, block.down = nn.Sequential(Turned(WIDTH, 40), SomeGelu()), Turned(40, WIDTH)
    block.forward = lambda x: x + block.down(block.up(block.norm_b(x + block.attention(block.norm_a(x)))))
    ops = ps.trace_of(nn.Sequential(nn.Linear(6, WIDTH), block), torch.zeros(TEXT)).ops
    assert [op.module for op in ops if op.kind == "gemm"][-2:] == ["fc1", "fc2"]
    assert [op.kind for op in ops if op.module == "gelu"] == ["gelu"]


def test_a_gate_is_one_operation_with_its_silu() -> None:
    ops = [op for op in ps.trace_of(encoders("plain", gated=True), torch.zeros(TEXT)) if op.encoder == 1]
    mlp = [(op.module, op.n, op.layer) for op in ops if op.module in ("gate", "value", "silu", "fc2", "mul")]
    assert mlp == [("gate", 40, "1.gate"), ("value", 40, "1.up"), ("silu", 40, "1"), ("fc2", WIDTH, "1.down")]


def test_a_module_is_left_as_it_was() -> None:
    module = encoders("plain").train()
    module[1].eval()
    before = [m.training for m in module.modules()]
    state = copy.deepcopy(module.state_dict())
    fast = torch.backends.mha.get_fastpath_enabled()
    ps.trace_of(module, torch.zeros(TEXT))
    assert [m.training for m in module.modules()] == before
    assert torch.backends.mha.get_fastpath_enabled() is fast
    assert all(torch.equal(state[key], value) for key, value in module.state_dict().items())


def test_weights_take_no_memory_on_the_meta_device() -> None:
    with torch.device("meta"):
        module, image = nn.Sequential(nn.Linear(2**20, 2**20)), torch.zeros(1, 2**20)
    assert ps.trace_of(module, image).macs == 2**40


def test_an_unknown_operator_is_refused_by_its_layer_and_skipped_by_name() -> None:
    class Reads(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.memory, self.out = nn.LSTM(6, 8, batch_first=True), nn.Linear(8, 2)

        def forward(self, x):
            return self.out(self.memory(x)[0])

    with pytest.raises(
        ps.InputError,
        match=r"layer 'memory': operator aten\.lstm\.input, a recurrent layer, is not known here.*skip 'memory'",
    ):
        ps.trace_of(Reads(), torch.zeros(TEXT))
    found = import_torch(Reads(), (torch.zeros(TEXT),), skip=["memory"])
    assert [op.layer for op in found.trace if op.kind == "gemm"] == ["out"]
    assert any("left out on request: memory" in note for note in found.trace.notes)
    with pytest.raises(ps.InputError, match=r"skip: no layer has this name.*got memry"):
        ps.trace_of(nn.Linear(6, 2), torch.zeros(TEXT), skip=["memry"])


def test_a_program_and_its_file(tmp_path: Path) -> None:
    module = encoders("plain").eval()
    program = torch.export.export(module, (torch.zeros(TEXT),), strict=False)
    path = tmp_path / "model.pt2"
    torch.export.save(program, path)
    wanted = ps.trace_of(module, torch.zeros(TEXT)).ops
    assert ps.trace_of(program).ops == wanted == ps.read_model(path).ops
    assert ps.read_model(path).name == "model"
    with pytest.raises(ps.InputError, match="has its sizes; leave them out"):
        ps.read_model(path, sizes={"x": (1, 2)})


@pytest.mark.parametrize("content", (b"", b"PK\x03\x04 and nothing", b"\x80\x04cos\nsystem\n(S'true'\ntR."))
def test_a_file_that_is_no_program(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.pt2"
    path.write_bytes(content)
    with pytest.raises(ps.InputError, match=r"model\.pt2: is no program of torch\.export"):
        ps.read_model(path)


def test_sizes_that_depend_on_the_input_are_refused() -> None:
    program = torch.export.export(
        nn.Linear(6, 2), (torch.zeros(4, 6),), dynamic_shapes=({0: torch.export.Dim("batch", min=2)},), strict=False
    )
    with pytest.raises(ps.InputError, match="depends on the input; export with fixed sizes"):
        ps.trace_of(program)


def test_weights_that_nothing_reads_and_tables_are_told() -> None:
    class Partly(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.unused = nn.Linear(6, 6), nn.Linear(6, 6)
            self.place = nn.Parameter(torch.zeros(TOKENS, 6))
            self.gram = nn.Parameter(torch.zeros(6, 6))

        def forward(self, x):
            return self.used(x + self.place) @ (self.gram @ self.gram)

    found = import_torch(Partly(), (torch.zeros(TEXT),))
    assert found.unread == ("unused.weight",)
    assert found.added == ("place",)
    assert len(found.precomputed) == 1
    assert "weights that no operator reads: unused.weight" in found.trace.notes
    assert "place" in str(found)


@pytest.mark.parametrize(
    ("arguments", "told"),
    (
        ((nn.Linear(2, 2),), "give what the module is called with"),
        ((nn.Linear(2, 2), torch.zeros(3)), "torch.export cannot trace it with these inputs"),
        (("deit_s", torch.zeros(3)), "must be a torch module or a program of torch.export"),
        ((nn.Identity(), torch.zeros(3)), "multiplies no matrices"),
    ),
)
def test_wrong_calls(arguments: tuple, told: str) -> None:
    with pytest.raises(ps.InputError, match=told):
        ps.trace_of(*arguments)


def test_recognised_after_import() -> None:
    model = FORMS["plain"]
    trace = ps.trace_of(build_vit(model), torch.zeros(1, model.channels, model.image_px, model.image_px))
    plan = recognised_plan(trace)
    assert (plan.model.depth, plan.model.width, plan.model.heads) == (model.depth, model.width, model.heads)
    assert (
        ps.lower(ps.skip_attention(plan, active=[1])).ops == ps.lower(ps.skip_attention(ps.plan(model), active=[1])).ops
    )
