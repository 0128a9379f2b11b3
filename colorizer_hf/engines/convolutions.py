"""What stands before and after the convolutions of a graph merged into them: paddings and batch norms."""

from collections import Counter
from typing import Any

import numpy as np
from onnx import NodeProto, helper, numpy_helper


def merge_into_convolutions(graph: Any) -> None:
    """Let convolutions do the work of the batch norms after them and of the paddings before them.

    Args:
        graph: As `torch.onnx.export` makes it: a convolution without bias has zeros that are calculated.
    """
    _merge_batch_norms(graph)
    _merge_paddings(graph)
    _drop_unread(graph)


def _merge_batch_norms(graph: Any) -> None:
    """Those that are the only reader of a convolution, without another rounding of its weights.

    Runtimes do not merge it themselves where weights stand behind a cast. Merged weights would lose digits in half
    precision; so the norm's scale stands beside them, and a runtime multiplies both when it loads the graph.
    """
    constants = {one.name: one for one in graph.initializer}
    makers = {output: node for node in graph.node for output in node.output}
    readers = Counter(name for node in graph.node for name in node.input)
    nodes: list[NodeProto] = []
    for node in graph.node:
        conv = makers.get(node.input[0]) if node.op_type == "BatchNormalization" else None
        if conv is None or conv.op_type != "Conv" or readers[node.input[0]] > 1:
            nodes.append(node)
            continue
        scale, shift = _scale_and_shift(node, constants)
        weight, *biases = conv.input[1:]
        shift = shift + scale * sum(numpy_helper.to_array(constants[name]) for name in biases if name in constants)
        added = {f"{weight}.scale": scale.reshape(-1, 1, 1, 1), f"{weight}.shift": shift}
        graph.initializer.extend(
            numpy_helper.from_array(value.astype(np.float32), name) for name, value in added.items()
        )
        scaled = helper.make_node("Mul", [weight, f"{weight}.scale"], [f"{weight}.scaled"])
        del conv.input[1:]
        conv.input.extend([f"{weight}.scaled", f"{weight}.shift"])
        conv.output[0] = node.output[0]
        nodes.insert(nodes.index(conv), scaled)
    del graph.node[:]
    graph.node.extend(nodes)


def _merge_paddings(graph: Any) -> None:
    """Those with zeros by known numbers; runtimes keep maps in an order of their own among convolutions only."""
    makers = {output: node for node in graph.node for output in node.output}
    for conv in graph.node:
        pad = makers.get(conv.input[0]) if conv.op_type == "Conv" else None
        if pad is None or pad.op_type != "Pad" or len(pad.input) != 2 or makers[pad.input[1]].op_type != "Constant":
            continue
        sides = numpy_helper.to_array(makers[pad.input[1]].attribute[0].t)
        sides = sides.reshape(2, 4)  # before and behind, of B, C, h, w
        own = next(attribute for attribute in conv.attribute if attribute.name == "pads")
        if not sides[:, :2].any() and not any(own.ints):
            own.ints[:] = sides[:, 2:].ravel().tolist()
            conv.input[0] = pad.input[0]


def _scale_and_shift(norm: Any, constants: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Of each channel, float64."""
    gamma, beta, mean, variance = (numpy_helper.to_array(constants[name]).astype(np.float64) for name in norm.input[1:])
    epsilon = next(attribute.f for attribute in norm.attribute if attribute.name == "epsilon")
    scale = gamma / np.sqrt(variance + epsilon)
    return scale, beta - mean * scale


def _drop_unread(graph: Any) -> None:
    """Take away nodes and constants that nothing reads any more."""
    read = {output.name for output in graph.output}
    nodes: list[NodeProto] = []
    for node in reversed(graph.node):
        if read & set(node.output):
            nodes.insert(0, node)
            read.update(node.input)
            read.update(name for one in node.attribute for inner in one.g.node for name in inner.input)
    del graph.node[:]
    graph.node.extend(nodes)
    kept = [one for one in graph.initializer if one.name in read]
    del graph.initializer[:]
    graph.initializer.extend(kept)


__all__ = ["merge_into_convolutions"]
