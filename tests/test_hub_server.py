"""The Hub for tests, seen by the real client: what works, who is let in, and how each fault reaches the client."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, constants, scan_cache_dir
from huggingface_hub.errors import (
    BadRequestError,
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tests import hub_server
from tests.hub_server import (
    ALWAYS,
    Fault,
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

hub, hub_client, hub_waits = hub_server.hub, hub_server.hub_client, hub_server.hub_waits

WEIGHTS = bytes(range(256)) * 1000
CARD = b"---\nlicense: apache-2.0\npipeline_tag: image-to-image\n---\n# A model\n"
FILES = {"README.md": CARD, "config.json": b"{}", "results/run.json": b"[1]", "model.safetensors": WEIGHTS}
MODEL = "acme/model"


@pytest.fixture
def api(hub_client: Path) -> HfApi:
    """The client, with write access and an empty cache."""
    return HfApi()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """`FILES` on disk."""
    for name, content in FILES.items():
        path = tmp_path / "folder" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "folder"


def files_in(folder: str | Path) -> dict[str, bytes]:
    """Content by path, without what the Hub adds."""
    paths = [path for path in Path(folder).rglob("*") if path.is_file() and path.name != ".gitattributes"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


class TestRoundTrip:
    def test_what_is_pushed_is_pulled(self, hub: HubServer, api: HfApi, folder: Path) -> None:
        api.create_repo(MODEL, private=True)
        commit = api.upload_folder(repo_id=MODEL, folder_path=folder)
        assert files_in(api.snapshot_download(MODEL)) == FILES
        assert hub.repos[MODEL].branches == {"main": commit.oid}
        assert [path for path, file in hub.repos[MODEL].at("main").files.items() if file.lfs] == ["model.safetensors"]
        assert sum(upload.sent for upload in hub.seen("PUT /lfs/*")) == len(WEIGHTS)

    def test_a_second_pull_downloads_nothing(self, hub: HubServer, api: HfApi) -> None:
        hub.add_repo(MODEL, FILES)
        first = api.snapshot_download(MODEL)
        assert sum(download.received for download in hub.seen("GET */resolve/*")) >= sum(map(len, FILES.values()))
        hub.requests.clear()
        assert api.snapshot_download(MODEL) == first
        assert [f"{request.method} {request.path}" for request in hub.requests] == [
            "GET /api/models/acme/model/revision/main"
        ]

    def test_a_second_push_uploads_nothing(self, hub: HubServer, api: HfApi, folder: Path) -> None:
        api.create_repo(MODEL)
        first = api.upload_folder(repo_id=MODEL, folder_path=folder)
        hub.requests.clear()
        assert api.upload_folder(repo_id=MODEL, folder_path=folder).oid == first.oid
        assert not hub.seen("PUT *")
        assert not hub.seen("POST */commit/*")

    def test_large_files_go_up_in_parts(self, hub: HubServer, api: HfApi) -> None:
        hub.part_size = 100_000
        hub.add_repo(MODEL)
        api.upload_file(repo_id=MODEL, path_or_fileobj=WEIGHTS, path_in_repo="model.safetensors")
        assert [upload.sent for upload in hub.seen("PUT /lfs/*")] == [100_000, 100_000, 56_000]
        assert hub.repos[MODEL].at("main").files["model.safetensors"].content == WEIGHTS

    def test_files_and_folders_are_deleted(self, hub: HubServer, api: HfApi) -> None:
        hub.add_repo(MODEL, FILES)
        deletions = [CommitOperationDelete("config.json"), CommitOperationDelete("results/")]
        api.create_commit(MODEL, deletions, commit_message="Tidy up")
        assert api.list_repo_files(MODEL) == [".gitattributes", "README.md", "model.safetensors"]

    def test_a_space(self, hub: HubServer, api: HfApi) -> None:
        api.create_repo("acme/demo", repo_type="space", space_sdk="gradio")
        api.upload_file(repo_id="acme/demo", repo_type="space", path_or_fileobj=b"app", path_in_repo="app.py")
        assert Path(api.hf_hub_download("acme/demo", "app.py", repo_type="space")).read_bytes() == b"app"
        assert api.space_info("acme/demo").sdk == "gradio"
        assert set(hub.repos) == {"spaces/acme/demo"}

    def test_repositories_are_made_once_and_end(self, hub: HubServer, api: HfApi) -> None:
        api.create_repo(MODEL)
        api.create_repo(MODEL, exist_ok=True)
        with pytest.raises(HfHubHTTPError, match="409"):
            api.create_repo(MODEL)
        api.update_repo_settings(MODEL, private=True)
        assert hub.repos[MODEL].private
        api.delete_repo(MODEL)
        assert not api.repo_exists(MODEL)

    def test_a_client_in_a_process_of_its_own(self, hub: HubServer, tmp_path: Path) -> None:
        hub.add_repo(MODEL, FILES, private=True)
        script = (
            "from huggingface_hub import snapshot_download as pull, whoami; print(whoami()['name'], pull('acme/model'))"
        )
        environment = client_environment(hub, tmp_path / "home")
        run = subprocess.run(
            [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
        )
        name, snapshot = run.stdout.split()
        assert name == "acme"
        assert Path(snapshot).is_relative_to(tmp_path / "home")
        assert files_in(snapshot) == FILES


class TestDescription:
    def test_a_model(self, hub: HubServer, api: HfApi) -> None:
        repo = hub.add_repo(MODEL, FILES, private=True)
        info = api.model_info(MODEL, files_metadata=True)
        assert (info.sha, info.private, info.pipeline_tag) == (repo.branches["main"], True, "image-to-image")
        assert info.card_data is not None
        assert info.card_data.license == "apache-2.0"
        assert info.siblings is not None
        assert {file.rfilename: file.size for file in info.siblings if file.lfs} == {"model.safetensors": len(WEIGHTS)}

    def test_a_tree(self, hub: HubServer, api: HfApi) -> None:
        hub.add_repo(MODEL, FILES)
        names = [".gitattributes", "README.md", "config.json", "model.safetensors", "results"]
        assert [entry.path for entry in api.list_repo_tree(MODEL)] == names
        assert [entry.path for entry in api.list_repo_tree(MODEL, "results")] == ["results/run.json"]
        assert "results/run.json" in api.list_repo_files(MODEL)
        assert [entry.path for entry in api.get_paths_info(MODEL, ["config.json", "none"])] == ["config.json"]

    def test_branches_tags_and_history(self, hub: HubServer, api: HfApi) -> None:
        first = hub.add_repo(MODEL, FILES).branches["main"]
        api.create_tag(MODEL, tag="v1")
        api.create_branch(MODEL, branch="better/colours", revision=first)
        change = api.upload_file(
            repo_id=MODEL, path_or_fileobj=b"2", path_in_repo="config.json", revision="better/colours"
        )
        content = {
            revision: Path(api.hf_hub_download(MODEL, "config.json", revision=revision)).read_bytes()
            for revision in ("main", "v1", first, "better/colours", change.oid)
        }
        assert content == {"main": b"{}", "v1": b"{}", first: b"{}", "better/colours": b"2", change.oid: b"2"}
        assert [commit.commit_id for commit in api.list_repo_commits(MODEL, revision="better/colours")] == [
            change.oid,
            first,
        ]
        api.delete_branch(MODEL, branch="better/colours")
        refs = api.list_repo_refs(MODEL)
        assert [branch.name for branch in refs.branches] == ["main"]
        assert [(tag.name, tag.target_commit) for tag in refs.tags] == [("v1", first)]
        with pytest.raises(HfHubHTTPError, match="409"):
            api.create_tag(MODEL, tag="v1")
        api.delete_tag(MODEL, tag="v1")
        with pytest.raises(RevisionNotFoundError):
            api.delete_tag(MODEL, tag="v1")

    def test_what_is_not_there(self, hub: HubServer, api: HfApi) -> None:
        hub.add_repo(MODEL, FILES)
        with pytest.raises(HfHubHTTPError, match="404") as caught:
            api.get_repo_discussions(MODEL).__next__()
        assert not isinstance(caught.value, RepositoryNotFoundError), "a route that is not played"
        for name in ("acme/none", "none"):
            with pytest.raises(RepositoryNotFoundError):
                api.hf_hub_download(name, "config.json")
            with pytest.raises(RepositoryNotFoundError):
                api.model_info(name, revision="main")
        with pytest.raises(RevisionNotFoundError):
            api.hf_hub_download(MODEL, "config.json", revision="v9")
        with pytest.raises(EntryNotFoundError):
            api.hf_hub_download(MODEL, "model.bin")


class TestAccess:
    @pytest.mark.parametrize("token", [None, STRANGER_TOKEN])
    def test_a_private_repository_is_not_there_for_others(
        self, hub: HubServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, token: str | None
    ) -> None:
        connect_client(monkeypatch, hub, tmp_path, token)
        hub.add_repo(MODEL, FILES, private=True)
        for download in (lambda: HfApi().snapshot_download(MODEL), lambda: HfApi().hf_hub_download(MODEL, "README.md")):
            with pytest.raises(RepositoryNotFoundError):
                download()

    def test_a_gated_repository_shows_its_files_to_the_granted(
        self, hub: HubServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        connect_client(monkeypatch, hub, tmp_path, STRANGER_TOKEN)
        repo = hub.add_repo(MODEL, FILES, gated=True)
        assert HfApi().model_info(MODEL).gated == "auto"
        with pytest.raises(GatedRepoError):
            HfApi().hf_hub_download(MODEL, "config.json")
        repo.granted.add("stranger")
        assert Path(HfApi().hf_hub_download(MODEL, "config.json")).read_bytes() == b"{}"

    @pytest.mark.parametrize("token", [READ_TOKEN, STRANGER_TOKEN])
    def test_only_the_owner_with_a_write_token_writes(
        self, hub: HubServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, token: str
    ) -> None:
        connect_client(monkeypatch, hub, tmp_path, token)
        before = hub.add_repo(MODEL, FILES).branches.copy()
        with pytest.raises(HfHubHTTPError, match="403"):
            HfApi().upload_file(repo_id=MODEL, path_or_fileobj=b"2", path_in_repo="config.json")
        with pytest.raises(HfHubHTTPError, match="403"):
            HfApi().create_repo("acme/other")
        assert hub.repos[MODEL].branches == before

    def test_an_unknown_token_is_refused_even_where_none_is_needed(
        self, hub: HubServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        connect_client(monkeypatch, hub, tmp_path, "hf_expired")
        hub.add_repo(MODEL, FILES)
        with pytest.raises(HfHubHTTPError, match="Invalid credentials") as caught:
            HfApi().hf_hub_download(MODEL, "config.json")
        assert not isinstance(caught.value, RepositoryNotFoundError)
        with pytest.raises(HfHubHTTPError, match="HF_TOKEN environment variable is invalid"):
            HfApi().whoami()


class TestAllOrNothing:
    def test_a_refused_commit_shows_nothing(self, hub: HubServer, api: HfApi, folder: Path) -> None:
        before = hub.add_repo(MODEL).branches.copy()
        hub.fail("POST */commit/main", answer(409, "Another commit is in progress"))
        with pytest.raises(HfHubHTTPError, match="Another commit is in progress"):
            api.upload_folder(repo_id=MODEL, folder_path=folder)
        assert hub.repos[MODEL].branches == before
        assert WEIGHTS in hub.objects.values()

        hub.requests.clear()
        api.upload_folder(repo_id=MODEL, folder_path=folder)
        assert not hub.seen("PUT *"), "the weights are there already"
        assert files_in(api.snapshot_download(MODEL)) == FILES

    def test_a_commit_upon_an_old_one_is_refused(self, hub: HubServer, api: HfApi) -> None:
        old = hub.add_repo(MODEL, FILES).branches["main"]
        new = api.upload_file(repo_id=MODEL, path_or_fileobj=b"2", path_in_repo="config.json", parent_commit=old)
        with pytest.raises(HfHubHTTPError, match="412"):
            api.upload_file(repo_id=MODEL, path_or_fileobj=b"3", path_in_repo="config.json", parent_commit=old)
        assert hub.repos[MODEL].branches == {"main": new.oid}

    def test_a_broken_card_stops_the_push_before_any_upload(self, hub: HubServer, api: HfApi, folder: Path) -> None:
        hub.add_repo(MODEL)
        (folder / "README.md").write_text("---\nlicense: [\n---\n")
        with pytest.raises(ValueError, match=r"Invalid metadata in README\.md"):
            api.upload_folder(repo_id=MODEL, folder_path=folder)
        assert not hub.seen("PUT *")

    def test_an_lfs_file_that_never_came_cannot_be_committed(
        self, hub: HubServer, api: HfApi, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = hub.add_repo(MODEL).branches.copy()
        addition = CommitOperationAdd("model.safetensors", WEIGHTS)
        api.preupload_lfs_files(MODEL, [addition], free_memory=False)
        hub.objects.clear()
        with pytest.raises(BadRequestError, match=r"model\.safetensors"):
            api.create_commit(MODEL, [addition], commit_message="Weights")
        assert hub.repos[MODEL].branches == before


class TestFaults:
    @pytest.fixture
    def pull(self, hub: HubServer, api: HfApi, hub_waits: list[float]) -> Callable[[], bytes]:
        hub.add_repo(MODEL, FILES)
        return lambda: Path(api.hf_hub_download(MODEL, "model.safetensors")).read_bytes()

    @pytest.mark.parametrize(
        ("pattern", "fault", "waits"),
        [
            ("HEAD *", answer(503), []),
            ("GET */resolve/*", cut(after=1000), [1]),
            ("GET */resolve/*", hang_up(), [1]),
            ("GET */resolve/*", answer(429, Retry_After="7"), [8]),
        ],
    )
    def test_a_pull_survives(
        self, hub: HubServer, pull: Callable[[], bytes], hub_waits: list[float], pattern: str, fault: Fault, waits: list
    ) -> None:
        hub.fail(pattern, fault)
        assert pull() == WEIGHTS
        assert hub_waits == waits

    @pytest.mark.parametrize(
        ("pattern", "fault", "error"),
        [
            ("HEAD *", answer(503), LocalEntryNotFoundError),
            ("HEAD *", hang_up(), httpx2.RemoteProtocolError),
            ("GET */resolve/*", answer(500), HfHubHTTPError),
            ("GET */resolve/*", answer(404, code="EntryNotFound"), EntryNotFoundError),
            ("GET */resolve/*", cut(reset=True), httpx2.ReadError),
            ("GET */resolve/*", hang_up(), httpx2.RemoteProtocolError),
            ("* */resolve/*", answer(401, code="RepoNotFound"), RepositoryNotFoundError),
            ("* */resolve/*", answer(403, code="GatedRepo"), GatedRepoError),
            ("GET */resolve/*", shorten(1000), OSError),
        ],
    )
    def test_a_pull_fails_and_the_next_one_works(
        self, hub: HubServer, pull: Callable[[], bytes], pattern: str, fault: Fault, error: type[Exception]
    ) -> None:
        hub.fail(pattern, fault, ALWAYS)
        with pytest.raises(error):
            pull()
        hub.heal()
        assert pull() == WEIGHTS

    def test_wrong_bytes_of_the_right_length_are_not_noticed(self, hub: HubServer, pull: Callable[[], bytes]) -> None:
        hub.fail("GET */resolve/*", corrupt())
        assert pull() == bytes(255 - byte for byte in WEIGHTS)

    def test_a_lost_download_goes_on_where_it_ended(
        self, hub: HubServer, pull: Callable[[], bytes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 50_000)
        hub.fail("GET */resolve/*", cut(after=120_000))
        assert pull() == WEIGHTS
        first, second = hub.seen("GET */resolve/*")
        assert (first.status, second.status) == (200, 206)
        assert second.headers["range"] == "bytes=100000-"
        assert second.received == len(WEIGHTS) - 100_000

    def test_a_killed_pull(self, hub: HubServer, hub_client: Path, pull: Callable[[], bytes]) -> None:
        hub.fail("GET */resolve/*", stall(after=1000))
        script = "from huggingface_hub import hf_hub_download as pull; pull('acme/model', 'model.safetensors')"
        with subprocess.Popen([sys.executable, "-c", script], env=client_environment(hub, hub_client)) as process:
            while not any(request.received for request in hub.seen("GET */resolve/*")):
                assert process.poll() is None
                time.sleep(0.05)
            process.kill()
        assert pull() == WEIGHTS

    def test_a_server_that_is_gone_and_comes_back(self, hub: HubServer, pull: Callable[[], bytes]) -> None:
        url = hub.url
        hub.stop()
        with pytest.raises(LocalEntryNotFoundError):
            pull()
        hub.start()
        assert hub.url == url
        assert pull() == WEIGHTS
        hub.stop()
        assert pull() == WEIGHTS, "from the cache"
        hub.start()

    @pytest.mark.parametrize(
        ("pattern", "fault"),
        [
            ("POST */preupload/*", answer(500)),
            ("POST */objects/batch", answer(503)),
            ("PUT /lfs/*", hang_up()),
            ("PUT /lfs/*", cut()),
            ("PUT /lfs/*", answer(429, Retry_After="0")),
            ("POST */objects/verify", answer(500)),
        ],
    )
    def test_a_push_survives(
        self, hub: HubServer, api: HfApi, hub_waits: list[float], folder: Path, pattern: str, fault: Fault
    ) -> None:
        hub.add_repo(MODEL)
        hub.fail(pattern, fault)
        api.upload_folder(repo_id=MODEL, folder_path=folder)
        assert hub_waits == [1]
        assert files_in(api.snapshot_download(MODEL)) == FILES

    @pytest.mark.parametrize(
        ("pattern", "fault", "error"),
        [
            ("PUT /lfs/*", answer(503), RuntimeError),
            ("POST */commit/main", answer(503), HfHubHTTPError),
            ("POST */commit/main", hang_up(), httpx2.RemoteProtocolError),
        ],
    )
    def test_a_push_fails_and_shows_nothing(
        self,
        hub: HubServer,
        api: HfApi,
        hub_waits: list[float],
        folder: Path,
        pattern: str,
        fault: Fault,
        error: type[Exception],
    ) -> None:
        before = hub.add_repo(MODEL).branches.copy()
        hub.fail(pattern, fault, ALWAYS)
        with pytest.raises(error):
            api.upload_folder(repo_id=MODEL, folder_path=folder)
        assert hub.repos[MODEL].branches == before

    def test_a_lost_answer_to_a_commit_that_was_made(self, hub: HubServer, api: HfApi, folder: Path) -> None:
        before = hub.add_repo(MODEL).branches.copy()
        hub.fail("POST */commit/main", cut())
        with pytest.raises(httpx2.RemoteProtocolError):
            api.upload_folder(repo_id=MODEL, folder_path=folder)
        assert hub.repos[MODEL].branches != before
        assert files_in(api.snapshot_download(MODEL)) == FILES


class TestClientInThisProcess:
    def test_it_knows_only_the_hub_of_the_test(self, hub: HubServer, hub_client: Path, api: HfApi) -> None:
        hub.add_repo(MODEL, FILES)
        assert api.endpoint == hub.url
        snapshot = api.snapshot_download(MODEL)
        assert Path(snapshot).is_relative_to(hub_client)
        assert [repo.repo_id for repo in scan_cache_dir().repos] == [MODEL]

    def test_it_is_offline_without_the_fixture(self) -> None:
        assert constants.HF_HUB_OFFLINE
