"""Photos are private: neither the page nor its server talks to any other machine."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import expect

from tests.webui.servers import Server
from tests.webui.tabs import Tab


def test_a_whole_visit_asks_no_other_machine_for_anything(
    open_tab: Callable[..., Tab], server: Server, photos: Path
) -> None:
    tab = open_tab()
    tab.open_example("Coffee cup")
    tab.open(photos / "gray.png")
    tab.paint((0.5, 0.5), color="red")
    tab.set_vividness(0.5)
    tab.download()
    tab.go_to("How it works")
    tab.go_to("Many photos")
    tab.page.locator("#photos input[type=file]").set_input_files(photos / "gray.png")
    expect(tab.page.locator("#photos")).to_contain_text("gray")
    tab.page.get_by_role("button", name="Colour all").click()
    expect(tab.page.locator("#archive")).to_contain_text("colorized")
    assert len(tab.requests) > 10
    assert tab.requests_outside() == []
    assert server.asked == []
