"""What each ONNX operator is here, by name; an operator that no row holds is refused by its layer.

Operators of ONNX Runtime's own domain stand with it: ``com.microsoft.FastGelu``.
"""

from pivotsim.importers.graph import FOLDED, FREE

CONTRIB = "com.microsoft"
_ROWS = {
    "linear": "Gemm",
    "matmul": "MatMul MatMulInteger QLinearMatMul",
    "einsum": "Einsum",
    "convolution": "Conv ConvTranspose ConvInteger QLinearConv DeformConv",
    "attention": "Attention",
    "softmax": "Softmax LogSoftmax",
    "norm": (
        "LayerNormalization SimplifiedLayerNormalization RMSNormalization GroupNormalization "
        "InstanceNormalization MeanVarianceNormalization LpNormalization LRN"
    ),
    "gelu": "Gelu",
    "silu": "HardSwish Mish Swish",
    "relu": "Relu LeakyRelu PRelu ThresholdedRelu Clip HardSigmoid",
    "add": "Add Sub Sum",
    "mul": (
        "Mul Div Mod Pow Exp Log Sqrt Reciprocal Abs Neg Sign Ceil Floor Round Erf Sin Cos Tan Asin Acos Atan "
        "Sinh Cosh Asinh Acosh Atanh Sigmoid Tanh Softplus Softsign Elu Celu Selu Shrink Max Min Mean Where And "
        "Or Not Xor Equal Less LessOrEqual Greater GreaterOrEqual IsNaN IsInf BitShift BitwiseAnd BitwiseOr "
        "BitwiseNot BitwiseXor CumSum CumProd Resize Upsample GridSample AffineGrid RotaryEmbedding"
    ),
    "pool": (
        "AveragePool MaxPool LpPool GlobalAveragePool GlobalMaxPool GlobalLpPool ReduceMean ReduceSum ReduceMax "
        "ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceSumSquare ArgMax ArgMin "
        "Hardmax Col2Im"
    ),
    "sort": "TopK",
    FOLDED: "BatchNormalization",
    FREE: (
        "Constant ConstantOfShape Identity Cast CastLike BitCast Reshape Flatten Transpose Squeeze Unsqueeze "
        "Expand Tile Concat Split Slice Gather GatherElements GatherND Scatter ScatterElements ScatterND Pad "
        "CenterCropPad Shape Size Range EyeLike OneHot Trilu SpaceToDepth DepthToSpace ReverseSequence Dropout "
        "NonZero Compress QuantizeLinear DequantizeLinear DynamicQuantizeLinear RandomNormal RandomNormalLike "
        "RandomUniform RandomUniformLike Bernoulli BlackmanWindow HammingWindow HannWindow"
    ),
}
_CONTRIB_ROWS = {
    "linear": "FusedGemm QGemm MatMulNBits",
    "matmul": "FusedMatMul MatMulIntegerToFloat DynamicQuantizeMatMul",
    "convolution": "FusedConv",
    "attention": "Attention MultiHeadAttention GroupQueryAttention",
    "softmax": "QLinearSoftmax",
    "norm": "SkipLayerNormalization SkipSimplifiedLayerNormalization",
    "gelu": "Gelu FastGelu BiasGelu QuickGelu",
    "relu": "QLinearLeakyRelu",
    "add": "QLinearAdd BiasAdd",
    "mul": "QLinearMul QLinearSigmoid RotaryEmbedding",
    "pool": "QLinearGlobalAveragePool QLinearAveragePool QLinearReduceMean",
    FREE: "QuantizeLinear DequantizeLinear QLinearConcat",
}
_OF = {name: operator for operator, names in _ROWS.items() for name in names.split()} | {
    f"{CONTRIB}.{name}": operator for operator, names in _CONTRIB_ROWS.items() for name in names.split()
}
# operator -> places of its two factors among its inputs, where they are not the first two
FACTORS = {"QLinearConv": (0, 3), "QLinearMatMul": (0, 3), f"{CONTRIB}.QGemm": (0, 3)}
# they add two values and normalise the sum
SUMS = (f"{CONTRIB}.SkipLayerNormalization", f"{CONTRIB}.SkipSimplifiedLayerNormalization")
# Those of ONNX Runtime make what a standard operator makes of the same inputs, or of those at these places; the others
# return the shape of their first input.
TWINS: dict[str, tuple[str, tuple[int, ...]]] = {
    f"{CONTRIB}.{name}": twin
    for name, twin in {
        "FusedGemm": ("Gemm", (0, 1)),
        "QGemm": ("Gemm", (0, 3)),
        "MatMulIntegerToFloat": ("MatMul", (0, 1)),
        "DynamicQuantizeMatMul": ("MatMul", (0, 1)),
        "FusedConv": ("Conv", (0, 1)),
        "QLinearAdd": ("Add", (0, 3)),
        "QLinearMul": ("Mul", (0, 3)),
        "QLinearSigmoid": ("Sigmoid", (0,)),
        "QLinearLeakyRelu": ("LeakyRelu", (0,)),
        "QLinearSoftmax": ("Softmax", (0,)),
        "QLinearGlobalAveragePool": ("GlobalAveragePool", (0,)),
        "QLinearAveragePool": ("AveragePool", (0,)),
        "QLinearReduceMean": ("ReduceMean", (0,)),
    }.items()
}


def operator_of(origin: str) -> str | None:
    """Return what an operator is here, None where it is unknown.

    >>> operator_of("MatMul"), operator_of("com.microsoft.FastGelu"), operator_of("LSTM")
    ('matmul', 'gelu', None)
    """
    return _OF.get(origin)
