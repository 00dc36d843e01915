"""Checkpoints written byte by byte, and the weights of a plan by the names of libraries."""

import json

import numpy as np

TYPES = {
    "float32": "F32",
    "float64": "F64",
    "float16": "F16",
    "int8": "I8",
    "uint8": "U8",
    "bool": "BOOL",
    "int64": "I64",
}
TIMM = {"qkv": "attn.qkv", "q": "attn.q_proj", "k": "attn.k_proj", "v": "attn.v_proj", "proj": "attn.proj",
        "fc1": "mlp.fc1", "gate": "mlp.fc1_g", "value": "mlp.fc1_x", "fc2": "mlp.fc2"}  # fmt: skip
TRANSFORMERS = {"q": "attention.attention.query", "k": "attention.attention.key", "v": "attention.attention.value",
                "proj": "attention.output.dense", "fc1": "intermediate.dense", "fc2": "output.dense"}  # fmt: skip


def packed(header, data=b""):
    """The bytes of a file of safetensors with this header, a text or what JSON makes one of."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


def write_safetensors(path, arrays):
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, array in arrays.items():
        raw = np.ascontiguousarray(array).tobytes()
        offsets = [len(data), len(data) + len(raw)]
        header[name] = {"dtype": TYPES[str(array.dtype)], "shape": list(array.shape), "data_offsets": offsets}
        data += raw
    path.write_bytes(packed(header, data))
    return path


def weights_of(plan, names=TIMM, stem="blocks.{}.", seed=0):
    """Weights of a plan's encoders, zero where its masks say so: outputs by inputs, as linear layers keep them."""
    rng, found = np.random.default_rng(seed), {}
    for e in plan.encoders:
        for label, size in plan.weight_sizes(e).items():
            weight = rng.uniform(0.5, 1.0, size).astype(np.float32)
            if label in e.weight_masks:
                weight *= e.weight_masks[label].elements()
            found[f"{stem.format(e.encoder - 1)}{names[label]}.weight"] = weight.T.copy()
    return found
