"""The few threads in which photos are worked on.

Memory that a network has used stays with the thread that used it, and Gradio calls functions in any of forty threads:
if the networks ran there, a server under load would grow and grow.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from functools import wraps
from typing import ParamSpec, TypeVar

from ..errors import ColorizerError

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
        try:
            job = _threads.submit(lambda: context.run(function, *args, **kwargs))
        except RuntimeError as error:
            raise ColorizerError("the server ends just now; try again later") from error
        return job.result()

    return in_one_of_them


def finish() -> None:
    """Wait for what is being worked on and take nothing new: afterwards no file of a photo appears any more."""
    _threads.shutdown()


__all__ = ["AT_ONCE", "finish", "in_few_threads"]
