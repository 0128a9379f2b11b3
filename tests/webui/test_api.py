"""The endpoints for programs: what they take, what they give, and how they refuse."""

import json
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import tifffile
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from colorizer_hf import Hint, Palette
from colorizer_hf.amounts import DEFAULT_VIVIDNESS
from colorizer_hf.hints import hints_to_json
from colorizer_hf.loading import AnyColorizer, load_colorizer
from tests.webui.photos import CUP
from tests.webui.servers import ROOT, Server, gatekeeper

RED, BLUE = Hint(300, 200, "#c02020", radius=30), Hint(40, 40, "#2040c0")
HINTS = hints_to_json([RED, BLUE], (600, 400))
FAR_AND_KEPT = [Hint(300, 200, "#c02020", reach="alike"), Hint(60, 60, None), Hint(400, 300, "#2040c0", reach="spot")]


@pytest.fixture(scope="module")
def client(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Client:
    return Client(server.url, verbose=False, download_files=tmp_path_factory.mktemp("downloads"))


@pytest.fixture(scope="module")
def pipe() -> AnyColorizer:
    return load_colorizer()


@pytest.fixture(scope="module")
def endpoints(client: Client) -> dict[str, Any]:
    """The description of each endpoint by its name."""
    description = client.view_api(print_info=False, return_format="dict")
    assert isinstance(description, dict)
    return description["named_endpoints"]


def names_in(archive: str) -> list[str]:
    with zipfile.ZipFile(archive) as pack:
        return pack.namelist()


class TestDescription:
    OPTIONS = (
        ("vividness", "float", DEFAULT_VIVIDNESS),
        ("model", "Literal['chromaformer', 'chromaformer_nir']", "chromaformer"),
        ("format", "Literal['JPEG', 'PNG']", "JPEG"),
        ("note", "bool", True),
    )

    def test_has_the_two_endpoints_and_nothing_of_the_page(self, endpoints: dict[str, Any]) -> None:
        assert set(endpoints) == {"/colorize", "/batch"}

    @pytest.mark.parametrize(
        ("endpoint", "first", "last"),
        [
            (
                "/colorize",
                [("photo", "filepath", None), ("hints", "str", "")],
                [
                    ("like", "filepath", None),
                    ("palette", "str", ""),
                    ("palette_strength", "float", 0.5),
                    ("boxes", "str", ""),
                ],
            ),
            ("/batch", [("photos", "list[filepath]", None)], []),
        ],
    )
    def test_gives_every_parameter_its_type_and_its_default(
        self, endpoints: dict[str, Any], endpoint: str, first: list[tuple], last: list[tuple]
    ) -> None:
        parameters = [
            (parameter["parameter_name"], parameter["python_type"]["type"], parameter["parameter_default"])
            for parameter in endpoints[endpoint]["parameters"]
        ]
        assert parameters == [*first, *self.OPTIONS, *last]

    def test_names_what_comes_back(self, endpoints: dict[str, Any]) -> None:
        returned = {name: [part["label"] for part in endpoint["returns"]] for name, endpoint in endpoints.items()}
        assert returned == {"/colorize": ["result", "notes"], "/batch": ["result", "outcomes"]}

    @pytest.mark.parametrize(("endpoint", "words"), [("/colorize", ["`hints`", "`note`"]), ("/batch", ["`message`"])])
    def test_says_what_needs_to_be_said(self, endpoints: dict[str, Any], endpoint: str, words: list[str]) -> None:
        assert all(word in endpoints[endpoint]["description"] for word in words)


class TestColorize:
    @pytest.mark.parametrize(
        ("options", "direct"),
        [
            ({}, {}),
            ({"vividness": 0}, {"vividness": 0.0}),
            ({"hints": HINTS, "vividness": 0.6}, {"hints": [RED, BLUE], "vividness": 0.6}),
            ({"hints": hints_to_json(FAR_AND_KEPT, (600, 400))}, {"hints": FAR_AND_KEPT}),
        ],
        ids=["as it comes", "vividness", "hints", "reach and keeping"],
    )
    def test_pixels_are_those_of_the_pipeline(
        self, client: Client, pipe: AnyColorizer, options: dict[str, Any], direct: dict[str, Any]
    ) -> None:
        path, _ = client.predict(handle_file(CUP), **options, format="PNG", api_name="/colorize")
        with Image.open(path) as picture:
            np.testing.assert_array_equal(np.asarray(picture), pipe(CUP, **direct).pixels)

    def test_uses_the_colours_of_another_photograph(self, client: Client, pipe: AnyColorizer, tmp_path: Path) -> None:
        Image.new("RGB", (60, 40), "#c02020").save(tmp_path / "red.png")
        path, _ = client.predict(
            handle_file(CUP), like=handle_file(tmp_path / "red.png"), format="PNG", api_name="/colorize"
        )
        with Image.open(path) as picture:
            direct = pipe(CUP, palette=Palette.of_photo(tmp_path / "red.png"))
            np.testing.assert_array_equal(np.asarray(picture), direct.pixels)

    def test_uses_a_few_named_colours(self, client: Client, pipe: AnyColorizer) -> None:
        for strength in (0.5, 0.9):
            path, _ = client.predict(
                handle_file(CUP),
                palette="#c02020, #2040c0",
                palette_strength=strength,
                format="PNG",
                api_name="/colorize",
            )
            with Image.open(path) as picture:
                direct = pipe(CUP, palette=Palette.of_colors(["#c02020", "#2040c0"], strength=strength))
                np.testing.assert_array_equal(np.asarray(picture), direct.pixels)

    @pytest.mark.parametrize("note", [True, False])
    @pytest.mark.parametrize(("format", "suffix"), [("JPEG", ".jpg"), ("PNG", ".png")])
    def test_the_file_is_the_one_that_python_writes_metadata_included(
        self,
        client: Client,
        pipe: AnyColorizer,
        photos: Path,
        tmp_path: Path,
        format: str,
        suffix: str,
        note: bool,
    ) -> None:
        photo = photos / "phone.jpg"
        file, _ = client.predict(handle_file(photo), format=format, note=note, api_name="/colorize")
        path = Path(file)
        assert path.name == f"phone-colour{suffix}"
        direct = tmp_path / path.name
        pipe(photo).save(direct, note=note)
        assert path.read_bytes() == direct.read_bytes()
        assert (b"colours added by a model" in path.read_bytes()) == note

    def test_sixteen_bits_stay_sixteen_in_a_png(
        self, client: Client, pipe: AnyColorizer, photos: Path, tmp_path: Path
    ) -> None:
        photo = photos / "sixteen_bits.tif"
        file, _ = client.predict(handle_file(photo), format="PNG", api_name="/colorize")
        path = Path(file)
        pipe(photo).save(tmp_path / "direct.png")
        assert path.read_bytes()[24] == 16  # the bit depth in the header
        assert path.read_bytes() == (tmp_path / "direct.png").read_bytes()

    def test_says_what_one_should_know_of_reading_and_of_writing(self, client: Client, tmp_path: Path) -> None:
        pages = np.full((2, 24, 36), 80, np.uint8)
        placed = [(33550, "d", 3, (0.5, 0.5, 0.0), True), (33922, "d", 6, (0.0, 0.0, 0.0, 500.0, 200.0, 0.0), True)]
        tifffile.imwrite(tmp_path / "map.tif", pages, photometric="minisblack", metadata=None, extratags=placed)
        _, notes = client.predict(handle_file(tmp_path / "map.tif"), api_name="/colorize")
        assert "page 1 of 2 was read" in notes
        assert "a JPEG has no place for its georeference" in notes


class TestBatch:
    def test_good_photos_are_in_the_archive_and_bad_ones_are_named(
        self, client: Client, pipe: AnyColorizer, photos: Path, tmp_path: Path
    ) -> None:
        names = ["gray.png", "text.jpg", "gray.png", "see_through.png"]
        archive, outcomes = client.predict(
            [handle_file(photos / name) for name in names], format="PNG", vividness=0.5, api_name="/batch"
        )
        results = ["gray-colour.png", None, "gray-colour-2.png", "see_through-colour.png"]
        assert [outcome["photo"] for outcome in outcomes] == names
        assert [outcome["result"] for outcome in outcomes] == results
        assert [bool(outcome["message"]) for outcome in outcomes] == [False, True, False, False]
        with zipfile.ZipFile(archive) as pack:
            assert pack.testzip() is None
            assert pack.namelist() == [result for result in results if result]
            pack.extractall(tmp_path)
        for photo, result in zip(names, results, strict=True):
            if result:
                with Image.open(tmp_path / result) as picture:
                    np.testing.assert_array_equal(np.asarray(picture), pipe(photos / photo, vividness=0.5).pixels)

    def test_says_what_one_should_know_of_each(self, client: Client, tmp_path: Path) -> None:
        tifffile.imwrite(tmp_path / "stack.tif", np.full((5, 40, 60), 90, np.uint8), imagej=True)
        files = [handle_file(tmp_path / "stack.tif"), handle_file(CUP)]
        _, (stack, cup) = client.predict(files, api_name="/batch")
        assert (stack["result"], stack["message"]) == ("stack-colour.jpg", "")
        assert "page 1 of 5 was read" in stack["notes"]
        assert cup["notes"] == []

    def test_no_photos_give_an_empty_archive(self, client: Client) -> None:
        archive, outcomes = client.predict([], api_name="/batch")
        assert outcomes == []
        assert names_in(archive) == []


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            ({"photo": None}, "there is no photo in this call; pass handle_file(path)"),
            ({"hints": "red, please"}, "the hints are not valid JSON of width, height and hints"),
            ({"hints": "{}"}, "the hints are not valid JSON of width, height and hints"),
            (
                {"hints": hints_to_json([Hint(700, 3, "#ff0000")], (600, 400))},
                "the hint at (700, 3) lies outside the photo of 600 x 400 pixels",
            ),
            ({"hints": HINTS.replace("#c02020", "crimson-ish")}, "a hint's colour must be #rrggbb"),
            ({"hints": HINTS.replace('"object"', '"far"')}, "the reach of a hint must be alike, object or spot"),
            (
                {"model": "no-such-model"},
                "no-such-model is not in the list of choices: ['chromaformer', 'chromaformer_nir']",
            ),
            ({"like": handle_file(CUP)}, "the photograph whose colours should be used has none; take another"),
            ({"palette": "red, please"}, "colour must be #rrggbb"),
            ({"palette": ",".join(["#c02020"] * 9)}, "a palette has 8 colours at most"),
            ({"model": "/etc"}, "/etc is not in the list of choices"),
            ({"format": "TIFF"}, "TIFF is not in the list of choices: ['JPEG', 'PNG']"),
            ({"vividness": 7}, "7 is greater than maximum value 1"),
        ],
    )
    def test_are_one_sentence(self, client: Client, options: dict[str, Any], sentence: str) -> None:
        arguments = {"photo": handle_file(CUP)} | options
        with pytest.raises(AppError) as refusal:
            client.predict(**arguments, api_name="/colorize")
        assert sentence in str(refusal.value)
        assert "\n" not in str(refusal.value)

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("text.jpg", "it is not a picture"),
            ("empty.jpg", "it is empty"),
            ("cut_off.jpg", "it is damaged or cut off"),
            ("huge.png", "20000 x 15000 pixels"),
        ],
    )
    def test_of_a_bad_file_name_it_without_its_folder(
        self, client: Client, photos: Path, name: str, reason: str
    ) -> None:
        with pytest.raises(AppError) as refusal:
            client.predict(handle_file(photos / name), api_name="/colorize")
        assert str(refusal.value).startswith(f"{name}: ")
        assert reason in str(refusal.value)
        assert "/" not in str(refusal.value)

    def test_leave_the_server_in_good_health(self, client: Client) -> None:
        assert Path(client.predict(handle_file(CUP), api_name="/colorize")[0]).exists()


def answer_to(server: Server, endpoint: str, photo: Any) -> str:
    """The stream of events that a plain HTTP call gets."""
    options = [1, "chromaformer", "PNG", True]
    return answer_to_call(server, endpoint, [photo, "", *options] if endpoint == "colorize" else [[photo], *options])


def answer_to_call(server: Server, endpoint: str, data: list[Any]) -> str:
    with httpx.Client(base_url=f"{server.url}/gradio_api/call/", trust_env=False, timeout=60) as web:
        call = web.post(endpoint, json={"data": data})
        assert call.status_code == 200, call.text
        return web.get(f"{endpoint}/{call.json()['event_id']}").text


def uploaded(server: Server) -> dict[str, Any]:
    """The cup, on the server."""
    with CUP.open("rb") as photo:
        answer = httpx.post(f"{server.url}/gradio_api/upload", files={"files": photo}, trust_env=False)
    return file_data(answer.json()[0])


def sentence_in(answer: str) -> str:
    """What a call that failed says."""
    assert answer.startswith("event: error"), answer
    said = json.loads(answer.split("data: ")[1])
    return said["error"] if isinstance(said, dict) else said


def file_data(path: Path | str) -> dict[str, Any]:
    return {"path": str(path), "meta": {"_type": "gradio.FileData"}}


class TestPlainHttp:
    """Programs that know nothing of Gradio's clients."""

    @pytest.mark.parametrize("data", [[], [None] * 8, ["", None, "chromaformer", None, None]])
    def test_null_and_what_is_left_out_at_the_end_are_the_defaults(self, server: Server, data: list[Any]) -> None:
        answer = answer_to_call(server, "colorize", [uploaded(server), *data])
        assert answer.startswith("event: complete"), answer
        assert "coffee_cup-colour.jpg" in answer

    @pytest.mark.parametrize(
        "data",
        [
            ["cup.jpg"],
            [7],
            [{"path": 7}],
            [{"url": "x"}],
            [None, {"hints": []}],
            [[]],
        ],
        ids=str,
    )
    @pytest.mark.parametrize("endpoint", ["colorize", "batch"])
    def test_what_is_not_understood_is_answered_by_a_sentence(
        self, server: Server, endpoint: str, data: list[Any]
    ) -> None:
        if endpoint == "batch" and data in ([[]], [None, {"hints": []}]):
            data = [{"path": "cup.jpg"}]
        sentence = sentence_in(answer_to_call(server, endpoint, data))
        assert " in this call" in sentence or " of this call" in sentence
        assert "\n" not in sentence

    @pytest.mark.parametrize("options", [["", "much"], ["", [1]], ["", 1, "chromaformer", "PNG", True, "like.jpg"]])
    def test_so_are_options_of_another_type(self, server: Server, options: list[Any]) -> None:
        assert "parameters of this call" in sentence_in(
            answer_to_call(server, "colorize", [uploaded(server), *options])
        )


class TestAddresses:
    """A server that fetches what anybody names can be sent to places that only it can reach."""

    @pytest.mark.parametrize("endpoint", ["colorize", "batch", "like"])
    @pytest.mark.parametrize("scheme", ["http", "https", "ftp"])
    def test_are_refused_in_one_sentence_and_not_asked(self, server: Server, endpoint: str, scheme: str) -> None:
        asked: list[str] = []
        with gatekeeper(asked) as place:  # it answers, so that a fetch would be seen
            address = file_data(f"{scheme}://{place.removeprefix('http://')}/photo.jpg")
            like = [uploaded(server), "", 1, "chromaformer", "PNG", True, address]
            data = {"colorize": [address], "batch": [[address]], "like": like}[endpoint]
            answer = answer_to_call(server, "batch" if endpoint == "batch" else "colorize", data)
        assert sentence_in(answer).startswith("addresses of files are not fetched; upload the photo instead")
        assert asked == server.asked == []

    def test_of_public_places_too(self, client: Client, server: Server) -> None:
        with pytest.raises(AppError, match="addresses of files are not fetched"):
            client.predict(handle_file("https://raw.githubusercontent.com/a/b/c.jpg"), api_name="/colorize")
        assert server.asked == []


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A picture on the server that nobody has uploaded."""
    return Path(shutil.copy(CUP, tmp_path / "secret.jpg"))


class TestFilesOfTheServer:
    def test_an_upload_by_plain_http_is_coloured(self, server: Server) -> None:
        answer = answer_to(server, "colorize", uploaded(server))
        assert answer.startswith("event: complete")
        result, notes = json.loads(answer.split("data: ")[1])
        assert result["path"].endswith("coffee_cup-colour.png")
        assert notes == []

    @pytest.mark.parametrize("endpoint", ["colorize", "batch"])
    @pytest.mark.parametrize("path", ["/etc/passwd", "{secret}", "../../../../../../etc/passwd"])
    def test_that_were_not_uploaded_are_not_taken(self, server: Server, endpoint: str, path: str, secret: Path) -> None:
        before = server.temporary_files()
        answer = answer_to(server, endpoint, file_data(path.format(secret=secret)))
        assert sentence_in(answer).startswith("a file in this call is none that was uploaded")
        copies = {path.name for path in server.temporary_files() - before}
        assert not {name for name in copies if "passwd" in name or "secret" in name}

    @pytest.mark.parametrize(
        "path", ["/etc/passwd", "{secret}", "{package}/pipeline.py", "{package}/../pyproject.toml"]
    )
    def test_cannot_be_fetched(self, server: Server, path: str, secret: Path) -> None:
        place = path.format(secret=secret, package=ROOT / "colorizer_hf")
        answer = httpx.get(f"{server.url}/gradio_api/file={place}", trust_env=False)
        assert answer.status_code in (403, 404)
        assert b"root:" not in answer.content

    def test_folders_are_not_listed(self, server: Server) -> None:
        for folder in {path.parent for path in server.temporary_files()} | {server.files}:
            assert httpx.get(f"{server.url}/gradio_api/file={folder}", trust_env=False).status_code in (403, 404)


def test_the_snippet_of_the_documentation_runs(
    server: Server, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (snippet,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "web_page.md").read_text("utf-8"), re.DOTALL)
    assert "http://127.0.0.1:7860" in snippet
    shutil.copy(CUP, tmp_path / "old.jpg")
    shutil.copy(photos / "text.jpg", tmp_path / "broken.jpg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "downloads"))
    names: dict[str, Any] = {}
    exec(compile(snippet.replace("http://127.0.0.1:7860", server.url), "web_page.md", "exec"), names)
    with Image.open(names["picture"]) as picture:
        assert (picture.size, picture.mode, picture.format) == ((600, 400), "RGB", "PNG")
    assert [(outcome["photo"], outcome["result"]) for outcome in names["outcomes"]] == [
        ("old.jpg", "old-colour.jpg"),
        ("broken.jpg", None),
    ]
    assert names_in(names["archive"]) == ["old-colour.jpg"]
