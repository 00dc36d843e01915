"""The Vision Transformer: sizes, switches, and the parameters that follow from them."""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import model_validator

from pivotsim.errors import got
from pivotsim.io.specs import ONE_LINE, Spec, leaves, load_spec, quantity, replaced, value_at
from pivotsim.tables import Printable, Table

# LV-ViT's stem "4_2", from its publication's code: (kernel, stride, in, out) of each convolution, the last
# one being the patch projection; every convolution but the last is followed by a batch norm, without bias.
LVVIT_STEM = ((7, 2, 3, 64), (3, 1, 64, 64), (3, 1, 64, 64))
LVVIT_STEM_WIDTH = 64
LVVIT_STEM_STRIDE = 2


# names in timm, transformers and DINOv2 -> how the same is stated here
OTHER_NAMES = {
    "register_tokens": "add them to prefix_tokens, which counts class, distillation and register tokens; "
    "each of them gets a position here, which counts parameters and no operation",
    **dict.fromkeys(("num_heads", "num_attention_heads", "n_heads"), "the key is heads"),
    **dict.fromkeys(("embed_dim", "hidden_size", "dim", "hidden_dim"), "the key is width"),
    **dict.fromkeys(("num_layers", "num_hidden_layers", "layers", "encoders"), "the key is depth"),
    **dict.fromkeys(("intermediate_size", "mlp_dim"), "the key is mlp_hidden"),
    "mlp_ratio": "state mlp_hidden, which is width times that ratio",
    **dict.fromkeys(("img_size", "image_size"), "the key is image_px"),
    **dict.fromkeys(("image_height_px", "image_width_px", "height", "img_height"), "images are square: image_px"),
    "patch_size": "the key is patch_px",
    **dict.fromkeys(("num_classes", "num_labels"), "the key is classes"),
    **dict.fromkeys(("in_chans", "num_channels", "in_channels"), "the key is channels"),
    **dict.fromkeys(("reg_tokens", "num_register_tokens"), "prefix_tokens counts them, with the class token"),
    **dict.fromkeys(("init_values", "layerscale_value"), "layer_scale is true or false"),
    "tokens": "tokens follow from image_px, patch_px and prefix_tokens",
    "head_dim": "it follows from width and heads",
}


class VitModel(Printable, Spec):
    """A Vision Transformer as timm describes it; see ``pivotsim show model NAME``."""

    other_names: ClassVar[Mapping[str, str]] = OTHER_NAMES
    name: str = quantity("", "Short name.", min_length=1, pattern=ONE_LINE)
    description: str = quantity("", "One sentence.", min_length=1, pattern=ONE_LINE)
    source: str = quantity("", "Where the sizes come from.", min_length=1, pattern=ONE_LINE)
    depth: int = quantity("encoders", "Number of encoders.", ge=1, le=4096)
    image_px: int = quantity("px", "Height and width of the image, which is square.", ge=1, le=65_536)
    patch_px: int = quantity("px", "Height and width of a patch, which is square.", ge=1, le=65_536)
    channels: int = quantity("", "Channels of the image.", ge=1, le=65_536)
    prefix_tokens: int = quantity("tokens", "Class, distillation and register tokens.", ge=0, le=65_536)
    width: int = quantity("", "Embedding dimension d.", ge=1, le=2**20)
    heads: int = quantity("", "Attention heads.", ge=1, le=2**20)
    mlp_hidden: int = quantity("", "Hidden size of the MLP (of one branch if gated).", ge=1, le=2**24)
    gated_mlp: bool = quantity("", "SwiGLU: two input branches, SiLU of one times the other.")
    activation: Literal["gelu", "relu"] = quantity("", "Activation of an MLP that is not gated.", default="gelu")
    classes: int = quantity("classes", "Outputs of the head.", ge=2, le=2**24)
    head_features: int = quantity("", "Inputs of the head.", ge=1, le=2**24)
    stem: Literal["patch", "lvvit_4_2"] = quantity("", "Patch projection, or LV-ViT's four convolutions.")
    qkv_bias: bool = quantity("", "Q, K and V have a bias.")
    layer_scale: bool = quantity("", "A learned factor per channel on each residual branch.")
    aux_head: bool = quantity("", "A second head on all patch tokens (token labelling).")

    @model_validator(mode="after")
    def _sizes_divide(self) -> "VitModel":
        if self.image_px % self.patch_px:
            raise ValueError(f"image_px: {self.image_px} is not a multiple of patch_px {self.patch_px}")
        if self.width % self.heads:
            raise ValueError(f"width: {self.width} is not a multiple of heads {self.heads}")
        if self.gated_mlp and self.activation != "gelu":
            raise ValueError(f"activation: a gated MLP has SiLU; state gated_mlp false {got(self.activation)}")
        if self.stem == "lvvit_4_2" and self.patch_px % LVVIT_STEM_STRIDE:
            raise ValueError(f"patch_px: {self.patch_px} is odd, and the stem lvvit_4_2 halves the image first")
        return self

    def _tables(self) -> tuple[Table]:
        rows = [(path, value_at(self, path), unit) for path, unit, _ in leaves(type(self))][3:]
        rows += [("tokens", self.tokens, "tokens"), ("parameters", f"{self.parameters:,}", "")]
        return (Table(f"{self.name}: {self.description}", ("size", "", "unit"), rows, (1,)),)

    @property
    def patches(self) -> int:
        """Patch tokens."""
        return (self.image_px // self.patch_px) ** 2

    @property
    def tokens(self) -> int:
        """All tokens that enter the first encoder: patches and prefix tokens."""
        return self.patches + self.prefix_tokens

    @property
    def encoder_parameters(self) -> int:
        """Weights and biases of one encoder, norms included."""
        d, hidden = self.width, self.mlp_hidden
        attention = d * 3 * d + (3 * d if self.qkv_bias else 0) + d * d + d
        branches = 2 if self.gated_mlp else 1
        mlp = branches * (d * hidden + hidden) + hidden * d + d
        norms = 2 * 2 * d
        return attention + mlp + norms + (2 * d if self.layer_scale else 0)

    @property
    def parameters(self) -> int:
        """Weights and biases of the whole model: stem, prefix tokens, positions, encoders, final norm, heads."""
        d = self.width
        inputs, patch = self.channels, self.patch_px
        stem = 0
        if self.gated_mlp and self.activation != "gelu":
            raise ValueError(f"activation: a gated MLP has SiLU; state gated_mlp false {got(self.activation)}")
        if self.stem == "lvvit_4_2":
            stem = sum(kernel * kernel * i * o + 2 * o for kernel, _, i, o in LVVIT_STEM)
            inputs, patch = LVVIT_STEM_WIDTH, self.patch_px // LVVIT_STEM_STRIDE
        embedding = stem + patch * patch * inputs * d + d + self.prefix_tokens * d + self.tokens * d
        head = self.head_features * self.classes + self.classes
        aux = d * self.classes + self.classes if self.aux_head else 0
        return embedding + self.depth * self.encoder_parameters + 2 * d + head + aux

    def replace(self, changes: Mapping[str, object], *, label: str = "replace") -> "VitModel":
        """Return a copy with values changed and validated, as in ``{"depth": 17}``.

        Raises
        ------
        InputError
            A name is unknown (the nearest valid one is given) or a value does not fit.

        Examples
        --------
        >>> load_model("lvvit_s").replace({"depth": 17}).depth
        17
        """
        return replaced(self, changes, label)


def load_model(source: "str | Path | Mapping[str, object] | VitModel") -> VitModel:
    """Return a validated model from a name, a path or a dict of the YAML file's form.

    Parameters
    ----------
    source : str, Path, mapping or VitModel
        A name (``"deit_s"``) is looked up in $PIVOTSIM_PATH, then among the package's own.

    Returns
    -------
    VitModel

    Raises
    ------
    InputError
        One line per problem: ``file:line: key: problem (got X), nearest valid name``.

    Examples
    --------
    >>> model = load_model("deit_s")
    >>> model.tokens, model.width, model.parameters
    (197, 384, 22050664)
    """
    return load_spec(VitModel, "workloads", "model", source)
