"""A training run that publishes itself."""

import json
from pathlib import Path

import pytest

from colorizer_hf.errors import HubError
from colorizer_hf.models.auto import load_model
from tests.hub_server import HubServer, answer, hub, hub_client, hub_waits
from train.parts.config import load_config
from train.recipes.pretrain import PretrainConfig, train

__all__ = ["hub", "hub_client", "hub_waits"]  # fixtures

NAME = "acme/run"
PUSH = {"steps": 4, "hub.repo": NAME, "hub.every": 2}


@pytest.mark.usefixtures("hub_client")
def test_a_run_is_published_on_the_way_and_at_the_end(hub: HubServer, tiny_run: Path) -> None:
    record = train(load_config(tiny_run, PretrainConfig, PUSH), name="tiny")
    repo = hub.repos[NAME]
    assert repo.private
    assert len(hub.seen("POST *commit/main")) >= 2
    published = json.loads(repo.at("main").files["results/result.json"].content)
    assert published["steps"] == record["steps"] == 4
    load_model(NAME)


@pytest.mark.usefixtures("hub_client", "hub_waits")
def test_a_failed_push_loses_nothing_and_says_how_to_push_later(
    hub: HubServer, tiny_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.fail("POST *commit/*", answer(500), times=99)
    with pytest.raises(HubError, match=r"colorizer push .*model --repo acme/run"):
        train(load_config(tiny_run, PretrainConfig, PUSH), name="tiny")
    assert "step 2 was not published" in capsys.readouterr().out
    assert json.loads((tmp_path / "run" / "result.json").read_text())["steps"] == 4
    load_model(tmp_path / "run" / "model")
