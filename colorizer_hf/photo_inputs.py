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

from .errors import HintError
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


def each_with_hints(photos: Iterable[Any], hints: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """Photographs with hints of their own, as dictionaries.

    Args:
        photos: Any number.
        hints: For each of them.

    Raises:
        HintError: their numbers differ; comes when the shorter ones end.
    """
    missing = object()
    for photo, own in zip_longest(photos, hints, fillvalue=missing):
        if photo is missing or own is missing:
            raise HintError(f"there are hints for {len(hints)} photographs, but not as many photographs")
        yield {"image": photo, "hints": own or []}


def source_and_hints(given: Any) -> tuple[Any, Any]:
    """A photograph in a form that `imaging.read` takes, and hints of its own or None.

    Args:
        given: The photograph, or a dictionary of `image` and, if wanted, `hints`. As an image counts as well what
            datasets give that do not decode: a dictionary of `bytes` and `path`.

    Raises:
        TypeError: a dictionary has other keys.
    """
    hints = None
    if isinstance(given, Mapping) and "image" in given and given.keys() <= {"image", "hints"}:
        given, hints = given["image"], given.get("hints")
    if isinstance(given, Mapping):
        if given.keys() != {"bytes", "path"}:
            keys = ", ".join(str(key) for key in given) or "nothing"
            raise TypeError(
                f"a photograph as a dictionary has image and may have hints, got {keys:.100}; of a dataset with other "
                "columns give one, as dataset['image'] or KeyDataset(dataset, 'image')"
            )
        given = given["path"] if given["bytes"] is None else given["bytes"]
    return given, hints


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


__all__ = ["are_for_each", "each_with_hints", "photos_of", "read_ahead", "source_and_hints"]
