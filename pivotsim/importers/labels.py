"""Labels: which part of a Vision Transformer each node of a graph is, from the flow of data and the names of layers.

Names of layers tell encoders apart, the flow of data tells what a product is: what feeds queries, keys and values,
what reads the attended values, two products around an activation. What fits nothing is `conv` or `other`.
"""

import re
from typing import NamedTuple

from pivotsim.importers.attention import Attention, Blocks, attentions_of
from pivotsim.importers.flow import after, before, has_weight, is_depthwise, is_product
from pivotsim.importers.graph import PRODUCTS, Graph, Node

_ACTIVATIONS = ("gelu", "silu", "relu")
_EMBEDDING = re.compile(r"patch_?emb|stem|embeddings|patchif|tokenizer|downsample|reduction|patch_merg|conv_proj")
_ROTARY = re.compile(r"rotary|rope")
# part of a class's name, in lower case -> what all of the module is
_CLASSES = {"gelu": "gelu", "silu": "silu", "swish": "silu"}
_PLAIN = {
    "softmax": "softmax",
    "gelu": "gelu",
    "silu": "silu",
    "relu": "relu",
    "pool": "pool",
    "mul": "mul",
    "sort": "sort",
}
_OF_ROLES = {  # what a product feeds -> its label
    frozenset("qkv"): "qkv", frozenset("q"): "q", frozenset("k"): "k", frozenset("v"): "v", frozenset("kv"): "kv",
    frozenset("qk"): "qkv",
}  # fmt: skip
STEM_PRODUCTS = 4  # products ahead of the first encoder that are a stem; more are stages of convolutions


class Label(NamedTuple):
    """Encoder, from 1 (0 outside), and module."""

    encoder: int
    module: str


def labels_of(graph: Graph) -> dict[str, Label]:
    """Return the label of every node, by name; scores and values of one attention node are told by the lowering."""
    attentions = attentions_of(graph)
    blocks = Blocks(graph, attentions)
    modules: dict[str, str] = {}
    for attention in attentions:
        _label_attention(graph, blocks, attention, modules)
    for block in (*blocks.number, ""):
        _label_mlp(graph, blocks, block, modules)
    _label_norms_and_sums(graph, blocks, modules)
    _label_outside(graph, blocks, modules)
    return {
        node.name: Label(blocks.encoder(node), modules.get(node.name) or _default(graph, node)) for node in graph.nodes
    }


def _default(graph: Graph, node: Node) -> str:
    if node.operator == "experts":
        return "expert"
    if node.operator in PRODUCTS and _ROTARY.search(node.layer):
        return "rope"
    return "conv" if node.operator == "convolution" else _PLAIN.get(node.operator, "other")


def class_kind(node: Node) -> str:
    """Return what a module is by its class alone, '' where that says nothing."""
    return next((kind for part, kind in _CLASSES.items() if part in node.module_class.lower()), "")


def _label_attention(graph: Graph, blocks: Blocks, attention: Attention, modules: dict[str, str]) -> None:
    inside = blocks.same(attention.scores)
    modules[attention.scores.name] = "qkt"
    modules[attention.weighted.name] = "sv"
    for name in attention.between:
        node = graph.by_name[name]
        modules[name] = "softmax" if node.operator == "softmax" else "other" if node.operator in PRODUCTS else "qkt"
    roles: dict[str, set[str]] = {}
    for role, value in zip("qkv", (attention.query, attention.key, attention.value), strict=True):
        found = before(graph, value, inside)
        for product in found.products:
            roles.setdefault(product.name, set()).add(role)
        turned = any(
            node.origin.split(".")[1:2] in (["neg"], ["view_as_complex"]) or node.origin == "Neg"
            for node in found.between
        )
        for node in found.between:
            if node.operator in ("add", "mul") and turned and role != "v":
                modules.setdefault(node.name, "rope")
    for name, fed in roles.items():
        if has_weight(graph, graph.by_name[name]):
            modules.setdefault(name, _OF_ROLES.get(frozenset(fed), "other"))
    readers = [node for node in after(graph, attention.weighted.name, inside).products if has_weight(graph, node)]
    for node in readers[:1]:
        modules.setdefault(node.name, "proj")


def _label_mlp(graph: Graph, blocks: Blocks, block: str, modules: dict[str, str]) -> None:
    """Label pairs of products around an activation that return to the width where they started."""
    nodes = [node for node in graph.nodes if blocks.of_node[node.name] == block]
    free = [n for n in nodes if has_weight(graph, n) and is_product(n) and n.name not in modules]
    free = [n for n in free if n.operator != "experts"]
    free = free if block else [n for n in free if n.operator == "linear"]  # a bottleneck of convolutions is no MLP
    for last in free:
        found = before(graph, last.inputs[0], blocks.same(last))
        first = [node for node in found.products if node in free and node is not last]
        active = any(node.operator in _ACTIVATIONS or class_kind(node) for node in found.between)
        if not active or not 1 <= len(first) <= 2 or last.name in modules or not _returns(graph, first[0], last):
            continue
        modules[last.name] = "fc2"
        if len(first) == 1:
            modules[first[0].name] = "fc1"
            continue
        for node in first:
            direct = _first_work(graph, node)
            modules[node.name] = "gate" if direct is not None and direct.operator in _ACTIVATIONS else "value"


def _returns(graph: Graph, first: Node, last: Node) -> bool:
    """Whether as many elements leave as entered; convolutions of one position weigh channels, and are no MLP."""
    entered, left = graph.values[first.inputs[0]].size, graph.values[last.name].size
    return entered == left and (first.operator != "convolution" or _is_spatial(graph, first))


def _first_work(graph: Graph, node: Node) -> Node | None:
    """Return the first node behind a product that computes anything."""
    name = node.name
    for _ in range(20):
        readers = graph.readers.get(name, [])
        if not readers:
            return None
        if readers[0].operator != "free":
            return readers[0]
        name = readers[0].name
    return None


def _label_norms_and_sums(graph: Graph, blocks: Blocks, modules: dict[str, str]) -> None:
    norms: dict[str, int] = {}
    for node in graph.nodes:
        block = blocks.of_node[node.name]
        if not block or graph.values[node.name].is_constant:
            continue
        if is_norm(node):
            if {modules.get(n.name, "") for n in _direct(graph, blocks, node, _entering(graph, node))} - {
                "proj",
                "fc2",
            }:
                continue  # it lies between two products: of queries and keys, of a hidden layer
            if node.layer not in norms:
                norms[node.layer] = sum(1 for layer in norms if blocks_of(layer, block)) + 1
            following = {modules.get(n.name, "") for n in after(graph, node.name, blocks.same(node)).products}
            feeds_mlp, feeds_attention = following & {"fc1", "gate", "value"}, following & {"qkv", "q", "k", "v", "kv"}
            first = feeds_attention or (not feeds_mlp and norms[node.layer] == 1)
            modules.setdefault(node.name, "norm1" if first else "norm2")
        elif node.operator == "add" and len(graph.moving(node)) == 2 and node.name not in modules:
            near = {modules.get(n.name, "") for value in node.inputs for n in _direct(graph, blocks, node, value)}
            if near & {"fc2", "proj"}:
                modules[node.name] = "residual2" if "fc2" in near else "residual1"


def blocks_of(layer: str, block: str) -> bool:
    """Whether a layer lies in a block."""
    return layer == block or layer.startswith(block + ".")


def is_norm(node: Node) -> bool:
    """Whether a node normalises: by its operator, or as a part of a module whose class says so."""
    return node.operator == "norm" or (
        node.operator in ("add", "mul", "pool") and "Norm" in node.module_class and "Batch" not in node.module_class
    )


def _entering(graph: Graph, node: Node) -> str:
    """Return the value that enters the module of a node."""
    value = node.inputs[0]
    while (made := graph.by_name.get(value)) is not None and node.layer and made.layer == node.layer and made.inputs:
        value = made.inputs[0]
    return value


def _direct(graph: Graph, blocks: Blocks, node: Node, value: str) -> list[Node]:
    """Return the product of a node's block that a value is, past what moves or scales it and no sum of two."""
    same = blocks.same(node)
    return before(graph, value, lambda n: same(n) and not (n.operator == "add" and len(graph.moving(n)) == 2)).products


def _label_outside(graph: Graph, blocks: Blocks, modules: dict[str, str]) -> None:
    """Label what lies in no encoder: what embeds before and between them, and the head behind the last one."""
    places = [place for place, node in enumerate(graph.nodes) if blocks.of_node[node.name]]
    weighted = [p for p, n in enumerate(graph.nodes) if has_weight(graph, n) and is_product(n)]
    first, last = (places[0], places[-1]) if places else (-1, (weighted or [0])[-1] - 1)
    is_stem = sum(1 for place in weighted if place < first) <= STEM_PRODUCTS
    for place, node in enumerate(graph.nodes):
        if blocks.of_node[node.name] or node.name in modules:
            continue
        if not (node.operator in PRODUCTS or is_norm(node) or node.operator == "add"):
            continue
        embeds = bool(_EMBEDDING.search(node.layer.lower())) and bool(places)
        if place > last and not _is_spatial(graph, node):
            modules[node.name] = "head"
        elif place < last and (embeds or (place < first and is_stem and not is_depthwise(node))):
            modules[node.name] = "patch_embed"


def _is_spatial(graph: Graph, node: Node) -> bool:
    """Whether a node is a convolution of more than one position."""
    return node.operator == "convolution" and max(graph.shape(node.name)[2:], default=1) > 1
