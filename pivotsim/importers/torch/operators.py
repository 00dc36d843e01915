"""What each of torch's operators is here, by name; an operator that no row holds is refused by its layer."""

from pivotsim.importers.graph import FOLDED, FREE

_ROWS = {
    "linear": "linear addmm",
    "matmul": "matmul mm bmm baddbmm mv dot",
    "einsum": "einsum",
    "convolution": "conv1d conv2d conv3d convolution conv_transpose1d conv_transpose2d conv_transpose3d",
    "attention": "scaled_dot_product_attention",
    "experts": "grouped_mm grouped_mm_fallback",  # of torch and of transformers
    "softmax": "softmax _softmax log_softmax _safe_softmax",
    "norm": "layer_norm native_layer_norm group_norm native_group_norm rms_norm instance_norm",
    "gelu": "gelu",
    "silu": "silu hardswish mish",
    "relu": "relu relu6 leaky_relu prelu hardtanh clamp clamp_min clamp_max hardsigmoid threshold",
    "add": "add sub rsub subtract diff",
    "mul": (
        "mul div divide multiply pow exp log log1p log2 sqrt rsqrt sigmoid tanh erf sin cos neg abs reciprocal "
        "square maximum minimum where masked_fill softplus elu celu selu glu floor ceil round remainder fmod sign "
        "cumsum logical_and logical_or logical_not bitwise_and bitwise_or bitwise_not bitwise_xor eq ne lt le gt "
        "ge isnan isinf nan_to_num and or xor not iand ior atan2 expm1 floor_divide upsample_nearest1d "
        "upsample_nearest2d upsample_bilinear2d upsample_bicubic2d upsample_linear1d _upsample_bilinear2d_aa "
        "_upsample_bicubic2d_aa upsample_nearest_exact2d grid_sampler lerp addcmul addcdiv logsigmoid log_sigmoid "
        "polar complex view_as_complex view_as_real"
    ),
    "pool": (
        "histc bincount "
        "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d "
        "avg_pool1d avg_pool2d avg_pool3d max_pool1d max_pool2d max_pool3d max_pool2d_with_indices mean sum prod "
        "amax amin max min argmax argmin var std var_mean std_mean norm linalg_vector_norm logsumexp any all "
        "col2im"
    ),
    "sort": "sort topk argsort msort",
    FOLDED: "batch_norm _native_batch_norm_legit_no_training cudnn_batch_norm _weight_norm",
    FREE: (
        "view reshape _unsafe_view reshape_as view_as flatten unflatten permute transpose t numpy_T movedim "
        "swapaxes swapdims moveaxis squeeze unsqueeze expand expand_as broadcast_to broadcast_tensors repeat "
        "repeat_interleave tile contiguous clone alias detach detach_ to _to_copy type_as float half bfloat16 int "
        "long bool lift_fresh_copy dropout feature_dropout alpha_dropout native_dropout identity cat concat "
        "concatenate stack hstack vstack split split_with_sizes chunk unbind tensor_split select slice narrow "
        "index index_select gather take_along_dim scatter scatter_add index_put index_copy index_add "
        "masked_scatter slice_scatter select_scatter copy copy_ fill zero roll flip rot90 pad constant_pad_nd "
        "reflection_pad2d replication_pad2d reflection_pad1d unfold unfold_copy im2col pixel_shuffle "
        "pixel_unshuffle channel_shuffle embedding arange zeros ones full empty new_zeros new_ones new_full "
        "new_empty zeros_like ones_like full_like empty_like rand randn rand_like randn_like bernoulli "
        "scalar_tensor tensor lift_fresh eye linspace tril triu meshgrid one_hot nonzero item sym_size sym_numel "
        "size _assert_tensor_metadata _assert_async _assert_scalar sym_constrain_range_for_size "
        "sym_constrain_range getitem diagonal diag as_strided resolve_conj real imag ge_sym view_dtype outer_view "
        "atleast_1d atleast_2d ravel squeeze_ unsqueeze_ movedim_ bucketize searchsorted _shape_as_tensor"
    ),
}
_OF = {name: operator for operator, names in _ROWS.items() for name in names.split()}


def operator_of(target: str) -> str | None:
    """Return what an operator such as ``aten.add_.Tensor`` is here, None where it is unknown.

    >>> operator_of("aten.add_.Tensor"), operator_of("aten.lstm.input")
    ('add', None)
    """
    parts = target.split(".")
    if parts[0] not in ("aten", "_operator", "transformers") or len(parts) < 2:
        return None
    return _OF.get(parts[1]) or _OF.get(parts[1].strip("_"))
