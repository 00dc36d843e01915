"""Sizes and switches of a Vision Transformer: the values of a model's file, their checks, and tokens that follow."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import model_validator
from pydantic.functional_validators import ModelWrapValidatorHandler

from pivotsim.errors import got
from pivotsim.io.specs import ONE_LINE, Spec, quantity
from pivotsim.models.pixels import SizePx, sides_of
from pivotsim.models.stems import LVVIT_STEM_STRIDE

NOT_STATED = "not stated"

# names in timm, transformers and DINOv2 -> how the same is stated here
OTHER_NAMES = {
    **dict.fromkeys(("num_heads", "num_attention_heads", "n_heads"), "the key is heads"),
    **dict.fromkeys(("embed_dim", "hidden_size", "dim", "hidden_dim"), "the key is width"),
    **dict.fromkeys(("num_layers", "num_hidden_layers", "layers", "encoders"), "the key is depth"),
    **dict.fromkeys(("intermediate_size", "mlp_dim"), "the key is mlp_hidden"),
    "mlp_ratio": "state mlp_hidden, which is width times that ratio",
    **dict.fromkeys(("img_size", "image_size"), "the key is image_px"),
    **dict.fromkeys(
        ("image_height_px", "image_width_px", "height", "img_height"), "state image_px as HEIGHTxWIDTH, such as 480x640"
    ),
    "patch_size": "the key is patch_px",
    **dict.fromkeys(("num_classes", "num_labels"), "the key is classes"),
    **dict.fromkeys(("in_chans", "num_channels", "in_channels"), "the key is channels"),
    **dict.fromkeys(("reg_tokens", "num_reg_tokens", "num_register_tokens"), "the key is register_tokens"),
    "num_prefix_tokens": "state prefix_tokens (class, distillation) and register_tokens",
    "no_embed_class": "state prefix_positions false",
    "global_pool": "the key is pool: class, average or attention",
    "rope": "state positions: rope, or learned_rope for both",
    **dict.fromkeys(("swiglu_mlp", "swiglu"), "state gated_mlp true"),
    "scale_mlp": "state mlp_norm true",
    **dict.fromkeys(("norm_layer", "norm_type"), "the key is norm: layernorm or rmsnorm"),
    **dict.fromkeys(("init_values", "layerscale_value"), "layer_scale is true or false"),
    "tokens": "tokens follow from image_px, patch_px, prefix_tokens and register_tokens",
    **dict.fromkeys(("head_dim", "attn_head_dim"), "the key is head_size"),
}


class VitSizes(Spec):
    """Values of a model.

    Depth, width, heads, image and patch define it; what else is left out has a default, or follows from them: head_size
    is width over heads, head_features is width, mlp_hidden is 4 width, or 8/3 width rounded up to a multiple of 8 where
    the MLP is gated (DINOv2's rule). What follows, follows again where a copy with other sizes is made.
    """

    other_names: ClassVar[Mapping[str, str]] = OTHER_NAMES
    name: str = quantity("", "Short name.", default="model", min_length=1, pattern=ONE_LINE)
    description: str = quantity("", "One sentence.", default=NOT_STATED, min_length=1, pattern=ONE_LINE)
    source: str = quantity("", "Where the sizes come from.", default=NOT_STATED, min_length=1, pattern=ONE_LINE)
    depth: int = quantity("encoders", "Number of encoders.", ge=1, le=4096)
    image_px: SizePx = quantity("px", "Height and width of the image: one number, or HEIGHTxWIDTH.")
    patch_px: SizePx = quantity("px", "Height and width of a patch: one number, or HEIGHTxWIDTH.")
    patch_edge: Literal["refuse", "floor", "pad"] = quantity(
        "", "Where patches do not tile the image: refuse, floor (the rest is dropped) or pad (filled up).",
        default="refuse",
    )  # fmt: skip
    channels: int = quantity("", "Channels of the image.", default=3, ge=1, le=65_536)
    prefix_tokens: int = quantity("tokens", "Class and distillation tokens.", default=1, ge=0, le=65_536)
    register_tokens: int = quantity("tokens", "Register tokens, which have no position.", default=0, ge=0, le=65_536)
    positions: Literal["learned", "rope", "learned_rope", "none"] = quantity(
        "", "Learned positions, RoPE on Q and K of the patches, or both.", default="learned"
    )
    prefix_positions: bool = quantity("", "Prefix tokens have learned positions as patches have.", default=True)
    width: int = quantity("", "Embedding dimension d.", ge=1, le=2**20)
    heads: int = quantity("", "Attention heads.", ge=1, le=2**20)
    head_size: int = quantity(
        "", "Channels of Q, K and V per head; width / heads unless stated.", default=None, ge=1, le=2**20
    )
    mlp_hidden: int = quantity(
        "", "Hidden size of the MLP (of one branch if gated); from width unless stated.", default=None, ge=1, le=2**24
    )
    gated_mlp: bool = quantity("", "SwiGLU: two input branches, SiLU of one times the other.", default=False)
    activation: Literal["gelu", "relu"] = quantity("", "Activation of an MLP that is not gated.", default="gelu")
    norm: Literal["layernorm", "rmsnorm"] = quantity(
        "", "Kind of every norm; RMSNorm has no offset.", default="layernorm"
    )
    qk_norm: bool = quantity("", "A norm over the channels of each head of Q and K.", default=False)
    mlp_norm: bool = quantity("", "A norm over the MLP's hidden channels, ahead of its last layer.", default=False)
    classes: int = quantity("classes", "Outputs of the head; 0 is a model without head.", default=1000, ge=0, le=2**24)
    pool: Literal["class", "average", "attention"] = quantity(
        "",
        "What the head reads: class token (the mean token without one), mean of the patches, or one query's attention.",
        default="class",
    )
    head_features: int = quantity("", "Inputs of the head; width unless stated.", default=None, ge=1, le=2**24)
    stem: Literal["patch", "lvvit_4_2"] = quantity(
        "", "Patch projection, or LV-ViT's four convolutions.", default="patch"
    )
    qkv_bias: bool = quantity("", "Q, K and V have a bias.", default=True)
    k_bias: bool = quantity("", "K has a bias where Q and V have one.", default=True)
    layer_scale: bool = quantity("", "A learned factor per channel on each residual branch.", default=False)
    aux_head: bool = quantity("", "A second head on all patch tokens (token labelling).", default=False)

    @model_validator(mode="wrap")
    @classmethod
    def _with_derived(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Fill in the sizes that follow from others; which ones were stated stays known."""
        if not isinstance(data, Mapping):
            return handler(data)
        given = dict(data)
        made = handler({**_derived(given), **given})
        made.model_fields_set.intersection_update(given)
        return made

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        for image, patch in zip(self.image_sides, self.patch_sides, strict=True):
            if image % patch and self.patch_edge == "refuse":
                raise ValueError(
                    f"image_px: {self.image_px} is not a multiple of patch_px {self.patch_px}; patch_edge floor drops "
                    "what is left, pad fills it up"
                )
            if image < patch and self.patch_edge == "floor":
                raise ValueError(f"image_px: {self.image_px} is smaller than a patch {got(self.patch_px)}")
        if self.width % self.heads and ("head_size" not in self.model_fields_set or self.pool == "attention"):
            how = "" if self.pool == "attention" else "; state head_size, or other heads"
            raise ValueError(f"width: {self.width} is not a multiple of heads {self.heads}{how}")
        if self.has_rope and self.head_size % 2:
            raise ValueError(f"head_size: RoPE turns pairs of channels, so it must be even {got(self.head_size)}")
        if self.gated_mlp and self.activation != "gelu":
            raise ValueError(f"activation: a gated MLP has SiLU; state gated_mlp false {got(self.activation)}")
        if self.classes == 1:
            raise ValueError(f"classes: must be at least 2, or 0 for a model without head {got(self.classes)}")
        if self.aux_head and not self.classes:
            raise ValueError(f"aux_head: needs classes, and there are none {got(self.aux_head)}")
        if self.stem == "lvvit_4_2" and any(side % LVVIT_STEM_STRIDE for side in self.patch_sides):
            raise ValueError(f"patch_px: {self.patch_px} is odd, and the stem lvvit_4_2 halves the image first")
        if self.stem == "lvvit_4_2" and self.patch_edge != "refuse":
            raise ValueError(f"patch_edge: the stem lvvit_4_2 needs patches that tile the image {got(self.patch_edge)}")
        return self

    def stated(self) -> dict[str, Any]:
        """Return the values but for sizes that follow from others."""
        follows = {name for name in ("head_size", "mlp_hidden", "head_features") if name not in self.model_fields_set}
        return self.model_dump(exclude=follows)

    @property
    def image_sides(self) -> tuple[int, int]:
        """Height and width of the image in pixels."""
        return sides_of(self.image_px)

    @property
    def patch_sides(self) -> tuple[int, int]:
        """Height and width of a patch in pixels."""
        return sides_of(self.patch_px)

    @property
    def patches(self) -> int:
        """Patch tokens."""
        up = self.patch_edge == "pad"
        rows, columns = (
            -(-image // patch) if up else image // patch
            for image, patch in zip(self.image_sides, self.patch_sides, strict=True)
        )
        return rows * columns

    @property
    def leading_tokens(self) -> int:
        """Tokens ahead of the patches, prefix and register tokens: those that no method prunes."""
        return self.prefix_tokens + self.register_tokens

    @property
    def tokens(self) -> int:
        """All tokens that enter the first encoder: patches, prefix and register tokens."""
        return self.patches + self.leading_tokens

    @property
    def has_rope(self) -> bool:
        """Whether Q and K of the patches are rotated by their positions."""
        return self.positions in ("rope", "learned_rope")

    @property
    def positioned_tokens(self) -> int:
        """Tokens with a learned position."""
        if self.positions not in ("learned", "learned_rope"):
            return 0
        return self.patches + (self.prefix_tokens if self.prefix_positions else 0)


def _derived(given: Mapping[str, Any]) -> dict[str, int]:
    """Return the sizes that follow from those given; none from sizes that are no positive integers."""
    width, heads = given.get("width"), given.get("heads")
    sizes: dict[str, int] = {"head_size": 1, "mlp_hidden": 1, "head_features": 1}  # only where the width is refused
    if type(width) is int and width > 0:
        hidden = -(-width * 8 // 3 // 8) * 8 if given.get("gated_mlp") is True else 4 * width
        sizes |= {"mlp_hidden": hidden, "head_features": width}
        if type(heads) is int and heads > 0:
            sizes["head_size"] = max(width // heads, 1)
    return sizes
