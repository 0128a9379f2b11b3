"""What a person did stays: through a reload, a lost connection, a restarted server, and another photo."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Route, expect

from tests.webui.photos import CUP
from tests.webui.servers import serve
from tests.webui.tabs import Tab, same

INTERNALS = ("SyntaxError", "parse", "token", "errored", "Traceback", "undefined")


@pytest.fixture
def tab(open_tab: Callable[..., Tab]) -> Tab:
    return open_tab()


@pytest.fixture
def painted(tab: Tab) -> Tab:
    """A photo of the person's own, with a dab and less vividness than usual."""
    tab.open(CUP)
    tab.paint((0.25, 0.5), color="teal")
    tab.set_vividness(0.4)
    return tab


def go_on(tab: Tab) -> None:
    """Take what the page offers on return."""
    expect(tab.part("offer-text")).to_have_text("Go on with coffee_cup.jpg?")
    with tab.new_picture():
        tab.part("go-on").click()


class TestReturning:
    def test_after_a_reload_the_page_offers_to_go_on_and_everything_is_as_it_was(self, painted: Tab) -> None:
        seen, hints = painted.shown(), painted.hints()
        painted.open_menu("file")
        painted.part("format").get_by_role("radio", name="PNG").check()
        painted.part("note").uncheck()
        painted.page.reload()
        go_on(painted)
        assert same(painted.shown(), seen)
        assert painted.hints() == hints
        expect(painted.vividness).to_have_value("0.4")
        expect(painted.part("format-name")).to_have_text("PNG")
        expect(painted.part("note")).not_to_be_checked()
        painted.press("undo")
        painted.press("undo")
        assert painted.hints() == []

    def test_an_example_is_gone_on_with_as_well(self, tab: Tab) -> None:
        tab.open_example("Coffee cup")
        tab.paint((0.25, 0.5), color="teal")
        tab.page.reload()
        go_on(tab)
        assert len(tab.hints()) == 1

    def test_after_a_visit_elsewhere_too(self, painted: Tab) -> None:
        address = painted.page.url
        painted.page.goto("about:blank")
        painted.page.goto(address)
        go_on(painted)
        assert len(painted.hints()) == 1

    def test_one_click_forgets_it(self, painted: Tab) -> None:
        painted.page.reload()
        painted.part("forget").click()
        expect(painted.part("offer")).to_be_hidden()
        painted.page.reload()
        expect(painted.part("start")).to_be_visible()
        expect(painted.part("offer")).to_be_hidden()
        kept = painted.page.evaluate("""() => new Promise((resolve, reject) => {
            const request = indexedDB.open("colorizer");
            request.onerror = reject;
            request.onsuccess = () => {
                const reading = request.result.transaction("files").objectStore("files").count();
                reading.onsuccess = () => resolve(reading.result);
            };
        })""")
        assert kept == 0


class TestAnotherPhoto:
    def test_a_photo_that_was_put_away_is_offered_again(self, painted: Tab) -> None:
        seen = painted.shown()
        painted.part("another-photo").click()
        go_on(painted)
        assert same(painted.shown(), seen)

    def test_one_dropped_over_an_edited_photo_can_be_undone(self, painted: Tab, photos: Path) -> None:
        seen = painted.shown()
        with painted.new_picture():
            painted.drop(photos / "gray.png", onto="picture")
        expect(painted.part("facts")).to_contain_text("gray.png")
        expect(painted.part("notice-text")).to_have_text("coffee_cup.jpg was put away.")
        with painted.new_picture():
            painted.part("notice-action").click()
        expect(painted.part("facts")).to_contain_text("coffee_cup.jpg")
        assert same(painted.shown(), seen)
        assert len(painted.hints()) == 1

    def test_its_vividness_is_the_usual_one_again(self, painted: Tab) -> None:
        painted.part("another-photo").click()
        painted.open_example("Migrant family 1936")
        expect(painted.vividness).to_have_value("0.7")


class TestConnection:
    def test_an_edit_made_while_the_server_is_away_is_there_when_it_is_back(
        self, tmp_path: Path, open_tab: Callable[..., Tab]
    ) -> None:
        with serve(tmp_path / "first") as server:
            tab = open_tab(server.url)
            tab.open(CUP)
        port = urlsplit(server.url).port
        tab.use("brush")
        tab.page.get_by_role("button", name="teal", exact=True).click()
        tab.drag((0.25, 0.5))
        expect(tab.page.get_by_text("The connection is away").first).to_be_visible()
        tab.drag((0.8, 0.2))
        with ExitStack() as servers:
            with tab.new_picture():
                servers.enter_context(serve(tmp_path / "second", port=port))
            expect(tab.part("dabs-title")).to_have_text("Dabs on the photo: 2")
            assert len(tab.hints()) == 2

    def test_what_needs_the_photo_waits_until_the_server_has_it(self, tab: Tab) -> None:
        tab.page.route("**/gradio_api/upload*", lambda route: None)  # never answered
        tab.choose_file(CUP)
        tab.open_menu("more")
        for name in ("save-hints", "load-hints", "download"):
            expect(tab.part(name)).to_be_disabled()

    def test_an_edit_made_without_a_network_is_there_when_it_is_back(self, painted: Tab) -> None:
        painted.page.context.set_offline(True)
        painted.use("brush")
        painted.drag((0.8, 0.2))
        expect(painted.page.get_by_text("The connection is away").first).to_be_visible()
        painted.page.context.set_offline(False)
        expect(painted.part("dabs-title")).to_have_text("Dabs on the photo: 2")
        expect(painted.part("stage")).to_have_attribute("data-busy", "false")
        expect(painted.part("after")).to_be_visible()
        assert len(painted.hints()) == 2

    def test_what_a_broken_gateway_says_is_told_in_plain_words(self, painted: Tab) -> None:
        def broken(route: Route) -> None:
            route.fulfill(status=502, body="<html>Bad gateway</html>", content_type="text/html")

        painted.page.route("**/queue/join*", broken)
        painted.use("brush")
        painted.drag((0.8, 0.2))
        expect(painted.part("error-text")).to_contain_text("try again in a moment")
        said = painted.page.locator("body").inner_text()
        assert not [word for word in INTERNALS if word in said]
        painted.page.unroute("**/queue/join*", broken)
        painted.paint((0.5, 0.9))
        assert len(painted.hints()) == 3
