"""Addresses that fsspec knows; its memory stands for an object store."""

from collections.abc import Iterator
from io import BytesIO

import fsspec
import numpy as np
import pytest
from PIL import Image

from colorizer_hf.errors import ImageError
from colorizer_hf.imaging import read, write
from colorizer_hf.imaging.remote import exists_remote, is_remote, read_remote, write_remote

PIXELS = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)


@pytest.fixture(autouse=True)
def store() -> Iterator[fsspec.AbstractFileSystem]:
    memory = fsspec.filesystem("memory")
    yield memory
    memory.store.clear()


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("s3://bucket/a.jpg", True),
        ("memory://a.png", True),
        ("https://example.org/a.jpg", False),
        ("data:image/png;base64,AAAA", False),
        ("C:/photos/a.jpg", False),
        ("a.jpg", False),
        (b"memory://a.png", False),
    ],
)
def test_tells_addresses_of_stores_from_others(source: object, answer: bool) -> None:
    assert is_remote(source) is answer


def test_a_picture_is_written_whole_and_read_again() -> None:
    assert not exists_remote("memory://album/1950/a.png")
    write(PIXELS, "memory://album/1950/a.png")
    assert exists_remote("memory://album/1950/a.png")
    content = read_remote("memory://album/1950/a.png")
    assert np.array_equal(np.asarray(Image.open(BytesIO(content))), PIXELS)
    assert read(content).size == (30, 20)


def test_a_picture_that_cannot_be_written_leaves_what_was_there(store: fsspec.AbstractFileSystem) -> None:
    write_remote("memory://a.jpg", b"mine")
    with pytest.raises(ImageError, match="more than a JPEG can hold"):
        write(np.zeros((1, 70_000, 3), np.uint8), "memory://a.jpg")
    assert store.cat_file("/a.jpg") == b"mine"


@pytest.mark.parametrize("address", ["memory://missing.jpg", "nonsense://a.jpg"])
def test_what_cannot_be_reached_is_one_sentence(address: str) -> None:
    with pytest.raises(ImageError, match=rf"{address}: it cannot be reached \(.+\); check the address"):
        read_remote(address)
