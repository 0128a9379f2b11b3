"""The page works with networks unlike the flagship: other distributions or none, other ideas of hints, or none."""

from pathlib import Path
from typing import Any

import pytest
import torch

from colorizer_hf.errors import HintError
from colorizer_hf.models.eccv16 import Eccv16Model
from colorizer_hf.models.siggraph17 import Siggraph17Model
from colorizer_hf.pipeline import ColorizationPipeline
from colorizer_hf.webui import callbacks
from colorizer_hf.webui.callbacks import Choices, Edits
from colorizer_hf.webui.workspace import Workspace

DAB = {"color": "#c02020", "radius": 0.02, "points": [[0.5, 0.5]]}
NETWORKS: dict[str, tuple[Any, dict[str, Any]]] = {
    "siggraph17": (Siggraph17Model, {}),
    "siggraph17 without distribution": (Siggraph17Model, {"class_head": False}),
    "siggraph17 with global hints": (Siggraph17Model, {"global_hints": True}),
    "eccv16": (Eccv16Model, {}),
}


def edit(workspace: Workspace, choices: Choices, **words: Any) -> list[dict[str, Any]]:
    edits = Edits.parse({"revision": 1, "photo": {}, "strokes": []} | words)
    return [answer["result"] for answer in callbacks.edit(workspace, edits, choices)]


@pytest.fixture(params=NETWORKS)
def choices(request: pytest.FixtureRequest) -> Choices:
    torch.manual_seed(0)
    network, options = NETWORKS[request.param]
    model = network(network.config_class(width=2, working_size=64, **options)).eval()
    return Choices(request.param, ColorizationPipeline(model, device="cpu"), vividness=0.7)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace(tmp_path / "tab")
    photo = Edits.parse({"revision": 1, "photo": {"example": "coffee_cup.jpg"}, "strokes": []})
    callbacks.open_photo(workspace, photo, tmp_path)
    return workspace


def test_colours_a_photo_and_offers_others(workspace: Workspace, choices: Choices) -> None:
    first, second = edit(workspace, choices, touched=[0.4, 0.4])
    assert first["notes"] == []
    assert bool(first["suggestions"]) == (choices.model != "siggraph17 without distribution")
    assert len(second["alternatives"]) >= 3
    if not choices.pipeline.traits.supports_hints:
        assert not any(offer["hint"] for offer in second["alternatives"])


def test_takes_a_dab_or_says_that_it_takes_none(workspace: Workspace, choices: Choices) -> None:
    if choices.pipeline.traits.supports_hints:
        shown = edit(workspace, choices, strokes=[DAB])[0]
        assert shown["notes"] == ["This network carries hints as far as it likes, whatever their reach."]
    else:
        with pytest.raises(HintError, match="takes no hints; leave them out or take another model"):
            edit(workspace, choices, strokes=[DAB])
