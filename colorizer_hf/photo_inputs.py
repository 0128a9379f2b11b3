"""What callers hand over: photographs, one or many, with or without hints, and whether a network takes those."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import zip_longest
from typing import Any, NamedTuple, TypeGuard, TypeVar

import numpy as np
from PIL import Image

from .arrays import is_tensor
from .errors import ColorizerError, HintError, ImageError
from .hints import Hint, Hints, collect_hints
from .imaging import Photo, read
from .imaging.levels import Levels
from .imaging.names import is_address, shown
from .palette import Palette
from .traits import Traits

Given = TypeVar("Given")
Made = TypeVar("Made")


class SeenPhoto(NamedTuple):
    """A photograph that a network has seen and that may be edited.

    Attributes:
        photo: What was read.
        features: What the network's `encode` gave.
        notes: On what went into it.
    """

    photo: Photo
    features: Any
    notes: tuple[str, ...] = ()


FAR_REACHING = "this network carries hints as far as it likes, whatever their reach"

_ONE_PHOTO = (str, os.PathLike, bytes, bytearray, memoryview, Mapping, np.ndarray, Image.Image, Photo)


def photos_of(given: Any) -> list[Any] | Iterator[Any] | None:
    """The photographs of a list or tuple as a list, those of a dataset, a column or an iterable as an iterator.

    None if it is no collection: then it should be one photograph.
    """
    if isinstance(given, list | tuple):
        return list(given)
    if isinstance(given, _ONE_PHOTO) or is_tensor(given) or hasattr(given, "read"):
        return None
    if isinstance(given, Iterable):
        return iter(given)
    if hasattr(given, "__getitem__") and hasattr(given, "__len__"):  # a dataset of torch or for it
        return (given[index] for index in range(len(given)))
    return None


def are_for_each(hints: Any) -> TypeGuard[Sequence[Any]]:
    """Whether these are hints of several photographs: a list of lists, with None where there are no hints."""
    is_list = isinstance(hints, list | tuple) and len(hints) > 0
    return is_list and all(one is None or isinstance(one, list | tuple) for one in hints)


def each_with(
    photos: Iterable[Any], name: str, own: Sequence[Any], error: type[ColorizerError]
) -> Iterator[dict[str, Any]]:
    """Photographs with hints or boxes of their own, as dictionaries.

    Args:
        photos: Any number.
        name: "hints" or "boxes".
        own: For each of them; None where there are none.
        error: What is raised if their numbers differ; comes when the shorter ones end.
    """
    missing = object()
    for photo, value in zip_longest(photos, own, fillvalue=missing):
        if photo is missing or value is missing:
            raise error(f"there are {name} for {len(own)} photographs, but not as many photographs")
        given = photo if _has_image(photo) else {"image": photo}
        yield {**given, name: value}


def source_and_own(given: Any) -> tuple[Any, Any, Any]:
    """A photograph in a form that `imaging.read` takes, and hints and boxes of its own, None where there are none.

    Args:
        given: The photograph, or a dictionary of `image` and, if wanted, `hints` and `boxes`. As an image counts as
            well what datasets give that do not decode: a dictionary of `bytes` and `path`.

    Raises:
        TypeError: a dictionary has other keys.
    """
    hints = boxes = None
    if _has_image(given):
        given, hints, boxes = given["image"], given.get("hints"), given.get("boxes")
    if isinstance(given, Mapping):
        if given.keys() != {"bytes", "path"}:
            keys = ", ".join(str(key) for key in given) or "nothing"
            raise TypeError(
                f"a photograph as a dictionary has image and may have hints and boxes, got {keys:.100}; of a dataset "
                "with other columns give one, as dataset['image'] or KeyDataset(dataset, 'image')"
            )
        given = given["path"] if given["bytes"] is None else given["bytes"]
    return given, hints, boxes


def read_photo(source: Any, *, levels: Levels = "auto", band: int | None = None, allow_urls: bool = False) -> Photo:
    """A photograph in any form that `imaging.read` takes, one that is read already, or an address.

    Raises:
        ImageError: it cannot be read, or is an address and these are not allowed.
    """
    if is_address(source):
        if not allow_urls:
            raise ImageError(f"{shown(source)}: it is an address; download the picture, or pass allow_urls=True")
        from .imaging.addresses import fetch

        source = fetch(source)
    return source if isinstance(source, Photo) else read(source, levels=levels, band=band)


def hints_for(network: Traits, hints: Hints, photo: Photo) -> tuple[list[Hint], tuple[str, ...]]:
    """A caller's hints for a photo as the network takes them, and notes.

    Raises:
        HintError: one makes no sense, or the network takes none.
    """
    found = collect_hints(hints, photo.size)
    if found and not network.supports_hints:
        raise HintError(f"{network.model_type} takes no hints; leave them out or take another model")
    if network.limits_reach or all(hint.reach == "alike" for hint in found):
        return found, ()
    return [replace(hint, reach="alike") for hint in found], (FAR_REACHING,)


def check_palette(network: Traits, palette: Any) -> None:
    """Do nothing if there is no palette, or the network takes it.

    Raises:
        ColorizerError: it takes none.
        TypeError: it is none.
    """
    if palette is not None and not isinstance(palette, Palette):
        raise TypeError(f"palette must be a Palette, as Palette.of_colors gives it, got {type(palette).__name__}")
    if palette is not None and not network.supports_palette:
        raise ColorizerError(f"{network.model_type} takes no palette; leave it out or take another model")


def check_contrast(network: Traits, contrast: tuple[float, float]) -> None:
    """Do nothing if the network takes the contrast.

    Raises:
        ColorizerError: its photos are not near-infrared frames.
        ValueError: it is no two luminances.
    """
    if network.modality == "gray":
        raise ColorizerError(f"{network.model_type} takes no contrast; near-infrared frames have one")
    low, high = contrast
    if not 0 <= low < high <= 1:
        raise ValueError(f"contrast must be two luminances in 0..1, the darker one first, got {contrast!r}")


def _has_image(given: Any) -> TypeGuard[Mapping[str, Any]]:
    return isinstance(given, Mapping) and "image" in given and given.keys() <= {"image", "hints", "boxes"}


def read_ahead(function: Callable[[Given], Made], items: Iterable[Given], workers: int) -> Iterator[Made]:
    """What a function makes of each item, in their order, made by threads that run ahead.

    Args:
        function: May run in several threads.
        items: Taken one after another, in the caller's thread.
        workers: Threads, and items that are taken before they are asked for; 0 does without.
    """
    if workers == 0:
        yield from map(function, items)
        return
    with ThreadPoolExecutor(workers) as pool:
        coming: deque[Any] = deque()
        try:
            for item in items:
                coming.append(pool.submit(function, item))
                if len(coming) > workers:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()
        finally:
            for future in coming:
                future.cancel()


__all__ = [
    "FAR_REACHING",
    "SeenPhoto",
    "are_for_each",
    "check_contrast",
    "check_palette",
    "each_with",
    "hints_for",
    "photos_of",
    "read_ahead",
    "read_photo",
    "source_and_own",
]
