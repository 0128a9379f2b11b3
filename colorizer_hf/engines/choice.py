"""Which engine runs a checkpoint."""

from pathlib import Path
from typing import Any, Literal, get_args

from ..bundled import DEFAULT_CHECKPOINT, is_hub_id
from ..errors import CheckpointError, ColorizerError
from ..extras import command_for, lacking
from .interface import Engine
from .manifest import find_graphs
from .runtimes import RUNTIMES, Runtime

EngineName = Literal["auto", "torch", "onnx", "openvino"]
ENGINES: tuple[EngineName, ...] = get_args(EngineName)


def torch_alone(**options: Any) -> list[str]:
    """Which of these options, by their names, ask for what only torch can do: all but None and the processor."""
    return [name for name, value in options.items() if value is not None and value != "cpu"]


def beside(engine: str, **options: Any) -> str:
    """The engine, where "auto" is torch if one of these options is for torch alone; see `torch_alone`."""
    return "torch" if engine == "auto" and torch_alone(**options) else engine


def graphs_for(name_or_path: str | Path | None, engine: str = "auto") -> tuple[Path, Runtime] | None:
    """The graphs of a checkpoint and what shall run them; None if torch shall run it.

    Args:
        name_or_path: See `find_graphs`.
        engine: "torch"; "onnx" or "openvino"; or "auto", which is ONNX Runtime where it is installed and the checkpoint
            has graphs, and else torch.

    Raises:
        CheckpointError: graphs are asked for, and the checkpoint has none, or cannot be had.
        ColorizerError: what shall run it is not installed.
        ValueError: there is no such engine.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine must be {', '.join(ENGINES[:-1])} or {ENGINES[-1]}, got {engine!r:.40}")
    if engine != "auto" and (package := lacking(engine)):
        raise ColorizerError(f"the engine {engine} needs {package}, which is not installed: {command_for(package)}")
    name = str(name_or_path or DEFAULT_CHECKPOINT)
    graphs = None if engine == "torch" else _find_graphs(name, engine)
    for runtime in RUNTIMES:
        if engine == runtime:
            if graphs is None:
                problem = f"{name} has no graphs of its weights for the engine {engine}"
                raise CheckpointError(f"{problem}; make them with `colorizer export {name} --output FOLDER`")
            return graphs, runtime
    if graphs is not None and not lacking("onnx"):
        return graphs, "onnx"
    if package := lacking("torch"):
        if graphs is not None:
            light = f"{command_for('onnxruntime')} colours photographs"
            raise ColorizerError(f"nothing is installed that runs networks: {light}, {command_for(package)} does all")
        problem = f"{name} has no graphs, so that it needs {package}, which is not installed"
        raise ColorizerError(f"{problem}: {command_for(package)}")
    return None


def _find_graphs(name: str, engine: str) -> Path | None:
    """The graphs; where torch can do without them, none that the Hub would have to be asked for in vain."""
    torch_can = engine == "auto" and is_hub_id(name) and not lacking("torch")
    if torch_can and lacking("onnx"):
        return None
    try:
        return find_graphs(name)
    except CheckpointError:  # such as no connection: weights may be cached where graphs are not
        if torch_can:
            return None
        raise


def load_engine(name_or_path: str | Path | None, engine: str = "auto") -> Engine:
    """What runs a checkpoint; see `graphs_for`."""
    if found := graphs_for(name_or_path, engine):
        from .graphs import GraphEngine

        return GraphEngine(*found)
    from ..models.auto import load_model
    from .torch_engine import TorchEngine

    return TorchEngine(load_model(name_or_path))


__all__ = ["ENGINES", "EngineName", "beside", "graphs_for", "load_engine", "torch_alone"]
