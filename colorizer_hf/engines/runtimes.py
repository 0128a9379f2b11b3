"""Exported graphs as functions from named arrays to arrays, by ONNX Runtime or OpenVINO."""

import os
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Literal, get_args

import numpy as np

from ..arrays import thread_count
from ..errors import CheckpointError, ColorizerError
from ..extras import EXTRAS, command_for

Runtime = Literal["onnx", "openvino"]
RUNTIMES: tuple[Runtime, ...] = get_args(Runtime)

_LOADING = Lock()  # threads that begin together must not make two cores

Graph = Callable[[dict[str, np.ndarray]], Sequence[np.ndarray]]


def load_graph(path: Path, runtime: Runtime) -> Graph:
    """A graph that can be called with its inputs by their names, and gives its outputs in their order.

    Raises:
        CheckpointError: it is damaged.
        ColorizerError: the runtime is not installed.
    """
    load = {"onnx": _onnx_runtime, "openvino": _openvino}[runtime]
    try:
        with _LOADING:
            return load(path)
    except ImportError as error:
        package = EXTRAS[runtime][0]
        problem = f"the engine {runtime} needs {package}, which is not installed: {command_for(package)}"
        raise ColorizerError(problem) from error
    except Exception as error:  # each has errors of its own for files that are no graphs
        raise CheckpointError(f"{path} cannot be loaded by {runtime}; export the checkpoint again") from error


def _onnx_runtime(path: Path) -> Graph:
    # Else it tells its makers about this machine when it is imported, and leaves a file among the temporary ones.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = thread_count()
    # Threads that wait by spinning take the cores of others.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    session: Any = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda inputs: session.run(None, inputs)


def _openvino(path: Path) -> Graph:
    with _without("openvino_telemetry"):  # which tells a statistics service about the import
        import openvino

    # By itself it would take bfloat16 where the processor has it, and colours would differ from torch's.
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": thread_count()}
    compiled: Any = _only_one(openvino.Core).compile_model(str(path), "CPU", settings)

    idle: list[Any] = []  # a request is for one call at a time: threads that call meanwhile make more

    def run(inputs: dict[str, np.ndarray]) -> Sequence[np.ndarray]:
        try:
            request = idle.pop()
        except IndexError:
            request = compiled.create_infer_request()
        found = request.infer(inputs, share_inputs=True, share_outputs=True)
        outputs = [found[output].copy() for output in compiled.outputs]
        idle.append(request)
        return outputs

    return run


@contextmanager
def _without(package: str) -> Generator[None]:
    """What is imported inside does without a package that it need not have."""
    known = sys.modules.get(package)
    sys.modules[package] = None  # ty: ignore[invalid-assignment]
    try:
        yield
    finally:
        del sys.modules[package]
        if known is not None:
            sys.modules[package] = known


@cache
def _only_one(core: Callable[[], Any]) -> Any:
    """OpenVINO's core, one for the whole process.

    Each lays a stack for signal handlers over the one before. When several go in the order in which they came, the last
    one puts back a stack that is gone, and the next signal ends the process.
    """
    return core()


__all__ = ["RUNTIMES", "Graph", "Runtime", "load_graph"]
