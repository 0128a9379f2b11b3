"""A folder as it lies on people's disks: every format, every kind of damage, and much that is no photograph."""

import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image
from typer.testing import CliRunner, Result

from colorizer_hf.cli import app
from colorizer_hf.imaging import SUFFIXES, WRITTEN, read

PIXELS = np.add.outer(np.arange(24), 3 * np.arange(36)).astype(np.uint8) + 60

ENCODERS: dict[str, Callable[[Path], object]] = {
    "JPEG": lambda path: Image.fromarray(PIXELS).save(path, "JPEG"),
    "PNG": lambda path: Image.fromarray(PIXELS).save(path, "PNG"),
    "WEBP": lambda path: Image.fromarray(PIXELS).convert("RGB").save(path, "WEBP"),
    "TIFF": lambda path: Image.fromarray(PIXELS).save(path, "TIFF"),
    "DNG": lambda path: Image.fromarray(PIXELS).save(path, "TIFF"),
    "BMP": lambda path: Image.fromarray(PIXELS).save(path, "BMP"),
    "GIF": lambda path: Image.fromarray(PIXELS).save(path, "GIF"),
    "AVIF": lambda path: Image.fromarray(PIXELS).save(path, "AVIF"),
    "JPEG2000": lambda path: path.write_bytes(imagecodecs.jpeg2k_encode(PIXELS, codecformat="jp2")),
    "JXL": lambda path: path.write_bytes(imagecodecs.jpegxl_encode(PIXELS)),
    "PNM": lambda path: Image.fromarray(PIXELS).save(path, "PPM"),
    "TGA": lambda path: Image.fromarray(PIXELS).save(path, "TGA"),
}

KINDS: dict[str, Callable[[Path], object]] = {
    "deep.tif": lambda path: tifffile.imwrite(path, PIXELS.astype(np.uint16) * 200),
    "twelve bits.tif": lambda path: tifffile.imwrite(path, PIXELS.astype(np.uint16) * 16),
    "floats.tif": lambda path: tifffile.imwrite(path, PIXELS / np.float32(255)),
    "pages.tif": lambda path: tifffile.imwrite(path, np.stack([PIXELS] * 3), imagej=True),
    "no end.jpg": lambda path: path.write_bytes(imagecodecs.jpeg_encode(PIXELS)[:-2]),
    "colour.jpg": lambda path: Image.merge("RGB", [Image.fromarray(PIXELS)] * 2 + [Image.fromarray(255 - PIXELS)]).save(
        path
    ),
    "a PNG.jpg": lambda path: Image.fromarray(PIXELS).save(path, "PNG"),
    "a[1].png": lambda path: Image.fromarray(PIXELS).save(path),
    "-o.png": lambda path: Image.fromarray(PIXELS).save(path),
    "Zürich 雪.png": lambda path: Image.fromarray(PIXELS).save(path),
}

OTHERS = ["notes.txt", "Thumbs.db", "clip.mov", "raw.xyz", "RAW.XYZ", "README", "part.jpg.part", ".DS_Store", "._a.jpg"]


def encodes(format: str, path: Path) -> None:
    if format == "HEIC":
        pytest.importorskip("pillow_heif").from_pillow(Image.fromarray(PIXELS).convert("RGB")).save(path)
    else:
        ENCODERS[format](path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """For each suffix a good file, an empty one, one of other content and one that is cut off; and the rest."""
    folder = tmp_path / "Album [1950]"
    folder.mkdir()
    for suffix, format in SUFFIXES.items():
        good = folder / f"good{suffix[1:]}{suffix}"
        try:
            encodes(format, good)
        except pytest.skip.Exception:  # a reader that is not installed: its files are named failures
            good.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
        (folder / f"empty{suffix[1:]}{suffix}").touch()
        (folder / f"letter{suffix[1:]}{suffix}").write_text("Dear grandmother, " * 9)
        content = good.read_bytes()
        (folder / f"cut{suffix[1:]}{suffix}").write_bytes(content[: len(content) // 3])
    for name, make in KINDS.items():
        make(folder / name)
    for name in OTHERS:
        (folder / name).write_bytes(random.Random(name).randbytes(60))
    (folder / "gone.jpg").symlink_to(folder / "nowhere.jpg")
    for name in ("folder.jpg", "@eaDir", ".thumbnails"):
        (folder / name).mkdir()
        encodes("JPEG", folder / name / "inside.jpg")
    return folder


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["colorize", *map(str, arguments)])


def test_every_file_is_a_result_a_named_failure_or_left_out(folder: Path, tmp_path: Path) -> None:
    files = {str(path) for path in folder.iterdir() if not path.is_dir()}
    out = tmp_path / "out"
    result = run(folder, "-o", out, "--json")
    assert result.exit_code == 1
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert sorted(line["input"] for line in lines) == sorted(files)
    counted = Counter(line["status"] for line in lines)
    written = {Path(line["input"]).name: Path(line["output"]) for line in lines if line["status"] == "written"}

    good = {path.name for path in folder.glob("good*")} | set(KINDS)
    assert good - set(written) <= {path.name for path in folder.glob("goodh*")}  # HEIC where it cannot be read
    assert not [name for name in written if name.startswith(("empty", "letter"))]
    assert counted["left out"] == len(OTHERS)
    *_, last = result.stderr.splitlines()
    assert last == "9 files of other kinds were left out: .xyz, hidden, .db, .mov, .part, .txt, no suffix"
    failures = [line for line in lines if line["status"] == "failed"]
    for failure in failures:
        assert Path(failure["input"]).name in failure["error"]
        assert "Error" not in failure["error"], failure
        assert result.stderr.splitlines().count(failure["error"]) == 1
    assert "Traceback" not in result.stderr

    assert sorted(path.name for path in out.iterdir()) == sorted(path.name for path in written.values())
    for name, path in written.items():
        assert path.suffix == (Path(name).suffix if SUFFIXES[Path(name).suffix] in WRITTEN else ".png")
        photo = read(path)
        assert photo.size == (36, 24) or name.startswith("cut")


def test_a_second_run_names_what_failed_and_counts_what_is_done(folder: Path, tmp_path: Path) -> None:
    files = [path for path in folder.iterdir() if not path.is_dir()]
    results = run(folder, "-o", tmp_path / "out").stdout.splitlines()
    assert len(results) == len(set(results))
    second = run(folder, "-o", tmp_path / "out")
    assert second.stdout == ""
    *failures, _, done, _ = second.stderr.splitlines()
    assert done == f"{len(results)} results exist already; add --overwrite to make them anew"
    named = {path for path in files if any(line.startswith(f"{path}: ") for line in failures)}
    assert len(named) == len(failures)
    assert len(results) + len(named) + len(OTHERS) == len(files)
