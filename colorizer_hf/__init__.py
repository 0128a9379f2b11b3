"""Colour for photographs that have none: gray scans, black-and-white prints, near-infrared frames.

The public names are imported when they are first used, so `import colorizer_hf` costs next to nothing.
"""

import importlib
from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .boxes import Box
    from .colorize_batch import ColorizeBatch
    from .colorizer import Colorizer
    from .diffusion_pipeline import ColorizationDiffusionPipeline
    from .errors import (
        BoxError,
        CheckpointError,
        ColorizerError,
        FilmError,
        HintError,
        HubError,
        ImageError,
        TrainingDataError,
    )
    from .hints import Hint
    from .imaging import Photo
    from .models.auto import load_model
    from .models.box_batch import BoxBatch
    from .models.hint_batch import HintBatch
    from .palette import Palette
    from .pipeline import ColorizationPipeline
    from .result import ColorizationResult
    from .session import EditSession

_MODULE_OF = {
    "Box": "boxes",
    "BoxBatch": "models.box_batch",
    "BoxError": "errors",
    "CheckpointError": "errors",
    "ColorizeBatch": "colorize_batch",
    "Colorizer": "colorizer",
    "ColorizationDiffusionPipeline": "diffusion_pipeline",
    "ColorizationPipeline": "pipeline",
    "ColorizationResult": "result",
    "ColorizerError": "errors",
    "EditSession": "session",
    "FilmError": "errors",
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
    try:
        value = getattr(importlib.import_module(f".{_MODULE_OF[name]}", __name__), name)
    except ModuleNotFoundError as error:
        from .extras import EXTRAS, command_for

        package = (error.name or "").partition(".")[0]
        if not any(package in packages for packages in EXTRAS.values()):
            raise
        problem = f"{name} needs {package}, which is not installed: {command_for(package)}"
        raise ImportError(f"{problem}; Colorizer does without torch, see docs/engines.md", name=package) from error
    globals()[name] = value  # the next use does not come here again
    return value


def __dir__() -> list[str]:
    return __all__


__all__ = [
    "Box",
    "BoxBatch",
    "BoxError",
    "CheckpointError",
    "ColorizationDiffusionPipeline",
    "ColorizationPipeline",
    "ColorizationResult",
    "ColorizeBatch",
    "Colorizer",
    "ColorizerError",
    "EditSession",
    "FilmError",
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
