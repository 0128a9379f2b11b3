"""Which picture of a TIFF file is meant: the first page, or the full picture that a preview stands before."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .encoded import which_of

_REDUCED, _MASK = 1, 4  # bits of NewSubfileType
_SUBFILE_TYPE, _OLD_SUBFILE_TYPE, _OLD_REDUCED = 254, 255, 2
_MOST_PAGES = 32  # that are looked at; a stack of thousands has its picture first
_PREVIEW_SIDE = 320  # pixels, at most, of a preview that is not marked as one


@dataclass(frozen=True)
class _Page:
    """A page, or a part of one (SubIFD)."""

    page: Any
    is_full: bool
    is_part: bool

    @property
    def width(self) -> int:
        return self.page.imagewidth

    @property
    def height(self) -> int:
        return self.page.imagelength


def choose_page(tiff: Any, is_readable: Callable[[Any], bool]) -> tuple[Any, tuple[str, ...]]:
    """The page to read, and what is to be said of that.

    Scanners, DNG and some archives put a small preview first and the picture behind it, or in a part of the first page
    (TIFF 6 Technical Note 1, DNG 1.7): then the largest one that can be read is meant.

    Args:
        tiff: a `tifffile.TiffFile`.
        is_readable: says of a page whether its kind of pixels is read here.
    """
    count = len(tiff.pages)
    first, *others = _pages(tiff, count)
    pages = [page for page in (first, *others) if not page.is_part]
    full = sum(page.is_full for page in pages) + max(0, count - _MOST_PAGES)
    if not _is_preview(first, others) and is_readable(first.page):
        return first.page, which_of("page", full)
    readable = [page for page in (first, *others) if is_readable(page.page)]
    if not readable:
        return first.page, ()
    chosen, largest = max(readable, key=_rank), max((first, *others), key=_rank)
    if _rank(largest) > _rank(chosen):
        size, read = (f"{page.width} x {page.height}" for page in (largest, chosen))
        return chosen.page, (f"its picture of {size} pixels is of a kind that is not read; a preview of {read} was",)
    if chosen is first:
        return first.page, which_of("page", full)
    in_full = [page for page in pages if page.is_full]
    notes = which_of("page", full, in_full.index(chosen) + 1) if chosen in in_full else ()
    return chosen.page, (*notes, "the full picture was read, not the preview before it")


def _rank(page: _Page) -> tuple[bool, int]:
    """Pages in full stand before previews, and of these the largest comes first."""
    return page.is_full, page.width * page.height


def _pages(tiff: Any, count: int) -> list[_Page]:
    """The first pages, each with its parts behind it; damaged ones are left out, except the first."""
    found = [*_with_parts(tiff.pages.first)]
    for number in range(1, min(count, _MOST_PAGES)):
        with suppress(Exception):  # tifffile raises all sorts of errors on damage
            found += _with_parts(tiff.pages[number])
    return found


def _with_parts(page: Any) -> list[_Page]:
    found = [_Page(page, _is_full(page), is_part=False)]
    with suppress(Exception):
        for part in list(page.pages or ())[:_MOST_PAGES]:
            if isinstance(part.imagewidth, int) and isinstance(part.imagelength, int):
                found.append(_Page(part, _is_full(part), is_part=True))
    return found


def _is_full(page: Any) -> bool:
    """Whether nothing says that a page is a preview or a mask; a damaged tag says nothing."""
    kind = page.tags.valueof(_SUBFILE_TYPE)
    is_other = isinstance(kind, int) and kind & (_REDUCED | _MASK)
    return not is_other and page.tags.valueof(_OLD_SUBFILE_TYPE) != _OLD_REDUCED


def _is_preview(first: _Page, others: list[_Page]) -> bool:
    """Whether the first page is a preview: it says so, or a part of it is larger, or a later page is it enlarged."""
    full = [page for page in others if page.is_full]
    if not first.is_full:
        return bool(full)
    if any(page.is_part and page.width > first.width and page.height > first.height for page in full):
        return True
    return max(first.width, first.height) <= _PREVIEW_SIDE and any(_enlarges(page, first) for page in full)


def _enlarges(page: _Page, small: _Page) -> bool:
    """Whether a page has the shape of another one, rounding aside, and at least twice its sides."""
    scale = max(page.width / max(1, small.width), page.height / max(1, small.height))
    fits = abs(page.width - scale * small.width) <= scale and abs(page.height - scale * small.height) <= scale
    return scale >= 2 and fits
