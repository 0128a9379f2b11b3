"""Shards: tar files of photographs and what belongs to them, as WebDataset has them."""

import io
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from ..errors import ImageError
from ..folders import is_named_as_photo
from .addresses import Place, new_file_at, opened
from .photo_files import result_name

if TYPE_CHECKING:
    from ..result import ColorizationResult


def colorize_shard(
    source: Place, target: Place, paint: "Callable[[bytes], ColorizationResult]", **options: Any
) -> Iterator[tuple[str, Exception]]:
    """Colorize what is in a shard; the new one is there when it is whole. What is no photograph is carried over.

    Args:
        source: The shard.
        target: The new one.
        paint: Colorizes the bytes of a file.
        **options: Of `ColorizationResult.save`.

    Yields:
        Which photographs have no result, and why.

    Raises:
        ImageError: the shard cannot be read, or the new one not be written.
    """
    try:
        with (
            opened(source) as packed,
            tarfile.open(fileobj=packed) as old,
            new_file_at(target) as file,
            tarfile.open(fileobj=file, mode="w") as new,
        ):
            for member in old:
                content = old.extractfile(member)
                if content is None or not is_named_as_photo(PurePosixPath(member.name)):
                    new.addfile(member, content)
                    continue
                try:
                    name, picture = _colorized(member.name, paint(content.read()), options)
                except Exception as error:  # one bad photograph must not stop the others
                    yield f"{source}: {member.name}", error
                    continue
                member.name, member.size = name, len(picture)
                member.pax_headers = {}
                new.addfile(member, io.BytesIO(picture))
    except (tarfile.TarError, EOFError) as error:
        raise ImageError(f"{source}: it is no whole tar file ({error}); copy or download it again") from error


def _colorized(name: str, result: "ColorizationResult", options: dict[str, Any]) -> tuple[str, bytes]:
    new = result_name(Path(name))
    buffer = io.BytesIO()
    result.save(buffer, format=new.suffix[1:], **options)
    return new.as_posix(), buffer.getvalue()


__all__ = ["colorize_shard"]
