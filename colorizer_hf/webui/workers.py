"""The few threads in which photos are worked on.

Memory that a network has used stays with the thread that used it, and Gradio calls functions in any of forty threads:
if the networks ran there, a server under load would grow and grow.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

AT_ONCE = 2  # photos that are worked on at the same time
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="photos")


def in_few_threads(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function that works on a photo. It must not call another such function, or both may wait for ever."""

    @wraps(function)
    def in_one_of_them(*args: P.args, **kwargs: P.kwargs) -> R:
        # With the caller's context: a host that lends a GPU looks there for who asks.
        context = copy_context()
        return _threads.submit(lambda: context.run(function, *args, **kwargs)).result()

    return in_one_of_them


__all__ = ["AT_ONCE", "in_few_threads"]
