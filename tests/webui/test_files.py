"""Names of files, and what is swept away."""

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colorizer_hf.webui.files import clean_name, new_result_folder, result_name, sweep


@given(name=st.text(max_size=300))
def test_any_name_becomes_one_that_a_file_can_have(name: str) -> None:
    clean = clean_name(name)
    assert 1 <= len(clean) <= 100
    assert "/" not in clean
    assert "\\" not in clean
    assert clean.isprintable()
    assert clean not in (".", "..")


@pytest.mark.parametrize("name", ["Großmutter 1932.jpg", "写真.png", "scan.final.tiff"])
def test_ordinary_names_stay(name: str) -> None:
    assert clean_name(name) == name


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("C:\\scans\\a.jpg", "a.jpg"),
        ("../../etc/passwd", "passwd"),
        ("", "photo"),
        ("..", "photo"),
        ("a\nb.jpg", "ab.jpg"),
    ],
)
def test_folders_and_control_characters_go(name: str, clean: str) -> None:
    assert clean_name(name) == clean


def test_results_are_named_after_their_photos() -> None:
    assert result_name("old.tif", "JPEG") == "old-colour.jpg"
    assert result_name("old.tif", "PNG") == "old-colour.png"


def test_what_is_old_and_was_left_behind_is_swept_away_and_nothing_else(tmp_path: Path) -> None:
    old = [tmp_path / "result-abc" / "a.jpg", tmp_path / ("f" * 64) / "b.jpg", tmp_path / "tmpxyz"]
    kept = [tmp_path / "tabs-1" / "photo" / "c.jpg", tmp_path / "letter.txt"]
    for path in (*old, *kept):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    fresh = new_result_folder(tmp_path)
    an_hour_ago = time.time() - 3700
    for path in tmp_path.iterdir():
        if path != fresh:
            os.utime(path, (an_hour_ago, an_hour_ago))
    sweep(tmp_path)
    assert not any(path.exists() for path in old)
    assert all(path.exists() for path in (*kept, fresh))
