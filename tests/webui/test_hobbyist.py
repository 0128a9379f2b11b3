"""What somebody wants of the page: a photograph of a couple, New York 1911, in the colours that she remembers."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from colorizer_hf.color import rgb_to_lab
from colorizer_hf.metrics.nir_floors import to_batch
from tests.webui.tabs import Tab
from train.recipes.reach import draw_mask

DATA = Path(__file__).parents[1] / "data"
REGIONS: dict[str, Any] = {
    region["thing"]: region
    for region in json.loads((DATA / "reach_things.json").read_text(encoding="utf-8"))["couple"]["regions"]
}
WANTED = {"dress": "leaf", "skin": "light skin", "coat": "navy", "pavement": "gray, no colour"}


def colour_by_region(tab: Tab) -> dict[str, np.ndarray]:
    """Lab a and b (2, N) of the downloaded picture in each region."""
    with Image.open(io.BytesIO(tab.download(format="PNG").path().read_bytes())) as picture:
        size, pixels = picture.size, np.array(picture.convert("RGB"))
    chroma = 110 * rgb_to_lab(to_batch(pixels) / 255)[1][0].numpy()
    masks = {thing: draw_mask(size, one["polygons"], one.get("holes", [])) for thing, one in REGIONS.items()}
    return {thing: chroma[:, mask] for thing, mask in masks.items()}


def test_eight_dabs_colour_dress_skin_coat_and_pavement(open_tab: Callable[..., Tab]) -> None:
    tab = open_tab()
    tab.open(DATA / "easter_new_york_1911.jpg")
    for thing, color in WANTED.items():
        for dab in REGIONS[thing]["dabs"]:
            tab.paint((dab["x"], dab["y"]), color=color)
    assert len(tab.hints()) == 8
    found = colour_by_region(tab)

    dress, coat = found["dress"], found["coat"]
    assert dress[0].mean() < -8, "green"
    assert (dress[0] < -4).mean() > 0.7, "nearly all of it"
    assert coat[1].mean() < -8, "blue"
    assert (coat[1] < -4).mean() > 0.7
    assert coat[0].mean() > -2, "and not green"

    a, b = found["skin"].mean(axis=1)
    assert 5 < a < 25
    assert 8 < b < 35

    pavement = np.hypot(*found["pavement"])
    assert pavement.mean() < 6, "gray"
    assert (pavement < 12).mean() > 0.8
