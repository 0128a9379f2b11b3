"""A browser tab, and what a person does in it."""

import base64
import io
import json
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, ConsoleMessage, Download, Error, FilePayload, Locator, expect

Place = tuple[float, float]
"""x and y in shares of the photo's width and height"""

_ANOTHER_PICTURE = """old => {
    const part = (name) => document.querySelector(`[data-testid=${name}]`);
    const shown = part("after")?.getAttribute("src"); // there is none while the page is being loaded
    return part("stage")?.dataset.busy === "false" && shown && shown !== old;
}"""

_READ = """address => new Promise((resolve, reject) => {
    const picture = Object.assign(new Image(), { src: address, onerror: reject });
    picture.onload = () => {
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [picture.width, picture.height];
        canvas.getContext("2d").drawImage(picture, 0, 0);
        resolve(canvas.toDataURL("image/png"));
    };
})"""

_COPY = """async data => {
    const png = await (await fetch(`data:image/png;base64,${data}`)).blob();
    await navigator.clipboard.write([new ClipboardItem({ "image/png": png })]);
}"""


class Tab:
    """The page, opened by a person of its own: no cookies or storage are shared with other tabs.

    Args:
        browser: Where to open it.
        url: Of the page.
        width: Of the window, in CSS pixels.
        height: Of the window.
        dark: Whether the person prefers dark pages.
        touch: Whether the screen can be touched.
        density: Pixels of the screen per CSS pixel.
        kept: Whether the browser may keep the page, with all its files, by a service worker.

    Attributes:
        page: Playwright's handle.
        requests: Every address the page asked for.
        complaints: Errors on the console. A refused upload is one, so only some tests demand that there be none.
        crashes: Exceptions that no script caught.
    """

    def __init__(
        self,
        browser: Browser,
        url: str,
        *,
        width: int = 1280,
        height: int = 800,
        dark: bool = False,
        touch: bool = False,
        density: float = 1,
        kept: bool = True,
    ) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.crashes: list[str] = []
        self._context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            has_touch=touch,
            device_scale_factor=density,
            service_workers="allow" if kept else "block",
        )
        self.page = self._context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.crashes.append(str(error)))
        self.page.goto(url)
        expect(self.part("start")).to_be_visible()

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def close(self) -> None:
        """The person leaves."""
        self._context.close()

    def requests_outside(self) -> list[str]:
        """The requests that were for another machine."""
        return [url for url in self.requests if urlsplit(url).hostname not in ("127.0.0.1", None)]

    def part(self, name: str) -> Locator:
        """A part of the stage by the name that stage.html gives it."""
        return self.page.get_by_test_id(name)

    def go_to(self, name: str) -> None:
        """Turn to a tab of the page; where the window is too narrow for all of them, some are in a menu."""
        tab = self.page.get_by_role("tab", name=name)
        if not tab.is_visible():
            self.page.locator(".overflow-menu > button").click()
            tab = self.page.locator(".overflow-dropdown").get_by_text(name)
        tab.click()

    # What is shown

    @contextmanager
    def new_picture(self) -> Generator[None]:
        """What is done within changes the picture; goes on when the new one is shown and no newer one will come."""
        old = self.part("after").get_attribute("src")
        yield
        wait_until(lambda: self.holds(_ANOTHER_PICTURE, old))

    def holds(self, function: str, arg: Any = None) -> bool:
        """Whether a function of JavaScript gives something true; on a page that is being loaded it does not.

        Playwright's own waiting would make strings code, which a strict page forbids.
        """
        try:
            return bool(self.page.evaluate(function, arg))
        except Error:
            return False

    def shown(self, side: str = "after") -> np.ndarray:
        """The picture in colour, or the one `before`: (h, w, 3) uint8."""
        with Image.open(io.BytesIO(self._file(self.address(side)))) as picture:
            return np.asarray(picture.convert("RGB"))

    def _file(self, address: str) -> bytes:
        if address.startswith("blob:"):  # made by the page
            return base64.b64decode(self.page.evaluate(_READ, address).partition(",")[2])
        answer = self.page.request.get(address)
        assert answer.ok, answer.status_text
        return answer.body()

    def address(self, side: str = "after") -> str:
        """The URL of the picture that is shown."""
        return self.part(side).evaluate("image => image.src")

    def seen_beside(self, x: float) -> tuple[np.ndarray, np.ndarray]:
        """What is on the screen to the left and to the right of a vertical line through the photo: (h, w, 3) each."""
        box = self.part("sheet").bounding_box()
        with Image.open(io.BytesIO(self.page.screenshot(animations="disabled", clip=box))) as picture:
            pixels = np.asarray(picture.convert("RGB"))
        middle, margin = round(x * pixels.shape[1]), 30  # the divider's handle and the round corners are left out
        return pixels[margin:-margin, margin : middle - margin], pixels[margin:-margin, middle + margin : -margin]

    @contextmanager
    def bytes_received(self) -> Generator[list[int]]:
        """What answers to requests that begin within weigh, in bytes over the wire; complete when it is left."""
        devtools = self._context.new_cdp_session(self.page)
        begun: set[str] = set()
        weights: list[int] = []

        def end(event: dict[str, Any]) -> None:
            if event["requestId"] in begun:
                begun.remove(event["requestId"])
                weights.append(int(event.get("encodedDataLength", 0)))

        devtools.on("Network.requestWillBeSent", lambda event: begun.add(event["requestId"]))
        devtools.on("Network.loadingFinished", end)
        devtools.on("Network.loadingFailed", end)
        devtools.send("Network.enable")
        yield weights
        self.page.wait_for_timeout(1000)  # what the page asks for after a while belongs to it
        while begun:
            self.page.wait_for_timeout(50)
        devtools.detach()

    # Opening

    def choose_file(self, path: Path) -> None:
        """Choose a file in the browser's dialog; what comes of it is not waited for."""
        self.part("drop-input").set_input_files(path)

    def open(self, photo: Path) -> None:
        """Choose a photo and see it in colour."""
        with self.new_picture():
            self.choose_file(photo)

    def open_example(self, label: str) -> None:
        """Click an example and see it in colour."""
        with self.new_picture():
            self.page.get_by_role("button", name=f"Example: {label}").click()

    def copy(self, png: bytes) -> None:
        """Have a picture on the clipboard."""
        self._context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page.evaluate(_COPY, base64.b64encode(png).decode())

    def drop(self, path: Path, onto: str) -> None:
        """Drag a file from elsewhere and let it go over the middle of a part of the stage."""
        self.drag_file(path, onto, end="drop")

    def drag_file(self, path: Path, onto: str, *, end: Literal["dragOver", "drop"]) -> None:
        """Drag a file from elsewhere over the middle of a part of the stage, and stay there or let it go."""
        self.part(onto).scroll_into_view_if_needed()
        box = self.part(onto).bounding_box()
        assert box is not None
        middle = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        files = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
        devtools = self._context.new_cdp_session(self.page)
        for step in dict.fromkeys(("dragEnter", "dragOver", end)):
            devtools.send("Input.dispatchDragEvent", {"type": step, **middle, "data": files})

    # Painting

    def paint(self, *places: Place, color: str | None = None) -> None:
        """Paint a stroke in a colour of the palette, a dab if there is one place only, and see what follows.

        Without a colour the one in use is taken; a stroke of none yet waits for one.
        """
        self.use("brush")
        if color:
            self.page.get_by_role("button", name=color, exact=True).click()
        with self.new_picture():
            self.drag(*places)

    def erase(self, *places: Place) -> None:
        """Draw the eraser over places that have paint, and see what follows."""
        self.use("eraser")
        with self.new_picture():
            self.drag(*places)

    def use(self, tool: str) -> None:
        """Take "compare", "brush" or "eraser"."""
        self.part(f"tool-{tool}").click()

    def drag(self, *places: Place) -> None:
        """Press the mouse at the first place of the photo, go over the others, let go."""
        points = [self.on_screen(place) for place in places]
        self.page.mouse.move(*points[0])
        self.page.mouse.down()
        for point in points[1:]:
            self.page.mouse.move(*point, steps=4)
        self.page.mouse.up()

    def on_screen(self, place: Place) -> tuple[float, float]:
        """Where in the window a place of the photo is."""
        self.part("picture").scroll_into_view_if_needed()
        box = self.part("sheet").bounding_box()
        assert box is not None
        return box["x"] + place[0] * box["width"], box["y"] + place[1] * box["height"]

    def press(self, name: str) -> None:
        """Press a button that changes the picture, in the toolbar or in its menu, and see what follows."""
        button = self.part(name)
        if not button.is_visible():
            self.open_menu("more")
        with self.new_picture():
            button.click()

    # The controls beside the stage, and files

    def set_vividness(self, vividness: float) -> None:
        """Move the slider, and see what follows."""
        with self.new_picture():
            self.vividness.fill(str(vividness))

    @property
    def vividness(self) -> Locator:
        """The slider."""
        return self.page.get_by_role("slider", name="Vividness")

    def open_menu(self, name: str) -> None:
        """Open a part of the stage that can be folded, unless it is open."""
        if self.part(name).get_attribute("open") is None:
            self.part(name).locator("summary").click()

    def choose_model(self, name: str) -> None:
        """Choose a model by the end of its name, and see what follows."""
        self.open_menu("settings")
        names = self.part("model").locator("option").all_inner_texts()
        with self.new_picture():
            self.part("model").select_option(next(each for each in names if each.endswith(name)))

    def save_hints(self) -> str:
        """The text of the hints file that the page gives."""
        self.open_menu("more")
        with self.page.expect_download() as download:
            self.part("save-hints").click()
        return download.value.path().read_text(encoding="utf-8")

    def choose_hints(self, text: str) -> None:
        """Choose a file with this text as one of hints; what comes of it is not waited for."""
        file: FilePayload = {"name": "hints.json", "mimeType": "application/json", "buffer": text.encode()}
        self.part("load-hints-input").set_input_files(file)

    def load_hints(self, text: str) -> None:
        """Choose a file of hints, and see what follows."""
        with self.new_picture():
            self.choose_hints(text)

    def hints(self) -> list[dict[str, Any]]:
        """The hints that the page would save: dicts of x, y, color, radius."""
        return json.loads(self.save_hints())["hints"]

    def download(self, *, format: str = "JPEG", note: bool = True) -> Download:
        """The coloured photo as a file."""
        self.open_menu("file")
        self.part("format").get_by_role("radio", name=format).check()
        self.part("note").set_checked(note)
        with self.page.expect_download() as download:
            self.part("download").click()
        return download.value


def same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two pictures differ by rounding only."""
    return one.shape == other.shape and np.abs(one.astype(int) - other).max() <= 2


def wait_until(condition: Callable[[], bool], *, seconds: float = 30) -> None:
    """Return when the condition holds; the test fails if it does not within a time that is long for it."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.05)
