"""How far a hint carries: to everything that looks alike, over the thing it lies on, or within its own disc."""

from typing import Literal, get_args

Reach = Literal["alike", "object", "spot"]
REACHES: tuple[Reach, ...] = get_args(Reach)

__all__ = ["REACHES", "Reach"]
