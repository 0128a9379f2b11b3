"""Colour for photographs that have none: gray scans, black-and-white prints, near-infrared frames.

The public names are imported when they are first used, so `import colorizer_hf` costs next to nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .boxes import Box
    from .errors import BoxError, CheckpointError, ColorizerError, HintError, HubError, ImageError, TrainingDataError
    from .hints import Hint
    from .imaging import Photo
    from .models.auto import load_model
    from .models.box_batch import BoxBatch
    from .models.hint_batch import HintBatch
    from .palette import Palette
    from .pipeline import ColorizationPipeline, ColorizationResult
    from .session import EditSession

_MODULE_OF = {
    "Box": "boxes",
    "BoxBatch": "models.box_batch",
    "BoxError": "errors",
    "CheckpointError": "errors",
    "ColorizationPipeline": "pipeline",
    "ColorizationResult": "pipeline",
    "ColorizerError": "errors",
    "EditSession": "session",
    "Hint": "hints",
    "HintBatch": "models.hint_batch",
    "HintError": "errors",
    "HubError": "errors",
    "ImageError": "errors",
    "Palette": "palette",
    "Photo": "imaging",
    "TrainingDataError": "errors",
    "load_model": "models.auto",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_MODULE_OF[name]}", __name__), name)
    globals()[name] = value  # the next use does not come here again
    return value


def __dir__() -> list[str]:
    return __all__


__all__ = [
    "Box",
    "BoxBatch",
    "BoxError",
    "CheckpointError",
    "ColorizationPipeline",
    "ColorizationResult",
    "ColorizerError",
    "EditSession",
    "Hint",
    "HintBatch",
    "HintError",
    "HubError",
    "ImageError",
    "Palette",
    "Photo",
    "TrainingDataError",
    "__version__",
    "load_model",
]
