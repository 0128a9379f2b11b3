"""The exceptions a user can act on.

    ColorizerError
    ├── ImageError          a photograph cannot be read or written
    ├── CheckpointError     a checkpoint is missing, damaged or of another kind
    ├── HintError           a colour hint makes no sense
    ├── BoxError            a box around a thing makes no sense
    ├── FilmError           a film cannot be read or written
    ├── HubError            the Hugging Face Hub refuses or cannot be reached
    └── TrainingDataError   training data is missing or unusable

Each message is one sentence that says what was wrong with what, and what to do. Wrong arguments from code are
plain `ValueError` and `TypeError`.
"""


class ColorizerError(Exception):
    """Base of every error that colorizer_hf raises on purpose."""


class ImageError(ColorizerError):
    """A photograph cannot be read or written."""


class CheckpointError(ColorizerError):
    """A checkpoint is missing, damaged or of another kind."""


class HintError(ColorizerError):
    """A colour hint makes no sense."""


class BoxError(ColorizerError):
    """A box around a thing makes no sense."""


class FilmError(ColorizerError):
    """A film cannot be read or written."""


class HubError(ColorizerError):
    """The Hugging Face Hub refuses or cannot be reached."""


class TrainingDataError(ColorizerError):
    """Training data is missing or unusable."""


__all__ = [
    "BoxError",
    "CheckpointError",
    "ColorizerError",
    "FilmError",
    "HintError",
    "HubError",
    "ImageError",
    "TrainingDataError",
]
