"""The page without a server, as a static host serves it, in a real browser."""

import json
import os
import re
import shutil
import zipfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.JpegImagePlugin import get_sampling
from playwright.sync_api import Browser, Download, Locator, expect
from typer.testing import CliRunner

from colorizer_hf import CheckpointError, Colorizer, ColorizerError
from colorizer_hf.cli import app
from colorizer_hf.hints import hints_from_json
from colorizer_hf.imaging import Metadata, read, write
from colorizer_hf.imaging.exif import exif_block
from colorizer_hf.imaging.metadata import comment
from colorizer_hf.imaging.xmp import find_properties
from colorizer_hf.webui.libraries import LIBRARIES
from colorizer_hf.webui.tab_files import Weight, export_page
from tests.webui.conftest import unavailable
from tests.webui.node import find_npm
from tests.webui.photos import CUP
from tests.webui.servers import ROOT, serve_files
from tests.webui.tabs import Tab, same, wait_until
from tests.webui.test_accessibility import fits, problems
from tests.webui.test_downloads import MAKE, PHOTO_TAGS, TAKEN, says_that_colour_was_added

MOST_BYTES = 13_000_000  # over the wire
READY = "() => document.documentElement.dataset.ready === 'true'"
KEPT = "async () => { await navigator.serviceWorker.ready; return true }"
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844, "touch": True}
REFUSED = "fetch('https://example.org/').then(() => false, () => true)"


@pytest.fixture(scope="session")
def npm() -> Path:
    """Where npm has installed what the page takes."""
    return find_npm() or unavailable("there is no onnxruntime-web: make test, with npm")


@pytest.fixture(scope="session")
def written(graphs: Path, npm: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Weight]]:
    """The folder of the page, and what is in it. Its second model is the first one again, under another name."""
    folder = tmp_path_factory.mktemp("static") / "page"
    return folder, export_page(folder, npm, {"first": graphs, "second": graphs})


@pytest.fixture(scope="session")
def page(written: tuple[Path, list[Weight]]) -> Path:
    """The folder of the page."""
    return written[0]


@pytest.fixture(scope="session")
def asked() -> list[str]:
    """All that the static host was asked for."""
    return []


@pytest.fixture(scope="session")
def url(page: Path, asked: list[str]) -> Iterator[str]:
    with serve_files(page, asked) as url:
        yield url


@contextmanager
def visitor(browser: Browser, url: str, **options: Any) -> Generator[Tab]:
    """The page, opened by another person, with everything arrived."""
    tab = Tab(browser, url, kept=False, **options)
    wait_until(lambda: tab.holds(READY), seconds=120)
    yield tab
    tab.close()
    assert tab.crashes == []
    assert tab.complaints == []


@pytest.fixture(scope="module")
def desktop(browser: Browser, url: str) -> Iterator[Tab]:
    with visitor(browser, url, **DESKTOP) as tab:
        yield tab


@pytest.fixture
def tab(desktop: Tab) -> Iterator[Tab]:
    """The page without a photo: it takes long to load, so tests share it."""
    yield desktop
    desktop.go_to("One photo")
    if desktop.part("editor").is_visible():
        desktop.part("another-photo").click()


@pytest.fixture(scope="session")
def colorizer(graphs: Path) -> Colorizer:
    return Colorizer.from_pretrained(graphs, engine="onnx")


def decibels(one: np.ndarray, other: np.ndarray) -> float:
    """PSNR of two pictures."""
    error = np.square(one.astype(float) - other).mean()
    return 10 * np.log10(255**2 / max(error, 1e-6))


def pixels(download: Download) -> np.ndarray:
    with Image.open(download.path()) as picture:
        return np.asarray(picture.convert("RGB"))


class TestOnePhoto:
    def test_an_example_with_a_dab_is_what_the_package_makes_of_it(self, tab: Tab, colorizer: Colorizer) -> None:
        tab.open_example("Coffee cup")
        tab.paint((0.25, 0.5), color="teal")
        tab.set_vividness(0.5)
        photo = read(CUP)
        hints = hints_from_json(tab.save_hints(), photo.size)
        assert [hint.color for hint in hints] == ["#4c8f8b"]
        expected = colorizer(photo, hints=hints, vividness=0.5)
        saved = pixels(tab.download(format="PNG"))
        assert decibels(saved, expected.pixels) > 40
        assert np.abs(read(saved).luminance.astype(int) - photo.luminance).max() <= 3
        assert same(tab.shown(), saved)  # the window has room for all of it

    def test_an_uploaded_jpeg_is_upright_and_keeps_what_it_said(
        self, tab: Tab, photos: Path, colorizer: Colorizer
    ) -> None:
        tab.open(photos / "phone.jpg")
        expected = colorizer(read(photos / "phone.jpg")).pixels
        for format in ("JPEG", "PNG"):
            download = tab.download(format=format)
            assert decibels(pixels(download), expected) > 40
            with Image.open(download.path()) as picture:
                assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.01)
                assert picture.getexif()[MAKE] == "Maker"
                assert picture.getexif().get(0x0112, 1) == 1
                assert picture.getexif().get_ifd(PHOTO_TAGS)[TAKEN] == "1931:05:06 07:08:09"
                assert says_that_colour_was_added(picture)
        with Image.open(tab.download(note=False).path()) as picture:
            assert not says_that_colour_was_added(picture)

    @pytest.mark.parametrize("size", [(600, 400), (13, 9), (1, 1)])
    def test_a_jpeg_has_colours_at_full_resolution_and_lies_on_white(
        self, tab: Tab, photos: Path, colorizer: Colorizer, tmp_path: Path, size: tuple[int, int]
    ) -> None:
        with Image.open(photos / "see_through.png") as photo:
            photo.resize(size).save(tmp_path / "photo.png")
        tab.open(tmp_path / "photo.png")
        colorizer(tmp_path / "photo.png").save(tmp_path / "package.jpg")
        with Image.open(tab.download(format="JPEG").path()) as found, Image.open(tmp_path / "package.jpg") as expected:
            assert get_sampling(found) == get_sampling(expected)
            assert decibels(np.asarray(found), np.asarray(expected)) > 40

    def test_edits_can_be_undone_and_reach_as_far_as_they_should(self, tab: Tab) -> None:
        tab.open_example("Coffee cup")
        first = tab.shown()
        tab.paint((0.25, 0.5), color="teal")
        thing = tab.shown()
        expect(tab.part("suggestions").get_by_role("button").first).to_be_visible()
        with tab.new_picture():
            tab.part("dabs").get_by_role("button").first.click()
        with tab.new_picture():
            tab.page.get_by_role("radio", name="Just here").check()
        assert np.abs(tab.shown() - first.astype(int)).sum() < np.abs(thing - first.astype(int)).sum() / 4
        tab.press("undo")
        assert same(tab.shown(), thing)
        tab.press("undo")
        assert same(tab.shown(), first)

    def test_other_colourings_and_colours_of_another_photo(self, tab: Tab, tmp_path: Path) -> None:
        tab.open_example("Coffee cup")
        first = tab.shown()
        with tab.new_picture():
            tab.part("alternatives").get_by_role("button", name="Calm").click()
        assert not same(tab.shown(), first)
        Image.new("RGB", (60, 40), "#2040c0").save(tmp_path / "blue.png")
        with tab.new_picture():
            tab.part("like-input").set_input_files(tmp_path / "blue.png")
        assert tab.shown()[..., 2].mean() > first[..., 2].mean() + 10

    def test_zoomed_in_it_shows_all_pixels(self, tab: Tab, tmp_path: Path) -> None:
        with Image.open(CUP) as photo:
            photo.convert("L").resize((3000, 2000)).save(tmp_path / "large.png")
        tab.open(tmp_path / "large.png")
        for _ in range(4):
            tab.part("zoom-in").click()
        expect(tab.part("stage")).to_have_attribute("data-sharp", "true")
        part = tab.shown("after-part")
        assert part.shape[1] > 600
        assert part.std() > 20

    def test_what_it_cannot_read_is_said_and_the_photo_before_stays(self, tab: Tab, photos: Path) -> None:
        tab.open(photos / "gray.png")
        said = {
            "sixteen_bits.png": "sixteen_bits.png: it has 16 bits for each colour, of which a browser keeps 8; use",
            "sixteen_bits.tif": "sixteen_bits.tif: TIFF and raw files are not read here; use the package",
            "huge.png": "huge.png: it has 20000 x 15000 pixels, and this page takes 64 million at most; make it",
            "text.jpg": "text.jpg: this browser cannot read it; copy it again if it is damaged, or use the package",
            "empty.jpg": "empty.jpg: it is empty; copy or download it again.",
        }
        for name, sentence in said.items():
            tab.choose_file(photos / name)
            expect(tab.part("error-text")).to_contain_text(sentence)
            tab.part("error-dismiss").click()
        expect(tab.part("facts")).to_contain_text("gray.png")
        tab.paint((0.5, 0.5), color="red")


class TestPrivacy:
    def test_nothing_is_asked_for_once_it_has_arrived(self, tab: Tab, asked: list[str], photos: Path) -> None:
        loaded, arrived = len(tab.requests), len(asked)
        tab.open(photos / "gray.png")
        tab.paint((0.5, 0.5), color="red")
        tab.set_vividness(0.3)
        tab.download()
        tab.save_hints()
        tab.part("another-photo").click()
        tab.open_example("Paris street 1880")
        assert [url for url in tab.requests[loaded:] if not url.startswith(("blob:", "data:"))] == []
        assert asked[arrived:] == []
        with tab.new_picture():
            tab.open_menu("settings")
            tab.part("model").select_option("second")
        assert {re.sub("/.*/", "", path) for path in asked[arrived:]} >= {"encode.onnx", "graphs.json"}

    def test_it_says_so_and_could_not_reach_anybody(self, tab: Tab) -> None:
        expect(tab.page.get_by_text("The photograph never leaves this tab.")).to_be_visible()
        assert tab.page.evaluate(REFUSED)
        tab.complaints.clear()  # that this was refused
        wait_until(lambda: bool(tab.page.workers))
        assert tab.page.workers[0].evaluate(REFUSED)
        tab.complaints.clear()


def test_it_works_without_a_connection_after_the_first_visit(browser: Browser, page: Path) -> None:
    with serve_files(page, []) as url:
        tab = Tab(browser, url)
        wait_until(lambda: tab.holds(READY) and tab.holds(KEPT), seconds=120)
    tab.page.reload()
    wait_until(lambda: tab.holds(READY), seconds=120)
    tab.open_example("Coffee cup")
    assert pixels(tab.download(format="JPEG")).shape == (400, 600, 3)
    tab.close()


class TestManyPhotos:
    def colour(self, tab: Tab, *photos: Path) -> Locator:
        """Colour photos, and see what became of them."""
        tab.go_to("Many photos")
        tab.page.get_by_label("Photos", exact=True).set_input_files(photos)
        tab.page.get_by_role("button", name="Colour all").click()
        expect(tab.page.locator("#outcomes [role=status]")).to_have_text(f"{len(photos)} of {len(photos)} done")
        return tab.page.locator("#outcomes li")

    def download(self, what: Locator) -> Download:
        with what.page.expect_download() as download:
            what.click()
        return download.value

    def test_are_coloured_one_after_the_other(self, tab: Tab, photos: Path) -> None:
        outcomes = self.colour(tab, CUP, photos / "text.jpg", photos / "phone.jpg")
        expect(outcomes.nth(1)).to_contain_text("failed: this browser cannot read it")
        download = self.download(tab.page.get_by_role("link", name="Download phone.jpg"))
        assert download.suggested_filename == "phone-colour.jpg"
        with Image.open(download.path()) as picture:
            assert picture.size == (600, 400)
        with tab.new_picture():
            tab.page.get_by_role("button", name="Edit this one coffee_cup.jpg").click()
        expect(tab.part("facts")).to_contain_text("coffee_cup.jpg")

    def test_come_all_in_one_zip_with_their_names_and_dates(self, tab: Tab, photos: Path, tmp_path: Path) -> None:
        first, second = tmp_path / "Fête 夏.jpg", tmp_path / "elsewhere" / "Fête 夏.jpg"
        second.parent.mkdir()
        shutil.copy(CUP, first)
        Image.new("L", (60, 40), 90).save(second)
        taken = datetime(1999, 12, 31, 23, 58, 30)
        os.utime(first, (taken.timestamp(), taken.timestamp()))
        outcomes = self.colour(tab, first, photos / "text.jpg", second)
        alone = [self.download(outcomes.nth(n).get_by_role("link")) for n in (0, 2)]
        download = self.download(tab.page.get_by_role("button", name="Download all as a ZIP"))
        assert download.suggested_filename == "colorized.zip"
        with zipfile.ZipFile(download.path()) as archive:
            assert archive.testzip() is None
            assert archive.namelist() == ["Fête 夏-colour.jpg", "Fête 夏-colour-2.jpg"]
            assert [archive.read(name) for name in archive.namelist()] == [one.path().read_bytes() for one in alone]
            assert datetime(*archive.infolist()[0].date_time) == taken


@pytest.mark.slow
def test_near_infrared_frames_get_their_network_when_they_ask_for_it(
    browser: Browser, npm: Path, graphs: Path, nir_graphs: Path, photos: Path, tmp_path: Path
) -> None:
    export_page(tmp_path / "page", npm, {"for_photographs": graphs, "for_frames": nir_graphs})
    frame, asked = photos / "gray.png", []
    expected = Colorizer.from_pretrained(nir_graphs, engine="onnx")(frame).pixels
    with serve_files(tmp_path / "page", asked) as url, visitor(browser, url, **DESKTOP) as tab:
        tab.open(frame)
        assert [path for path in asked if "for_frames" in path] == []
        tab.choose_model("for_frames")
        assert [path for path in asked if "for_frames" in path] != []
        found = pixels(tab.download(format="PNG"))
    assert decibels(found, expected) > 40
    assert np.abs(read(found).luminance.astype(int) - read(frame).luminance).mean() > 5  # the scene's in visible light


@pytest.mark.parametrize("options", [DESKTOP | {"dark": True}, PHONE], ids=["desktop, dark", "phone, light"])
def test_it_shuts_nobody_out(
    browser: Browser, url: str, axe: str, colorizer: Colorizer, options: dict[str, Any]
) -> None:
    with visitor(browser, url, **options) as tab:
        found = problems(tab, axe)
        tab.open_example("Coffee cup")
        tab.paint((0.25, 0.5), color="teal")
        expect(tab.part("suggestions").get_by_role("button").first).to_be_visible()
        found += problems(tab, axe)
        tab.press("undo")
        assert decibels(pixels(tab.download(format="PNG")), colorizer(read(CUP)).pixels) > 40
        assert fits(tab)
        for name in ("Many photos", "How it works"):
            tab.go_to(name)
            found += problems(tab, axe)
            assert fits(tab)
        assert found == []


class TestExport:
    def test_what_every_visitor_loads_is_small_enough(self, written: tuple[Path, list[Weight]]) -> None:
        *first, later = written[1]
        assert sum(weight.packed for weight in first) < MOST_BYTES
        assert later.part == "the network second"

    def test_has_the_licences_of_what_comes_from_npm(self, page: Path) -> None:
        text = (page / "LICENSES.txt").read_text("utf-8")
        assert [library.name for library in LIBRARIES if f"({library.folder}/)" not in text] == []
        assert "based in part on\nthe work of the Independent JPEG Group" in text

    def test_takes_what_the_manual_names(self) -> None:
        manual = (ROOT / "docs" / "browser.md").read_text("utf-8")
        packages = json.loads((ROOT / "package.json").read_text("utf-8"))["dependencies"]
        assert [name for name, version in packages.items() if f"| `{name}` {version}, " not in manual] == []
        assert {library.name for library in LIBRARIES} == set(packages)

    def test_refuses_a_folder_that_is_taken(self, npm: Path, tmp_path: Path) -> None:
        (tmp_path / "kept.txt").write_text("mine")
        with pytest.raises(CheckpointError, match="is there already; give a folder that is new or empty"):
            export_page(tmp_path, npm, {})
        assert [path.name for path in tmp_path.iterdir()] == ["kept.txt"]

    def test_says_what_npm_has_not_installed(self, graphs: Path, tmp_path: Path) -> None:
        with pytest.raises(
            ColorizerError, match=r"has no ort\.wasm\.min\.mjs of onnxruntime-web; give the folder into which npm"
        ):
            export_page(tmp_path / "page", tmp_path, {"first": graphs})
        assert list(tmp_path.iterdir()) == []

    def test_command_asks_for_graphs(self, npm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("colorizer_hf.webui.tab_files.find_graphs", lambda name: None)
        result = CliRunner().invoke(app, ["export-web", str(tmp_path / "page"), "--npm", str(npm)])
        assert isinstance(result.exception, CheckpointError)
        assert "colorizer export chromaformer" in str(result.exception)


class TestMetadata:
    """The package's own rule, by the package's own reader."""

    @pytest.fixture
    def told(self, tmp_path: Path) -> Path:
        """A photo with a word of every kind, some of them not true of a new one."""
        exif = Image.Exif()
        exif[0x010E], exif[0x0131], exif[0x0132] = "Fête au village", "Camera 1.0", "1931:05:06 07:08:09"
        exif[0x8769] = {0x9003: "1931:05:06 07:08:09", 0xA001: 65535, 0xA500: 2.2, 0x829A: 0.01}
        exif[0x8825] = {1: "N", 2: (48.0, 51.0, 24.5)}
        xmp = (
            b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
            b'<rdf:Description rdf:about="" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
            b' photoshop:ICCProfile="x" photoshop:City="Lyon" xmlns:dc="http://purl.org/dc/elements/1.1/">'
            b"<dc:format>image/jpeg</dc:format><dc:title><rdf:Alt><rdf:li>One &amp; two</rdf:li></rdf:Alt></dc:title>"
            b"</rdf:Description></rdf:RDF></x:xmpmeta>"
        )
        captions = b"\x1c\x02\x78\x00\x05A day"
        metadata = Metadata(exif_block(exif), xmp, (240.0, 240.0), captions, texts=(comment("On the back: 1931"),))
        with Image.open(CUP) as picture:
            write(np.asarray(picture.convert("RGB")), tmp_path / "told.jpg", metadata=metadata)
        return tmp_path / "told.jpg"

    @pytest.mark.parametrize("format", ["JPEG", "PNG"])
    def test_is_what_the_package_writes(self, tab: Tab, told: Path, colorizer: Colorizer, format: str) -> None:
        tab.open(told)
        found = read(tab.download(format=format).path()).metadata
        by_package = told.with_name(f"package.{format.lower()}")
        colorizer(told).save(by_package)
        expected = read(by_package).metadata
        assert dict(found.exif_tags()) == dict(expected.exif_tags())
        assert properties(found) == properties(expected)
        assert found.dpi == pytest.approx(expected.dpi, abs=0.1)
        assert (found.iptc, found.texts) == (expected.iptc, expected.texts)


def properties(metadata: Metadata) -> list[tuple[str, str]]:
    """What XMP says."""
    assert metadata.xmp is not None
    return sorted((one.name, one.value.strip()) for one in find_properties(metadata.xmp)[0])
