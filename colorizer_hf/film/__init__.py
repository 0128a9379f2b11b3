"""Film: colour for moving pictures, frame by frame, steadied along what moves."""

from .colorizing import FilmOptions, colorize_film
from .key_frames import KeyFrame

__all__ = ["FilmOptions", "KeyFrame", "colorize_film"]
