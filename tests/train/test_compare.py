"""The comparison of all systems."""

import json
from pathlib import Path

import pytest
import torch

from colorizer_hf.models.auto import ARCHITECTURES
from colorizer_hf.models.siggraph17 import Siggraph17Config, Siggraph17Model
from colorizer_hf.models.unet import UNetConfig, UNetModel
from train.parts.network_cost import best_seconds
from train.recipes.compare import (
    COSTS,
    END,
    PAGE,
    RESULTS,
    START,
    SYSTEMS,
    capabilities,
    draw_curves,
    make_table,
    say_gains,
    write_page,
)

PICTURE = torch.rand(1, 1, 32, 32)


def test_every_network_of_the_registry_is_compared() -> None:
    assert {system.architecture for system in SYSTEMS.values()} >= set(ARCHITECTURES)


def test_the_page_has_the_table_of_what_was_measured_last() -> None:
    table = PAGE.read_text().split(START)[1].split(END)[0]
    assert table.strip() == make_table(json.loads(COSTS.read_text()))


def test_the_table_has_a_line_for_every_system_and_the_gains_of_its_records() -> None:
    lines = make_table(json.loads(COSTS.read_text())).splitlines()
    assert len(lines) == 2 + len(SYSTEMS)
    assert {line.count("|") for line in lines} == {8}
    record = json.loads((RESULTS / "baseline" / "a.json").read_text())
    assert f"small: {record['evaluation']['rows'][0]['gain']:+.2f} |" in lines[2]


def test_what_was_measured_last_is_of_the_networks_as_they_are() -> None:
    costs = json.loads(COSTS.read_text())["systems"]
    for name, system in SYSTEMS.items():
        with torch.device("meta"):
            kind = ARCHITECTURES.get(system.architecture)
            if kind is not None and system.architecture != "chromaformer":
                model = kind.model(kind.config(**system.config))
                assert costs[name]["parameters"] == sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (UNetModel(UNetConfig(width=2, depth=2)), []),
        (Siggraph17Model(Siggraph17Config(width=2)), ["hints", "suggestions"]),
        (Siggraph17Model(Siggraph17Config(width=2, global_hints=True, class_head=False)), ["palette"]),
    ],
    ids=["unet", "siggraph17", "global hints"],
)
def test_says_what_a_network_can(model, expected: list[str]) -> None:
    assert capabilities(model.eval(), PICTURE) == expected


def test_gains_are_said_with_their_numbers_of_hints() -> None:
    assert say_gains({0: 1.234}) == "+1.23"
    assert say_gains({0: -0.5, 10: 4}) == "-0.50, +4.00 with 0, 10 hints"


def test_a_new_table_replaces_the_old_one_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{START}\nold\n{END}\nafter\n")
    write_page(page, "new")
    assert page.read_text() == f"before\n{START}\nnew\n{END}\nafter\n"


def test_the_curves_are_drawn_with_the_published_one(tmp_path: Path) -> None:
    draw_curves(tmp_path / "gains.png")
    assert (tmp_path / "gains.png").read_bytes().startswith(b"\x89PNG")


def test_calls_are_made_in_turns() -> None:
    made: list[str] = []
    seconds = best_seconds([lambda: made.append("a"), lambda: made.append("b")], rounds=3)
    assert made == ["a", "b"] * 3
    assert len(seconds) == 2
