"""What the server keeps for every open browser tab: a folder of its own, the photo in it, and its editing sessions.

The folder's name cannot be guessed, so no tab sees another's pictures, and it is removed with the tab. Editing sessions
are heavy: only the most recently used tabs keep theirs, those of the others are made again when they are needed.
"""

import secrets
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ImageError
from ..imaging import Photo
from ..loading import AnyColorizer
from ..session import EditSession
from .files import read_upload, take_upload

MAX_PIXELS_IN_MEMORY = 400_000_000  # of the photos of all tabs together
MAX_TABS_IN_MEMORY = 24
MAX_TABS = 1000  # with files on the disk
_OWN_COLORS = 800  # pixels of the longer side: colours are seen less sharply than brightness
_KEPT_FILES = 2  # of each kind: the page may still be fetching the last but one


Boxes = tuple[tuple[float, float, float, float], ...]


class LostPhotoError(Exception):
    """The tab's photo is not here (any more)."""


@dataclass
class Workspace:
    """One browser tab.

    Attributes:
        folder: Of this tab alone; what lies in it can be fetched by whoever knows its name.
        photo_path: The photo's file under the person's own name for it; None while there is none.
        source: How the page calls this photo.
        closed: Whether the tab, or the photo in it, was closed: no work on it is of use any more.
        lock: Held while one of the tab's events is worked on.
        qualities: Of WebP, at which pictures of the photo are small enough, by their kind and shape.
    """

    folder: Path
    photo_path: Path | None = None
    source: Mapping[str, Any] | None = None
    closed: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)
    qualities: dict[tuple[str, tuple[int, ...]], int] = field(default_factory=dict)
    _photo: Photo | None = None
    _sessions: dict[str, tuple[Boxes, EditSession]] = field(default_factory=dict)
    _folders: dict[str, list[Path]] = field(default_factory=dict)
    _made: dict[str, tuple[Hashable, str]] = field(default_factory=dict)

    def open(self, path: Path, *, name: str | None = None, keep: bool = False) -> Photo:
        """Take a photo's file into the folder, in the place of the photo before; if it cannot be read, that one stays.

        Args:
            path: Where it is.
            name: What the person calls it; None means as it is called.
            keep: Copy it; otherwise it is moved, and the folder around it removed.

        Raises:
            ImageError: it cannot be read.
        """
        moved = self.folder / f"photo-{secrets.token_hex(4)}" / (name or path.name)
        moved.parent.mkdir(parents=True)
        if keep:
            shutil.copy(path, moved)
        else:
            take_upload(path, moved)
        try:
            photo = read_upload(moved, own_colors=_OWN_COLORS)
        except ImageError:
            shutil.rmtree(moved.parent)
            raise
        if self.photo_path is not None:
            shutil.rmtree(self.photo_path.parent, ignore_errors=True)
        self.forget()
        self._made.clear()
        self.qualities.clear()
        self.photo_path, self._photo = moved, photo
        return photo

    @property
    def photo(self) -> Photo:
        """The photo of this tab, read again if it was put out of memory.

        Raises:
            LostPhotoError: there is none.
            ImageError: it cannot be read.
        """
        if self._photo is None:
            if self.photo_path is None or not self.photo_path.is_file():
                raise LostPhotoError
            self._photo = read_upload(self.photo_path, own_colors=_OWN_COLORS)
        return self._photo

    @property
    def photo_name(self) -> str:
        """What the person calls the photo's file."""
        return self.photo_path.name if self.photo_path else ""

    def session(self, model: str, pipeline: AnyColorizer, boxes: Boxes = ()) -> EditSession:
        """The editing session of this tab's photo with one model.

        Args:
            model: Its name.
            pipeline: Its pipeline.
            boxes: Around things, in shares of the photo's width and height; with others the model begins anew.

        Raises:
            BoxError: one of them makes no sense.
        """
        if model not in self._sessions or self._sessions[model][0] != boxes:
            sides = self.photo.size * 2
            pixels = [[share * side for share, side in zip(box, sides, strict=True)] for box in boxes]
            self._sessions[model] = boxes, EditSession(pipeline, self.photo, boxes=pixels or None)
        return self._sessions[model][1]

    def new_folder(self, kind: str) -> Path:
        """A new folder for files of some kind: what a browser has cached is never changed. Only the newest stay."""
        folders = self._folders.setdefault(kind, [])
        folders.append(self.folder / f"{kind}-{secrets.token_hex(4)}")
        folders[-1].mkdir(parents=True)
        while len(folders) > _KEPT_FILES:
            shutil.rmtree(folders.pop(0), ignore_errors=True)
        return folders[-1]

    def once(self, kind: str, of: Hashable, make: Callable[[], str]) -> str:
        """What `make` made last for this kind, if it was of the same; else it is made now."""
        if self._made.get(kind, (None, ""))[0] != of:
            self._made[kind] = (of, make())
        return self._made[kind][1]

    def close(self) -> None:
        """Forget the photo and remove everything that was made of it; this workspace is of no more use."""
        self.forget()
        self.closed = True
        self.photo_path = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def forget(self) -> None:
        """Put what can be made again out of memory."""
        self._photo = None
        self._sessions.clear()

    @property
    def pixels_in_memory(self) -> int:
        """Of the photo, 0 when it is only on the disk."""
        return 0 if self._photo is None else self._photo.luminance.size


class Workspaces:
    """The workspaces of all open tabs.

    Args:
        root: Where their folders are made; the web server must be allowed to serve it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._by_tab: OrderedDict[str, Workspace] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, tab: str) -> Workspace:
        """The workspace of a tab; a new tab gets an empty one."""
        with self._lock:
            if tab not in self._by_tab:
                self._by_tab[tab] = Workspace(self.root / secrets.token_urlsafe(24))
            self._by_tab.move_to_end(tab)
            workspace = self._by_tab[tab]
            oldest = next(iter(self._by_tab)) if len(self._by_tab) > MAX_TABS else None
        if oldest is not None:
            self.close(oldest)
        return workspace

    def close(self, tab: str) -> None:
        """The tab is gone: remove its workspace with its files."""
        with self._lock:
            workspace = self._by_tab.pop(tab, None)
        if workspace is not None:
            with workspace.lock:
                workspace.close()

    def bound_memory(self) -> None:
        """Let the tabs that were used least recently forget their photos until the rest fits; the last used keeps."""
        with self._lock:
            others = list(self._by_tab.values())
        kept = pixels = 0
        for workspace in reversed(others):
            if not workspace.pixels_in_memory:
                continue
            kept, pixels = kept + 1, pixels + workspace.pixels_in_memory
            too_much = kept > MAX_TABS_IN_MEMORY or pixels > MAX_PIXELS_IN_MEMORY
            if kept > 1 and too_much and workspace.lock.acquire(blocking=False):  # else it is at work just now
                try:
                    workspace.forget()
                finally:
                    workspace.lock.release()


__all__ = ["LostPhotoError", "Workspace", "Workspaces"]
