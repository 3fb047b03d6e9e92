"""What an answer's markup would make a browser do: scripts, handlers, styles and addresses outside."""

from __future__ import annotations

from html.parser import HTMLParser

LEADING = ("href", "src", "action", "formaction", "poster", "data", "srcset", "xlink:href", "ping", "background")
"""Attributes that name an address."""

_FOREIGN = ("iframe", "object", "embed", "base", "frame", "meta")


class Markup(HTMLParser):
    """Reads a page as a browser does and keeps what a strict page does not have."""

    def __init__(self, outside: tuple[str, ...] = ()) -> None:
        """``outside``: beginnings of the addresses that links may lead to."""
        super().__init__()
        self.found: list[str] = []
        self._outside = outside

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one element."""
        values = {name: value or "" for name, value in attrs}
        if tag == "style" or (tag == "script" and not values.get("src", "").startswith("/static/")):
            self.found.append(f"<{tag}>")
        if tag in _FOREIGN and values.get("charset") is None and values.get("name") not in ("viewport", "color-scheme"):
            self.found.append(f"<{tag}>")
        self.found += [f"{name}=" for name in values if name == "style" or name.startswith("on") or name == "srcdoc"]
        for name in LEADING:
            value = values.get(name)
            if value and not self._is_good(value):
                self.found.append(f"{name}={value[:80]}")

    def _is_good(self, value: str) -> bool:
        inside = value.startswith(("/", "#", "?")) and not value.startswith(("//", "/\\"))
        return inside or value.startswith(self._outside)


def strange(text: str, outside: tuple[str, ...] = ()) -> list[str]:
    """Return what in a page runs, styles or leads where nothing of the product's does."""
    read = Markup(outside or ("\0",))
    read.feed(text)
    read.close()
    return read.found
