"""Checkpoints exported to graphs, and compared with torch before anybody uses them."""

import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from ..errors import CheckpointError, ColorizerError
from ..hints import HintArrays
from ..models.auto import DEFAULT_CHECKPOINT, load_folder, resolve_checkpoint
from ..models.reaches import REACHES
from ..new_folders import check_is_new, written_whole
from .graph_modules import GraphModule, graph_modules
from .graphs import GraphEngine
from .manifest import Manifest, checksum
from .torch_engine import TorchEngine

OPSET = 18
LARGE = 4096  # numbers of a weight that is stored in fewer bits: matrices and kernels, no vectors


class Limits(NamedTuple):
    """How far colours may be from torch's, in chroma, ab / 110."""

    most: float
    mean: float


IN_HALF, IN_INT8 = Limits(0.03, 0.0015), Limits(0.15, 0.02)  # what weights so stored cost, and no more


def export_checkpoint(name_or_path: str | Path | None, output: str | Path, *, int8: bool = False) -> Manifest:
    """Write the graphs of a checkpoint, with their manifest.

    Weights are stored in half precision and calculated with in full. What depends on the exporting machine is left out.

    Args:
        name_or_path: A bundled checkpoint, a folder or a Hub id; None takes the bundled default.
        output: Folder; there must be nothing in it.
        int8: Store weights as integers of 8 bits instead, which halves the graphs.

    Raises:
        CheckpointError: the checkpoint cannot be had, the network cannot be exported, the folder is taken, or what was
            exported gives other colours than torch. Nothing is written then.
        ColorizerError: onnxscript is not installed.
    """
    output, name = Path(output), str(name_or_path or DEFAULT_CHECKPOINT)
    check_is_new(output)
    checkpoint = resolve_checkpoint(name)
    model = load_folder(checkpoint, name)
    modules = graph_modules(model)
    if modules is None:
        raise CheckpointError(f"a {model.config.model_type} cannot be exported; it runs in torch only")
    with written_whole(output) as folder:
        for step, module in modules.items():
            _export(module.eval(), folder / f"{step}.onnx", int8=int8)
        engine = TorchEngine(model)
        graphs = {step: checksum(folder / f"{step}.onnx") for step in modules}
        weights = checksum(checkpoint / "model.safetensors")
        Manifest(engine.traits, weights, graphs, {}).write(folder)
        off = _compare(engine, GraphEngine(folder), name, IN_INT8 if int8 else IN_HALF)
        manifest = Manifest(engine.traits, weights, graphs, off)
        manifest.write(folder)
    return manifest


def _export(module: GraphModule, path: Path, *, int8: bool) -> None:
    try:
        from .convolutions import merge_into_convolutions
        from .gauss_jordan import gauss_jordan
    except ImportError as error:
        raise ColorizerError("export needs onnx and onnxscript: pip install 'colorizer_hf[export]'") from error
    import onnx

    translations: dict[Any, Any] = {torch.ops.colorizer.solve.default: gauss_jordan}
    with _quiet():
        program: Any = torch.onnx.export(
            module,
            module.examples(),
            dynamo=True,
            external_data=False,
            opset_version=OPSET,
            input_names=list(module.inputs),
            output_names=list(module.outputs),
            dynamic_shapes=tuple(module.shapes().values()),
            custom_translation_table=translations,
            verbose=False,
            optimize=False,  # it would round merged weights, and leave out small constants that keep divisions finite
        )
    graph = program.model_proto
    merge_into_convolutions(graph.graph)
    _store_in_fewer_bits(graph, int8=int8)
    _clear(graph)
    onnx.checker.check_model(graph)
    onnx.save(graph, path)


@contextmanager
def _quiet() -> Generator[None]:
    """Without what the exporter says about its own insides."""
    import logging

    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(action="ignore"):
            yield
    finally:
        log.setLevel(level)


def _store_in_fewer_bits(model: Any, *, int8: bool) -> None:
    """Let large weights be stored as float16 or int8; a runtime makes float32 of them when it loads the graph."""
    from onnx import TensorProto, helper, numpy_helper

    back: list[Any] = []
    for weight in list(model.graph.initializer):
        if weight.data_type != TensorProto.FLOAT or np.prod(weight.dims) < LARGE:
            continue
        name, values = weight.name, numpy_helper.to_array(weight)
        if int8:
            integers, steps = _in_steps(values)
            weight.CopyFrom(numpy_helper.from_array(integers, f"{name}_int8"))
            model.graph.initializer.append(numpy_helper.from_array(steps, f"{name}_steps"))
            back.append(helper.make_node("Cast", [weight.name], [f"{name}_whole"], to=TensorProto.FLOAT))
            back.append(helper.make_node("Mul", [f"{name}_whole", f"{name}_steps"], [name]))
        else:
            weight.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{name}_half"))
            back.append(helper.make_node("Cast", [weight.name], [name], to=TensorProto.FLOAT))
    nodes = [*back, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _in_steps(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights as whole numbers of steps, int8, with a step for each of the first axis, the channels that come out."""
    largest = np.abs(values).max(axis=tuple(range(1, values.ndim)), keepdims=True)
    steps = (np.maximum(largest, np.finfo(np.float32).tiny) / 127).astype(np.float32)
    return np.round(values / steps).astype(np.int8), steps


def _clear(model: Any) -> None:
    """Take away what tells of the exporting machine: paths, stack traces, names of source files."""
    model.producer_name, model.producer_version, model.doc_string = "colorizer_hf", "", ""
    del model.metadata_props[:]
    _clear_graph(model.graph)
    for function in model.functions:
        _clear_graph(function)


def _clear_graph(graph: Any) -> None:
    graph.doc_string = ""
    del graph.metadata_props[:]
    for name in ("input", "output", "initializer", "value_info"):
        for value in getattr(graph, name, ()):
            if hasattr(value, "metadata_props"):
                value.doc_string = ""
                del value.metadata_props[:]
    for node in graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _clear_graph(attribute.g)


def _compare(torch_engine: TorchEngine, graphs: GraphEngine, name: str, limits: Limits) -> dict[str, float]:
    """How far the graphs' colours are from torch's, in ab / 110.

    Raises:
        CheckpointError: farther than the limits.
    """
    traits, worst, means = torch_engine.traits, 0.0, list[float]()
    for luminance in _pictures(traits.size_multiple):
        seen = [engine.encode(luminance) for engine in (torch_engine, graphs)]
        counts = (0, 1, 20) if traits.supports_hints else (0,)
        palettes = (None, _palette()) if traits.supports_palette else (None,)
        for count in counts:
            for palette in palettes:
                for vividness in (0.0, 0.7):
                    hints = _hints(count)
                    one, other = (
                        engine.decode(features, hints, palette, vividness=vividness).chroma
                        for engine, features in zip((torch_engine, graphs), seen, strict=True)
                    )
                    difference = np.abs(one - other)
                    if (
                        not np.isfinite(other).all()
                        or difference.max() > limits.most
                        or difference.mean() > limits.mean
                    ):
                        problem = f"the graphs of {name} give other colours than torch"
                        raise CheckpointError(
                            f"{problem}: off by {difference.max():.3g}, {difference.mean():.2g} on average"
                        )
                    worst = max(worst, float(difference.max()))
                    means.append(float(difference.mean()))
    return {"largest": round(worst, 5), "mean": round(float(np.mean(means)), 6)}


def _pictures(multiple: int) -> Iterator[np.ndarray]:
    """Luminance of several sizes, smooth and noisy, with black, white and flat areas; and an even picture."""
    random = np.random.default_rng(0)
    for height, width in ((8, 8), (6, 13)):
        h, w = height * multiple, width * multiple
        across, down = np.meshgrid(np.linspace(0, 9, w), np.linspace(0, 7, h))
        picture = 0.5 + 0.3 * np.sin(across) * np.cos(down) + random.normal(0, 0.02, (h, w))
        picture[: h // 4, : w // 3] = 0
        picture[-h // 4 :, -w // 3 :] = 1
        picture[: h // 4, -w // 3 :] = 0.6
        yield picture.clip(0, 1).astype(np.float32)[None, None]
    yield np.full((1, 1, 4 * multiple, 4 * multiple), 0.5, np.float32)


def _hints(count: int) -> HintArrays:
    """Hints of all kinds."""
    random = np.random.default_rng(count)
    return HintArrays(
        points=random.uniform(-1, 1, (count, 2)).astype(np.float32),
        chroma=random.uniform(-0.3, 0.3, (count, 2)).astype(np.float32),
        radius=np.full(count, 0.01, np.float32),
        reach=np.arange(count) % len(REACHES),
        keep=np.arange(count) % 7 == 6,
    )


def _palette() -> np.ndarray:
    return np.array([[0.3, 0.2, 0.4], [-0.2, 0.2, 0.3]], np.float32)


__all__ = ["export_checkpoint"]
