"""The forms in which callers hand photographs over: one or many, alone or with hints of their own."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import zip_longest
from typing import Any, TypeGuard, TypeVar

import numpy as np
from PIL import Image
from torch import Tensor

from .errors import ColorizerError
from .imaging import Photo

Given = TypeVar("Given")
Made = TypeVar("Made")

_ONE_PHOTO = (str, os.PathLike, bytes, bytearray, memoryview, Mapping, np.ndarray, Image.Image, Photo, Tensor)


def photos_of(given: Any) -> list[Any] | Iterator[Any] | None:
    """The photographs of a list or tuple as a list, those of a dataset, a column or an iterable as an iterator.

    None if it is no collection: then it should be one photograph.
    """
    if isinstance(given, list | tuple):
        return list(given)
    if isinstance(given, _ONE_PHOTO) or hasattr(given, "read"):
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


__all__ = ["are_for_each", "each_with", "photos_of", "read_ahead", "source_and_own"]
