"""The modules of webui/tab/ in Node, for tests that compare them with what they are in Python."""

import base64
import json
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tests.webui.servers import ROOT

TAB = ROOT / "colorizer_hf" / "webui" / "tab"
CALCULATED = (
    *("alternatives", "cells", "color", "discriminant", "errors", "geodesic", "hints", "limits", "network", "numbers"),
    *("own_colors", "palette", "photo", "rendering", "resampling", "result", "session", "shrinking", "suggestions"),
    *("upsampling", "views"),
)
"""The modules that need neither a page nor a Worker."""

_TYPES = {
    np.dtype(np.uint8): "Uint8Array",
    np.dtype(np.int32): "Int32Array",
    np.dtype(np.uint32): "Uint32Array",
    np.dtype(np.float32): "Float32Array",
    np.dtype(np.float64): "Float64Array",
}
_DTYPES = {name: dtype for dtype, name in _TYPES.items()} | {"Uint8ClampedArray": np.dtype(np.uint8)}


class Calculator:
    """Evaluates expressions of JavaScript that may use all that the modules export.

    Args:
        process: Node with calculator.mjs.
    """

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def __call__(self, script: str, **values: Any) -> Any:
        """What an expression gives; its typed arrays as flat arrays of numpy.

        Args:
            script: See calculator.mjs.
            values: That it may use by name; arrays of numpy arrive as flat typed arrays.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"script": script, "values": values}, default=_packed) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline(), object_hook=_unpacked)
        if "error" in answer:
            raise JavaScriptError(answer["message"] + "\n" + answer["error"])
        return answer["result"]


class JavaScriptError(Exception):
    """What an expression threw."""


@contextmanager
def calculator(node: str, npm: Path) -> Generator[Calculator]:
    """A process of Node.

    Args:
        node: Its path.
        npm: Folder into which npm has installed onnxruntime-web.
    """
    command = [node, str(Path(__file__).with_name("calculator.mjs")), str(TAB), str(npm), *CALCULATED]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Calculator(process)
        finally:
            process.kill()


def find_node() -> str | None:
    """Path of Node, if it is installed."""
    return shutil.which("node")


def find_npm() -> Path | None:
    """Folder into which npm has installed what package.json names, if it has."""
    folder = ROOT / ".venv" / "npm"
    return folder if (folder / "node_modules").is_dir() else None


def _packed(array: Any) -> dict[str, str]:
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{type(array).__name__} cannot be sent to JavaScript")
    return {"type": _TYPES[array.dtype], "bytes": base64.b64encode(array.tobytes()).decode()}


def _unpacked(value: dict[str, Any]) -> Any:
    if value.keys() == {"type", "bytes"}:
        return np.frombuffer(base64.b64decode(value["bytes"]), _DTYPES[value["type"]])
    return value


__all__ = ["CALCULATED", "TAB", "Calculator", "JavaScriptError", "calculator", "find_node", "find_npm"]
