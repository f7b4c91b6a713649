"""Reading pages, and results that try to break them."""

from __future__ import annotations

from html.parser import HTMLParser

POISON = """"'><script>alert(1)</script><img src=x onerror=alert(2)></style>--> \u2028\u2029&lt;"""

VOCABULARY = {"schema", "status", "verdict", "speed", "kind", "quantity", "agreement"}
"""Fields whose values the schema fixes."""

VOID = {"meta", "link", "br", "img", "input", "path", "rect", "circle"}


class Page(HTMLParser):
    """Elements with their attributes, scripts, and visible text; refuses unbalanced elements."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open[-1:] == ["script"]:
            self.scripts.append(data)
        elif self._open[-1:] != ["style"]:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


FREE = {"model", "data", "training", "policy", "environment", "automatic"}
"""Fields of a result whose keys are free."""


def poisoned(value, key="", free=FREE):
    """Markup in every string, names of settings included."""
    if isinstance(value, dict):
        return {k + POISON * (key in free): poisoned(v, k, free) for k, v in value.items()}
    if isinstance(value, list):
        return [poisoned(item, key, free) for item in value]
    return value + POISON if isinstance(value, str) and key not in VOCABULARY else value
