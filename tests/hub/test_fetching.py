"""Checkpoints from the Hub: what arrives, what is asked for again, and one sentence for everything that goes wrong."""

import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch

from colorizer_hf.errors import CheckpointError
from colorizer_hf.models.auto import load_model, resolve_checkpoint
from colorizer_hf.models.fetching import cached_repos, fetch_checkpoint
from colorizer_hf.pipeline import ColorizationPipeline
from tests.hub_server import (
    HubServer,
    answer,
    client_environment,
    connect_client,
    corrupt,
    cut,
    hang_up,
    shorten,
    stall,
)
from tests.hub_store import READ_TOKEN, STRANGER_TOKEN

NAME = "acme/small"
WEIGHTS = "GET */model.safetensors"


@pytest.fixture
def repo(hub: HubServer, hub_client: Path, files: dict[str, bytes]) -> Any:
    """The small checkpoint on the Hub."""
    return hub.add_repo(NAME, files)


@pytest.mark.usefixtures("repo")
class TestArrival:
    def test_a_checkpoint_of_the_hub_is_the_one_that_was_pushed(self, checkpoint: Path) -> None:
        photo = torch.rand(64, 80).numpy()
        there, here = (ColorizationPipeline.from_pretrained(name, device="cpu") for name in (NAME, checkpoint))
        torch.testing.assert_close(there(photo).chroma, here(photo).chroma, rtol=0, atol=0)

    def test_the_second_time_nothing_is_downloaded(self, hub: HubServer) -> None:
        first = fetch_checkpoint(NAME)
        hub.requests.clear()
        assert fetch_checkpoint(NAME) == first
        assert not hub.seen("* */resolve/*")

    def test_without_a_network_the_cache_is_used(self, hub: HubServer) -> None:
        first = fetch_checkpoint(NAME)
        hub.stop()
        assert fetch_checkpoint(NAME) == fetch_checkpoint(NAME, local_files_only=True) == first

    def test_a_connection_that_breaks_is_no_harm_to_what_is_cached(self, hub: HubServer) -> None:
        first = fetch_checkpoint(NAME)
        hub.fail("GET */revision/main", hang_up(), times=99)
        assert fetch_checkpoint(NAME) == first

    def test_a_revision_is_a_branch_a_tag_or_a_commit(self, hub: HubServer, files: dict[str, bytes]) -> None:
        repo = hub.repos[NAME]
        old = repo.branches["main"]
        repo.tags["v1"] = old
        hub.add_repo(NAME, files | {"manifest.json": b'{"license": "mit"}'})
        new = hub.repos[NAME]
        new.commits |= repo.commits
        new.tags |= repo.tags
        assert "mit" in (fetch_checkpoint(NAME) / "manifest.json").read_text()
        for revision in ("v1", old):
            assert "apache" in (fetch_checkpoint(NAME, revision=revision) / "manifest.json").read_text()

    def test_a_cache_of_ones_own(self, tmp_path: Path) -> None:
        folder = fetch_checkpoint(NAME, cache_dir=tmp_path / "mine")
        assert folder.is_relative_to(tmp_path / "mine")
        assert cached_repos(tmp_path / "mine") == [NAME]
        assert cached_repos() == []

    def test_code_and_pictures_of_the_repository_stay_there(self, hub: HubServer, files: dict[str, bytes]) -> None:
        hub.add_repo(NAME, files | {"modeling.py": b"print('hello')", "before_after.jpg": b"jpeg", "x.bin": b"pickle"})
        names = {path.name for path in fetch_checkpoint(NAME).iterdir()}
        assert names == set(files)


@pytest.mark.usefixtures("repo")
class TestFaults:
    @pytest.mark.parametrize(
        "fault",
        [cut(after=1000), cut(after=1000, reset=True), answer(503), answer(429, Retry_After="2"), hang_up()],
        ids=["cut", "reset", "503", "429", "hang up"],
    )
    @pytest.mark.usefixtures("hub_waits")
    def test_is_got_over_or_named_and_the_next_try_works(self, hub: HubServer, fault: Any) -> None:
        hub.fail(WEIGHTS, fault)
        with suppress(CheckpointError):
            fetch_checkpoint(NAME)
        load_model(NAME)

    def test_what_is_not_got_over_is_one_sentence(self, hub: HubServer) -> None:
        hub.fail("GET */resolve/*", answer(500), times=99)
        with pytest.raises(CheckpointError, match="acme/small") as caught:
            fetch_checkpoint(NAME)
        assert "\n" not in str(caught.value)

    def test_a_wait_that_the_hub_asks_for_is_kept(self, hub: HubServer, hub_waits: list[float]) -> None:
        hub.fail(WEIGHTS, answer(429, Retry_After="7"))
        fetch_checkpoint(NAME)
        assert max(hub_waits) >= 7

    @pytest.mark.parametrize("file", ["model.safetensors", "config.json"])
    @pytest.mark.parametrize("fault", [corrupt(), shorten(100)], ids=["other bytes", "fewer bytes"])
    @pytest.mark.usefixtures("hub_waits")
    def test_a_damaged_file_never_stays_in_the_cache(self, hub: HubServer, file: str, fault: Any) -> None:
        hub.fail(f"GET */{file}", fault)
        with pytest.raises(CheckpointError, match=NAME):
            load_model(NAME)
        load_model(NAME)

    @pytest.mark.usefixtures("hub_waits")
    def test_a_hub_that_is_down_is_one_sentence(self, hub: HubServer) -> None:
        hub.fail("* /api/*", answer(500), times=99)
        with pytest.raises(CheckpointError, match="not in the cache"):
            fetch_checkpoint(NAME)
        hub.heal()
        load_model(NAME)


@pytest.mark.usefixtures("repo")
class TestRefusals:
    def test_a_repository_that_is_not_there(self) -> None:
        with pytest.raises(CheckpointError, match="no acme/nothing on the Hub"):
            fetch_checkpoint("acme/nothing")

    def test_a_private_one_needs_a_token_that_may_read_it(
        self, hub: HubServer, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        hub.add_repo(NAME, files, private=True)
        connect_client(monkeypatch, hub, tmp_path / "home", token=STRANGER_TOKEN)
        with pytest.raises(CheckpointError, match="private"):
            fetch_checkpoint(NAME)
        assert fetch_checkpoint(NAME, token=READ_TOKEN).is_dir()

    def test_a_token_that_nobody_has_issued(self) -> None:
        with pytest.raises(CheckpointError, match="which the Hub does not know; log in"):
            fetch_checkpoint(NAME, token="hf_unknown")

    def test_a_gated_one(
        self, hub: HubServer, files: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        hub.add_repo(NAME, files, gated=True)
        connect_client(monkeypatch, hub, tmp_path / "home", token=STRANGER_TOKEN)
        with pytest.raises(CheckpointError, match="gated"):
            fetch_checkpoint(NAME)

    def test_a_revision_that_is_not_there(self) -> None:
        with pytest.raises(CheckpointError, match="no acme/small at revision v9"):
            fetch_checkpoint(NAME, revision="v9")

    def test_nothing_cached_and_no_network_says_what_is_cached(self, hub: HubServer, files: dict[str, bytes]) -> None:
        hub.add_repo("acme/other", files)
        fetch_checkpoint("acme/other")
        hub.stop()
        with pytest.raises(CheckpointError, match="cached here: acme/other"):
            fetch_checkpoint(NAME)

    def test_a_missing_file_is_named(self, hub: HubServer, files: dict[str, bytes]) -> None:
        hub.add_repo(NAME, {name: content for name, content in files.items() if name != "preprocessor_config.json"})
        with pytest.raises(CheckpointError, match="has no preprocessor_config"):
            fetch_checkpoint(NAME)

    def test_pickled_weights_are_refused_without_being_downloaded(
        self, hub: HubServer, files: dict[str, bytes]
    ) -> None:
        kept = {name: content for name, content in files.items() if name != "model.safetensors"}
        hub.add_repo(NAME, kept | {"pytorch_model.bin": b"\x80\x04."})
        with pytest.raises(CheckpointError, match="pickled"):
            fetch_checkpoint(NAME)
        assert not hub.seen("* *pytorch_model.bin")

    def test_another_kind_of_model(self, hub: HubServer, files: dict[str, bytes]) -> None:
        hub.add_repo(NAME, files | {"config.json": b'{"model_type": "bert"}'})
        with pytest.raises(CheckpointError, match="not a colorizer"):
            load_model(NAME)

    @pytest.mark.parametrize("name", ["acme/sm all", "acme/..", "a" * 120 + "/b"])
    def test_what_can_be_no_id(self, name: str) -> None:
        with pytest.raises(CheckpointError, match="no id of the Hub"):
            resolve_checkpoint(name)


class TestProcesses:
    def test_two_that_pull_at_once_after_one_that_was_killed_go_on_where_it_ended(
        self, hub: HubServer, files: dict[str, bytes], tmp_path: Path
    ) -> None:
        hub.add_repo(NAME, files)
        code = f"from colorizer_hf.models.fetching import fetch_checkpoint; print(fetch_checkpoint({NAME!r}))"
        environment = client_environment(hub, tmp_path / "home")

        def start() -> subprocess.Popen[str]:
            return subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)

        hub.fail(WEIGHTS, stall(after=1000))
        killed = start()
        arrived: set[str] = set()
        while not (hub.seen(WEIGHTS) and arrived == files.keys() - {"model.safetensors"}):
            assert killed.poll() is None
            arrived = {path.name for path in tmp_path.glob("home/hub/models--acme--small/snapshots/*/*")}
            time.sleep(0.02)
        killed.kill()
        killed.communicate()
        pulls = [start(), start()]
        folders = {pull.communicate(timeout=120)[0].strip() for pull in pulls}
        assert [pull.returncode for pull in pulls] == [0, 0]
        (folder,) = folders
        load_model(folder)
        assert len(hub.seen("GET */config.json")) == 1
        assert len(hub.seen(WEIGHTS)) == 2
