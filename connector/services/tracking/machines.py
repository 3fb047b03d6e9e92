"""Which visits are machines': kept, and set apart as machine-made.

The rule, in full: a browser that says that a program drives it (``navigator.webdriver``), no User-Agent at all, or one
that contains "bot" (but for the telephones called Cubot) or one of these words. It knows honest robots and test tools;
one that poses as a person passes.
"""

from __future__ import annotations

import re

WORDS = (
    "crawl spider slurp headless phantom selenium puppeteer playwright lighthouse preview monitor pingdom uptime "
    "scan fetch facebookexternalhit curl wget python java/ go-http okhttp libwww httpclient axios"
).split()
_MACHINE = re.compile("|".join(["(?<!cu)bot", *map(re.escape, WORDS)]), re.IGNORECASE)


def by_machine(user_agent: str | None) -> bool:
    """Tell whether a User-Agent is a program's."""
    return not user_agent or _MACHINE.search(user_agent) is not None
