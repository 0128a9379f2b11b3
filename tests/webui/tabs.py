"""A browser tab, and what a person does in it."""

from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage


class Tab:
    """The page, opened by a person of its own: no cookies or storage are shared with other tabs.

    Args:
        browser: Where to open it.
        url: Of the page.
        width: Of the window, in CSS pixels.
        height: Of the window.
        dark: Whether the person prefers dark pages.
        touch: Whether the screen can be touched.

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
    ) -> None:
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.crashes: list[str] = []
        self._context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light", has_touch=touch
        )
        self.page = self._context.new_page()
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.crashes.append(str(error)))
        self.page.goto(url)

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def close(self) -> None:
        """The person leaves."""
        self._context.close()

    def requests_outside(self) -> list[str]:
        """The requests that were for another machine."""
        return [url for url in self.requests if urlsplit(url).hostname not in ("127.0.0.1", None)]
