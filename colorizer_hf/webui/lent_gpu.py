"""Photos coloured on a GPU that the host lends for a call, in a process of its own (ZeroGPU of Hugging Face Spaces)."""

from collections.abc import Callable
from typing import Any

import gradio as gr

from ..errors import ColorizerError
from ..result import ColorizationResult
from .whole_photos import Colorize

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def on_lent_gpu(colorize: Colorize, lend_gpu: Decorator) -> Colorize:
    """Let a function run where the host lends a GPU.

    Args:
        colorize: What colorizes; its arguments and results are pickled.
        lend_gpu: The host's decorator.
    """

    @lend_gpu
    def there(*args: Any) -> ColorizationResult | ColorizerError:
        try:
            return colorize(*args)
        except ColorizerError as error:  # raised, only the name of its class would arrive
            return error

    def here(*args: Any) -> ColorizationResult:
        try:
            outcome = there(*args)
        except gr.Error as error:  # the host has no GPU to lend, and says why
            raise ColorizerError(str(error.message)) from error
        if isinstance(outcome, ColorizerError):
            raise outcome
        return outcome

    return here


__all__ = ["Decorator", "on_lent_gpu"]
