"""Pages in a real browser, opened from disk, with no network."""

from __future__ import annotations


class Opened:
    """A page with all that it said and asked for."""

    def __init__(self, browser, path, width=1500, **context):
        context = browser.new_context(viewport={"width": width, "height": 950}, **context)
        context.set_offline(True)
        self.page = context.new_page()
        self.page.set_default_timeout(5000)
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(dialog.message))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.url = path.as_uri()
        self.page.goto(self.url)
        self.settle()

    def settle(self) -> None:
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )

    def close(self) -> None:
        """Nothing went wrong, and nothing but the page was asked for."""
        assert self.said == []
        assert self.asked == [self.url]
        self.page.context.close()
