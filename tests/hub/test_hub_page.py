"""docs/hub.md does what it says: its snippets and commands run as they stand, on a Hub where the reader is `owner`."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from colorizer_hf.cli import app
from colorizer_hf.hub.publishing import push_checkpoint
from tests.hub_server import HubServer, client_environment, connect_client
from tests.hub_store import Token

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "hub.md").read_text(encoding="utf-8")
*SNIPPETS, WITHOUT_THE_PACKAGE = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
# A hash that begins a word begins a comment, as in a shell.
LINES = [
    shlex.split(re.sub(r"\s#.*", "", line))
    for block in re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]
COMMANDS = [arguments for program, *arguments in LINES if program == "colorizer"]
TRAINING = [arguments for program, *arguments in LINES if program == "python"]
TOKEN = "hf_..."


@pytest.fixture
def desk(hub: HubServer, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with the files that the page speaks of; owner/name is published, with a tag v1."""
    results = ROOT / "train" / "results" / "chromaformer"
    shutil.copytree(checkpoint, tmp_path / "runs" / "first" / "model")
    shutil.copy(results / "cpu-2026-11-23.json", tmp_path / "runs" / "first" / "result.json")
    shutil.copy(results / "cpu-2026-11-23-development.json", tmp_path / "evaluation.json")
    shutil.copy(ROOT / "colorizer_hf" / "webui" / "examples" / "coffee_cup.jpg", tmp_path / "old.jpg")
    monkeypatch.chdir(tmp_path)
    hub.tokens[TOKEN] = Token("owner", "write")
    connect_client(monkeypatch, hub, tmp_path / "huggingface", TOKEN)
    push_checkpoint(checkpoint, "owner/name")
    hub.repos["owner/name"].tags["v1"] = hub.repos["owner/name"].branches["main"]
    hub.requests.clear()
    return tmp_path


def test_the_page_has_what_is_tried_here() -> None:
    assert len(SNIPPETS) == 2
    assert {command for command, *_ in COMMANDS} == {"pull", "models", "push", "push-space"}
    assert len(COMMANDS) + len(TRAINING) == len(LINES)


def test_snippets_run_one_after_another(hub: HubServer, desk: Path) -> None:
    names: dict[str, object] = {}
    for snippet in SNIPPETS:
        exec(compile(snippet, "hub.md", "exec"), names)
    assert len(hub.seen("POST *commit/main")) == 1
    assert (desk / "models" / "models--owner--name").is_dir()


def test_commands_run_one_after_another(hub: HubServer, desk: Path) -> None:
    for arguments in COMMANDS:
        outcome = CliRunner().invoke(app, arguments)
        assert outcome.exit_code == 0, f"{arguments}: {outcome.exception}"
    assert {"results/result.json", "results/evaluation.json"} <= set(hub.repos["owner/name"].at("main").files)
    assert set(hub.repos["owner/name"].branches) == {"main"}  # the draft was a dry run
    assert "app.py" in hub.repos["spaces/owner/page"].at("main").files


def test_the_last_snippet_runs_without_the_package(hub: HubServer, desk: Path) -> None:
    missing = "import sys; sys.modules['colorizer_hf'] = None\n"
    environment = client_environment(hub, desk / "elsewhere", TOKEN)
    subprocess.run([sys.executable, "-c", missing + WITHOUT_THE_PACKAGE], env=environment, check=True)
    assert (desk / "new.jpg").exists()


@pytest.mark.parametrize("arguments", TRAINING, ids=" ".join)
def test_training_has_the_options_of_the_page(arguments: list[str]) -> None:
    """A run takes long; tests/train has one that publishes itself."""
    minus_m, recipe, *options = arguments
    help_ = subprocess.run(
        [sys.executable, minus_m, recipe, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert {option for option in options if option.startswith("--")} <= set(re.findall(r"--[\w-]+", help_.stdout))
    assert (ROOT / options[options.index("--config") + 1]).is_file()
