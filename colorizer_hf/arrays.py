"""Arrays of numpy and tensors of torch by the same formulas; torch is not imported here.

What is written with `namespace` uses only what both libraries have under one name (as in the Python array API
standard), so that a formula exists once: for training with gradients, and for photographs where torch is not installed
or not worth its seconds of import.
"""

import os
import sys
from typing import TYPE_CHECKING, Any, TypeAlias, TypeGuard, TypeVar, cast

import numpy as np

if TYPE_CHECKING:
    from torch import Tensor

Array = TypeVar("Array", np.ndarray, "Tensor")
AnyArray: TypeAlias = Any
"""One of the two, where a type checker cannot follow which."""


def is_tensor(thing: Any) -> "TypeGuard[Tensor]":
    """Whether it is a tensor of torch; nobody can hand one over without having imported torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(thing, torch.Tensor)


def namespace(array: "np.ndarray | Tensor") -> Any:
    """The library that an array belongs to: numpy or torch."""
    return np if isinstance(array, np.ndarray) else sys.modules["torch"]


def as_float32(array: Array) -> Array:
    """The same numbers as float32; no copy where they are."""
    return cast("Array", array.astype(np.float32, copy=False) if isinstance(array, np.ndarray) else array.float())


def without_gradient(array: Array) -> Array:
    """The same numbers as constants."""
    return cast("Array", array if isinstance(array, np.ndarray) else array.detach())


def to_numpy(array: "np.ndarray | Tensor") -> np.ndarray:
    """The same numbers as a float32 array of numpy, wherever a tensor lives."""
    if isinstance(array, np.ndarray):
        return as_float32(array)
    return as_float32(without_gradient(array)).cpu().numpy()


def thread_count() -> int:
    """As many threads as torch uses where it is loaded, else as it would: OMP_NUM_THREADS, or the processor's cores."""
    count = getattr(sys.modules.get("torch"), "get_num_threads", None)
    if count is not None:
        return count()
    asked = os.environ.get("OMP_NUM_THREADS", "")
    return max(1, int(asked)) if asked.isdigit() else os.cpu_count() or 1


__all__ = ["AnyArray", "Array", "as_float32", "is_tensor", "namespace", "thread_count", "to_numpy", "without_gradient"]
