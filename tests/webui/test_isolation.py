"""Nobody sees another's photo, and nothing of it stays."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest
from playwright.sync_api import expect

from colorizer_hf.hints import hints_from_json
from colorizer_hf.imaging import read
from colorizer_hf.loading import AnyColorizer, load_colorizer
from tests.webui.photos import CUP, EXAMPLES
from tests.webui.servers import Server
from tests.webui.tabs import Tab, wait_until

FAMILY = EXAMPLES / "migrant_family_1936.jpg"


@pytest.fixture(scope="module")
def pipeline() -> AnyColorizer:
    return load_colorizer(device="cpu")


def folder_name(tab: Tab) -> str:
    """The part of a picture's address that belongs to the tab alone."""
    return urlsplit(tab.address()).path.split("/")[-3]


def folder_of(server: Server, tab: Tab) -> Path:
    """The folder on the server's disk in which the tab's pictures lie."""
    (folder,) = server.files.glob(f"*/*/{folder_name(tab)}")
    return folder


def disconnect(tab: Tab) -> None:
    """To the server the tab is gone, as when a computer sleeps: another connection of the same session ends."""
    heartbeat = next(url for url in tab.requests if "/heartbeat/" in url)
    with httpx.stream("GET", heartbeat, trust_env=False) as answer:
        next(answer.iter_lines())


def test_two_people_at_once_see_their_own_photos_only_at_addresses_that_cannot_be_guessed(
    open_tab: Callable[..., Tab], pipeline: AnyColorizer
) -> None:
    tabs = {CUP: open_tab(), FAMILY: open_tab()}
    for photo, tab in tabs.items():
        tab.choose_file(photo)  # and the next person at once
    for (photo, tab), color in zip(tabs.items(), ("teal", "red"), strict=True):
        expect(tab.part("stage")).to_have_attribute("data-revision", "1")
        expect(tab.part("facts")).to_contain_text(photo.name)
        tab.use("brush")
        tab.page.get_by_role("button", name=color, exact=True).click()
    for place in ((0.6, 0.3), (0.2, 0.6)):
        for tab in tabs.values():
            tab.drag(place)
    for photo, tab in tabs.items():
        expect(tab.part("stage")).to_have_attribute("data-revision", "3")
        own = read(photo)
        hints = hints_from_json(tab.save_hints(), own.size)
        assert len(hints) == 2
        expected = np.asarray(pipeline(own, hints=hints).preview())
        assert np.abs(tab.shown().astype(int) - expected).mean() < 4  # what WebP costs
    names = [folder_name(tab) for tab in tabs.values()]
    assert names[0] != names[1]
    assert all(len(name) >= 32 for name in names)  # nobody guesses these
    folder_of_all_tabs = tabs[CUP].address().partition(names[0])[0]
    assert not httpx.get(folder_of_all_tabs, trust_env=False).is_success


def test_nothing_of_a_tab_is_left_when_it_closes(open_tab: Callable[..., Tab], server: Server, photos: Path) -> None:
    files = server.temporary_files()
    tab = open_tab()
    tab.open(photos / "gray.png")
    tab.download()
    address, folder = tab.address(), folder_of(server, tab)
    assert httpx.get(address, trust_env=False).is_success
    tab.close()
    wait_until(lambda: not folder.exists())
    assert not httpx.get(address, trust_env=False).is_success
    wait_until(lambda: server.temporary_files() <= files)


def test_nothing_of_a_photo_is_left_when_it_is_put_away(open_tab: Callable[..., Tab], server: Server) -> None:
    tab = open_tab()
    tab.open(CUP)
    folder = folder_of(server, tab)
    tab.part("another-photo").click()
    wait_until(lambda: not folder.exists())


def test_a_photo_that_is_put_away_while_it_is_coloured_brings_no_complaint_and_the_next_one_opens(
    open_tab: Callable[..., Tab], server: Server
) -> None:
    tab = open_tab()
    tab.open(CUP)
    folder = folder_of(server, tab)
    tab.part("error-text").evaluate(
        "text => new MutationObserver(() => window.complained = true).observe(text, { childList: true })"
    )
    tab.use("brush")
    tab.page.get_by_role("button", name="red", exact=True).click()
    for place in ((0.3, 0.3), (0.5, 0.5), (0.7, 0.7)):
        tab.drag(place)
    tab.part("another-photo").click()
    tab.open_example("Migrant family 1936")
    tab.paint((0.62, 0.30), color="teal")
    assert len(tab.hints()) == 1
    wait_until(lambda: not folder.exists())
    assert not tab.page.evaluate("window.complained")


@pytest.mark.parametrize("example", [False, True], ids=["upload", "example"])
def test_a_photo_that_the_server_has_lost_is_given_again_with_its_strokes(
    example: bool, open_tab: Callable[..., Tab], server: Server, pipeline: AnyColorizer
) -> None:
    tab = open_tab()
    if example:
        tab.open_example("Coffee cup")
    else:
        tab.open(CUP)
    tab.paint((0.25, 0.5), color="teal")
    folder = folder_of(server, tab)
    disconnect(tab)
    wait_until(lambda: not folder.exists())

    tab.paint((0.9, 0.2), color="red")
    expect(tab.part("error")).to_be_hidden()
    photo = read(CUP)
    hints = hints_from_json(tab.save_hints(), photo.size)
    assert [hint.color for hint in hints] == ["#4c8f8b", "#c0282d"]
    expected = np.asarray(pipeline(photo, hints=hints).preview())
    assert np.abs(tab.shown().astype(int) - expected).mean() < 4


def test_a_photo_whose_files_are_gone_from_the_disk_is_no_end_of_the_work(
    open_tab: Callable[..., Tab], server: Server
) -> None:
    tab = open_tab()
    tab.open(CUP)
    for file in folder_of(server, tab).rglob("*.*"):
        file.unlink()
    tab.paint((0.25, 0.5), color="teal")
    assert tab.shown().shape == (400, 600, 3)
    assert len(tab.hints()) == 1
