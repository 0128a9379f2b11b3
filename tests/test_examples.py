"""The scripts of examples/ run as their docstrings say."""

import runpy
import sys
from itertools import groupby
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
CUP = ROOT / "colorizer_hf" / "webui" / "examples" / "coffee_cup.jpg"


def run_example(monkeypatch: pytest.MonkeyPatch, name: str, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
    runpy.run_path(str(ROOT / "examples" / name), run_name="__main__")


def test_before_after_sheet_has_every_pair(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    for folder, shade in (("photos", 50), ("results", 200)):
        (tmp_path / folder).mkdir()
        for name in ("a.png", "b.png", "c.png", "d.png", "e.png"):
            Image.new("L", (300, 200), shade).save(tmp_path / folder / name)
    (tmp_path / "photos" / "failed.png").touch()
    sheet = tmp_path / "sheet.png"
    run_example(monkeypatch, "before_after_sheet.py", tmp_path / "photos", tmp_path / "results", sheet)
    assert capsys.readouterr().out == f"{sheet}\n"
    with Image.open(sheet) as picture:
        shades = sorted(((count, color) for count, color in picture.getcolors() or []), reverse=True)[:3]
    assert {color for _, color in shades} == {(255, 255, 255), (50, 50, 50), (200, 200, 200)}
    assert shades[1][0] == shades[2][0] == 5 * 240 * 160


def test_of_photographs_in_colour_the_sheet_shows_gray_result_and_truth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for folder, color in (("photos", "blue"), ("results", "red")):
        (tmp_path / folder).mkdir()
        Image.new("RGB", (200, 300), color).save(tmp_path / folder / "a.png")
    sheet = tmp_path / "sheet.png"
    run_example(monkeypatch, "before_after_sheet.py", tmp_path / "photos", tmp_path / "results", sheet, "--truth")
    with Image.open(sheet) as picture:
        row = [picture.getpixel((x, picture.height // 2)) for x in range(picture.width)]
    assert [color for color, _ in groupby(row) if color != (255, 255, 255)] == [(29, 29, 29), (255, 0, 0), (0, 0, 255)]


def test_suggest_colours_writes_a_picture_per_colour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    run_example(monkeypatch, "suggest_colours.py", CUP, 150, 150, "--count", 2, "--output", tmp_path)
    names = [Path(line.split()[0]).name for line in capsys.readouterr().out.splitlines()]
    assert names == ["coffee_cup-1.jpg", "coffee_cup-2.jpg"]
    assert all((tmp_path / name).exists() for name in names)


def test_edit_step_by_step_adds_hints_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    run_example(monkeypatch, "edit_step_by_step.py", CUP, "--output", tmp_path / "edited.jpg")
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()[:3]] == [
        "1 hints",
        "2 hints",
        "3 hints",
    ]
    assert (tmp_path / "edited.jpg").exists()
