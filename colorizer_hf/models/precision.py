"""Weights in half precision, arithmetic in full.

Half precision halves the memory that weights take. Processors without instructions for it calculate tens of times
slower in it, and colours, equations and distributions need the digits. So every operation gets its numbers in float32,
a layer's weights only while it runs.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

P = ParamSpec("P")
T = TypeVar("T")


def in_full_precision(method: Callable[P, T]) -> Callable[P, T]:
    """Let a method of a network calculate in float32, whatever precision the network's weights are kept in.

    In training mode it raises ValueError if that is another.
    """

    @wraps(method)
    def calculate(*args: P.args, **kwargs: P.kwargs) -> T:
        network: Any = args[0]
        if network.dtype == torch.float32:
            return method(*args, **kwargs)
        if network.training:  # statistics of batch norms would be counted in copies
            problem = f"weights in {str(network.dtype).removeprefix('torch.')} are to be used, not to be trained"
            raise ValueError(f"{problem}; call eval(), or train in float32 under torch.autocast")
        with _FullPrecision(network.dtype):
            return method(*args, **kwargs)

    return calculate


class _FullPrecision(TorchFunctionMode):
    """Within it, every function of torch gets tensors of one precision as float32.

    Args:
        kept: That precision.
    """

    def __init__(self, kept: torch.dtype) -> None:
        super().__init__()
        self.kept = kept

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__name__", None) == "__get__":  # what a tensor says about itself, such as its shape
            return func(*args, **(kwargs or {}))
        return func(*self._full(args), **{name: self._full(value) for name, value in (kwargs or {}).items()})

    def _full(self, value: Any) -> Any:
        if isinstance(value, Tensor):
            return value.float() if value.dtype == self.kept else value
        if isinstance(value, tuple | list):
            return type(value)(self._full(one) for one in value)
        return value


__all__ = ["in_full_precision"]
