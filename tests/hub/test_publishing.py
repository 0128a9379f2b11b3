"""Checkpoints and the Space onto the Hub: one commit with everything, or nothing."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from huggingface_hub import HfApi, ModelCard
from PIL import Image
from typer.testing import CliRunner

from colorizer_hf.cli import app
from colorizer_hf.errors import CheckpointError, HubError
from colorizer_hf.hub.cache import cached_checkpoints
from colorizer_hf.hub.publishing import prepare_checkpoint, push_checkpoint, push_space
from colorizer_hf.models.auto import bundled_checkpoints, load_model
from colorizer_hf.pipeline import ColorizationPipeline
from tests.hub_server import HubServer, answer, client_environment, connect_client, cut, hang_up
from tests.hub_store import READ_TOKEN, STRANGER_TOKEN

NAME = "acme/small"
PHOTO = Path(__file__).parents[2] / "colorizer_hf" / "webui" / "examples" / "coffee_cup.jpg"
EVALUATION = Path(__file__).parents[2] / "train" / "results" / "chromaformer" / "cpu-2026-11-23-development.json"


def pushed(hub: HubServer, name: str = NAME, branch: str = "main") -> dict[str, bytes]:
    """What visitors of a repository see."""
    return {path: file.content for path, file in hub.repos[name].at(branch).files.items()}


def sent(hub: HubServer) -> int:
    """Bytes of files that clients have uploaded."""
    return sum(exchange.sent for exchange in hub.seen("PUT *"))


def command(*arguments: str | Path, columns: int = 80) -> str:
    """What a command line prints."""
    lines = CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": str(columns)})
    if lines.exception:
        raise lines.exception
    return lines.stdout


@pytest.mark.usefixtures("hub_client")
class TestRoundTrip:
    def test_what_is_pushed_can_be_pulled_and_gives_the_same_colours(self, hub: HubServer, checkpoint: Path) -> None:
        push_checkpoint(checkpoint, NAME, private=True)
        assert hub.repos[NAME].private
        photo = torch.rand(64, 80).numpy()
        there, here = (ColorizationPipeline.from_pretrained(name, device="cpu") for name in (NAME, checkpoint))
        torch.testing.assert_close(there(photo).chroma, here(photo).chroma, rtol=0, atol=0)
        (cached,) = cached_checkpoints()
        assert (cached.name, cached.manifest["license"]) == (NAME, "apache-2.0")

    def test_a_pipeline_publishes_itself(self, hub: HubServer, checkpoint: Path) -> None:
        pipeline = ColorizationPipeline.from_pretrained(checkpoint, device="cpu")
        pipeline.push_to_hub(NAME, branch="draft")
        photo = torch.rand(64, 80).numpy()
        again = ColorizationPipeline.from_pretrained(NAME, device="cpu", revision="draft")
        torch.testing.assert_close(again(photo).chroma, pipeline(photo).chroma, atol=0.01, rtol=0)  # fp16
        assert len(hub.seen("POST *commit/draft")) == 1

    def test_it_is_one_commit_with_everything(self, hub: HubServer, checkpoint: Path) -> None:
        address = push_checkpoint(checkpoint, NAME, results=[EVALUATION])
        assert hub.repos[NAME].at("main").oid in address
        assert len(hub.seen("POST *commit/*")) == 1
        names = set(pushed(hub))
        assert {"model.safetensors", "config.json", "preprocessor_config.json", "manifest.json", "README.md"} <= names
        assert {"before_after.jpg", f"results/{EVALUATION.name}", "chromaformer.py", "pipeline.py"} <= {
            name.removeprefix("models_") for name in names
        }

    def test_unchanged_weights_are_not_uploaded_again(self, hub: HubServer, checkpoint: Path) -> None:
        push_checkpoint(checkpoint, NAME)
        first = sent(hub)
        assert first > (checkpoint / "model.safetensors").stat().st_size
        push_checkpoint(checkpoint, NAME, results=[EVALUATION])
        assert sent(hub) == first
        assert f"results/{EVALUATION.name}" in pushed(hub)

    def test_pushing_the_same_twice_changes_nothing(self, hub: HubServer, checkpoint: Path) -> None:
        push_checkpoint(checkpoint, NAME)
        before = hub.repos[NAME].at("main")
        push_checkpoint(checkpoint, NAME)
        assert hub.repos[NAME].at("main") == before

    def test_what_was_pulled_and_is_saved_again_needs_no_code_beside_it(self, checkpoint: Path, tmp_path: Path) -> None:
        push_checkpoint(checkpoint, NAME)
        load_model(NAME).save_pretrained(tmp_path / "copy")
        config = json.loads((tmp_path / "copy" / "config.json").read_text())
        assert not {"auto_map", "custom_pipelines"} & set(config)

    def test_a_branch_leaves_main_alone(self, hub: HubServer, checkpoint: Path) -> None:
        push_checkpoint(checkpoint, NAME, branch="draft")
        assert "model.safetensors" not in pushed(hub)
        assert "model.safetensors" in pushed(hub, branch="draft")
        load_model(NAME, revision="draft")


@pytest.mark.usefixtures("hub_client")
class TestCard:
    def test_reads_back_and_its_snippet_runs(
        self, hub: HubServer, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        push_checkpoint(checkpoint, NAME, results=[EVALUATION])
        card = ModelCard(pushed(hub)["README.md"].decode())
        assert card.data.get("model_name") == "small"
        shutil.copy(PHOTO, tmp_path / "old.jpg")
        monkeypatch.chdir(tmp_path)
        snippet, _ = re.findall(r"```python\n(.*?)```", card.text, re.DOTALL)
        exec(compile(snippet, "README.md", "exec"), {})
        assert (tmp_path / "hinted.jpg").exists()

    def test_its_other_snippet_runs_where_this_package_is_not_installed(
        self, hub: HubServer, checkpoint: Path, tmp_path: Path
    ) -> None:
        push_checkpoint(checkpoint, NAME)
        _, snippet = re.findall(r"```python\n(.*?)```", pushed(hub)["README.md"].decode(), re.DOTALL)
        shutil.copy(PHOTO, tmp_path / "old.jpg")
        missing = "import sys; sys.modules['colorizer_hf'] = None\n"
        environment = client_environment(hub, tmp_path / "home")
        subprocess.run([sys.executable, "-c", missing + snippet], cwd=tmp_path, env=environment, check=True)
        ColorizationPipeline.from_pretrained(checkpoint, device="cpu")(tmp_path / "old.jpg").save(tmp_path / "ours.jpg")
        assert (tmp_path / "new.jpg").read_bytes() == (tmp_path / "ours.jpg").read_bytes()

    def test_the_picture_shows_gray_above_and_colour_below(self, checkpoint: Path, tmp_path: Path) -> None:
        prepare_checkpoint(checkpoint, NAME, tmp_path)
        with Image.open(tmp_path / "before_after.jpg") as sheet:
            chroma = np.abs(np.asarray(sheet.convert("YCbCr")).astype(int)[..., 1:] - 128)
        gray, colour = np.array_split(chroma, 2)
        assert gray.mean() < 2
        assert colour.mean() > 2 * gray.mean()


@pytest.mark.usefixtures("hub_client", "hub_waits")
class TestFailures:
    @pytest.mark.parametrize(
        ("request_", "fault", "sentence"),
        [
            ("POST *commit/*", answer(412), "somebody else pushed"),
            ("POST *commit/*", answer(403), "write access"),
            ("POST *commit/*", answer(429, Retry_After="60"), "try again later"),
            ("POST *commit/*", answer(500), "the Hub answered 500"),
            ("POST *commit/*", hang_up(), "pushing again is safe"),
            ("PUT *", answer(500), "the Hub answered 500"),
            ("PUT *", answer(403), "write access"),
            ("POST *validate-yaml", answer(502), "acme/small"),
        ],
        ids=["412", "403", "429", "500", "hang up", "upload 500", "upload 403", "card"],
    )
    def test_is_one_sentence_and_nothing_half_pushed_is_seen(
        self, hub: HubServer, checkpoint: Path, request_: str, fault: Any, sentence: str
    ) -> None:
        hub.fail(request_, fault, times=99)
        with pytest.raises(HubError, match=sentence) as caught:
            push_checkpoint(checkpoint, NAME)
        assert "\n" not in str(caught.value)
        assert "model.safetensors" not in pushed(hub)
        hub.heal()
        push_checkpoint(checkpoint, NAME)
        load_model(NAME)

    @pytest.mark.parametrize(
        "fault", [answer(503), answer(429, Retry_After="2"), hang_up(), cut()], ids=["503", "429", "hang up", "cut"]
    )
    def test_a_hiccup_of_the_upload_is_got_over(self, hub: HubServer, checkpoint: Path, fault: Any) -> None:
        hub.fail("PUT *", fault, times=2)
        push_checkpoint(checkpoint, NAME)
        load_model(NAME)

    @pytest.mark.parametrize("token", [READ_TOKEN, STRANGER_TOKEN, "hf_unknown"])
    def test_who_may_not_write_is_told_so(
        self, hub: HubServer, checkpoint: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, token: str
    ) -> None:
        connect_client(monkeypatch, hub, tmp_path / "home", token=token)
        with pytest.raises(HubError, match=r"token|yours"):
            push_checkpoint(checkpoint, NAME)

    def test_what_does_not_load_is_not_published(self, hub: HubServer, checkpoint: Path, tmp_path: Path) -> None:
        broken = shutil.copytree(checkpoint, tmp_path / "broken")
        (broken / "model.safetensors").write_bytes(b"no weights")
        with pytest.raises(CheckpointError):
            push_checkpoint(broken, NAME)
        assert hub.requests == []


@pytest.mark.usefixtures("hub_client")
class TestSpace:
    def test_holds_the_page_and_the_package(self, hub: HubServer) -> None:
        push_space("acme/page")
        (name,) = (name for name in hub.repos if name.endswith("acme/page"))
        files = pushed(hub, name)
        assert {"app.py", "README.md", "requirements.txt", "colorizer_hf/webui/app.py"} <= set(files)
        assert not any("__pycache__" in path for path in files)


@pytest.mark.usefixtures("hub_client")
class TestCommands:
    def test_the_whole_way_there_and_back(
        self, hub: HubServer, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert hub.url in command("push", checkpoint, "--repo", NAME, "--private")
        info = HfApi().model_info(NAME)
        assert info.private
        assert "model.safetensors" in HfApi().list_repo_files(NAME)

        connect_client(monkeypatch, hub, tmp_path / "elsewhere")
        hub.requests.clear()
        folder = Path(command("pull", NAME).strip())
        assert hub.seen("GET */model.safetensors")
        for model, output in ((NAME, "there.png"), (checkpoint, "here.png")):
            command("colorize", PHOTO, "--model", model, "--output", tmp_path / output)
        assert (tmp_path / "there.png").read_bytes() == (tmp_path / "here.png").read_bytes()

        hub.requests.clear()
        assert command("pull", NAME).strip() == str(folder)
        command("push", checkpoint, "--repo", NAME)
        assert not hub.seen("GET */resolve/*/model.safetensors")
        assert sent(hub) == 0
        assert HfApi().model_info(NAME).sha == info.sha

    def test_a_branch_is_pushed_and_pulled(self, hub: HubServer, checkpoint: Path) -> None:
        command("push", checkpoint, "--repo", NAME, "--branch", "draft")
        assert "model.safetensors" not in pushed(hub)
        assert (Path(command("pull", NAME, "--revision", "draft").strip()) / "model.safetensors").is_file()

    def test_models_are_listed_with_what_one_wants_to_know_and_deleted(
        self, hub: HubServer, checkpoint: Path, files: dict[str, bytes]
    ) -> None:
        hub.add_repo(NAME, files)
        folder = Path(command("pull", NAME).strip())
        rows = [line.split() for line in command("models", checkpoint, columns=200).splitlines()]
        small = f"{len(files['model.safetensors']) / 1e6:.1f}"
        assert [NAME, "downloaded", "gray", small, "MB", "apache-2.0", "?"] in rows
        assert [str(checkpoint), "local", "gray", small, "MB", "apache-2.0", "?"] in rows
        for one in bundled_checkpoints():
            metrics = one.manifest["metrics"]
            gains = [f"{metrics[key]:+.1f}" for key in ("gain_0", "gain_10") if key in metrics]
            described = [one.name, "bundled", one.modality, f"{one.megabytes:.1f}", "MB", one.manifest["license"]]
            assert [*described, *gains] in rows
        assert "removed" in command("models", "--delete", NAME)
        assert not folder.exists()
        assert cached_checkpoints() == []
        with pytest.raises(CheckpointError, match="is not in the cache"):
            command("models", "--delete", NAME)

    def test_a_dry_run_lists_the_files_and_asks_nobody(self, hub: HubServer, checkpoint: Path) -> None:
        checkpoint_run = CliRunner().invoke(app, ["push", str(checkpoint), "--repo", NAME, "--dry-run"])
        space_run = CliRunner().invoke(app, ["push-space", "--repo", "acme/page", "--dry-run"])
        assert "model.safetensors" in checkpoint_run.stdout
        assert "requirements.txt" in space_run.stdout
        assert hub.requests == []

    def test_results_that_are_none_are_named(self, checkpoint: Path, tmp_path: Path) -> None:
        (tmp_path / "x.json").write_text(json.dumps([1]))
        outcome = CliRunner().invoke(
            app, ["push", str(checkpoint), "--repo", NAME, "--results", str(tmp_path / "x.json"), "--dry-run"]
        )
        assert "x.json is no JSON of a training run" in str(outcome.exception)
