"""What a digest and an alert say: subject, plain text, HTML, and the lines for a chat, from one template each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from email.message import EmailMessage

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import escape

from connector.services.digest.alerts import Alert
from connector.services.kpis.shapes import KpiReport
from connector.services.kpis.wording import told
from connector.services.objectives.measuring import Standing

LARGEST = 5_000_000
"""Bytes of a file that is attached: a third more on its way, and many servers take ten million at most."""

_TEMPLATES = Environment(
    loader=PackageLoader("connector.services.digest"),
    autoescape=select_autoescape(("html",)),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters["told"] = told


@dataclass(frozen=True, slots=True)
class Said:
    """A message before it has a recipient; ``text`` is also what a chat is told. ``pdfs``: file name and contents."""

    subject: str
    text: str
    html: str
    pdfs: Sequence[tuple[str, bytes]] = field(default=(), repr=False)

    def as_mail(self, to: str, message_id: str, unsubscribe: str) -> EmailMessage:
        """Return it as multipart: plain text first, for who reads no HTML. The sender is the mailer's to fill in.

        ``unsubscribe`` is the address at which this recipient takes itself off the list, in one click (RFC 8058).
        """
        message = EmailMessage()
        message["To"] = to
        message["Subject"] = self.subject
        # The same with every try, so that a mailbox shows what came twice once.
        message["Message-ID"] = message_id
        # RFC 3834: nobody's out-of-office note has to answer.
        message["Auto-Submitted"] = "auto-generated"
        message["List-Unsubscribe"] = f"<{unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(f"{self.text}\nUnsubscribe: {unsubscribe}\n")
        link = f'<p style="font-size: 0.9em"><a href="{escape(unsubscribe)}">Unsubscribe</a></p>\n</body>'
        message.add_alternative(self.html.replace("</body>", link), subtype="html")
        for name, contents in self.pdfs:
            message.add_attachment(contents, maintype="application", subtype="pdf", filename=name)
        return message


def digest(
    organisation: str, report: KpiReport, alerts: Sequence[Alert], url: str, agreed: Standing | None = None
) -> Said:
    """Return the week in figures with what is to be done, and how what was signed (``agreed``) is kept."""
    name = _plain(organisation)
    subject = f"{name}: lead scores in the week to {report.made_at:%-d %b %Y}"
    return _rendered("digest", subject, organisation=name, report=report, alerts=alerts, url=url, agreed=agreed)


def alert(organisation: str, alerts: Sequence[Alert], url: str) -> Said:
    """Return alerts that opened; there is at least one."""
    name = _plain(organisation)
    more = f" (and {len(alerts) - 1} more)" if len(alerts) > 1 else ""
    subject = f"{name}: {_plain(alerts[0].sentence)}{more}"
    return _rendered("alert", subject, organisation=name, alerts=alerts, url=url)


def report(organisation: str, title: str, summary: Sequence[str], url: str, pdf: tuple[str, bytes]) -> Said:
    """Return a report of a month or a quarter, in its sentences and, where mail servers take it, as PDF."""
    name = _plain(organisation)
    fits = len(pdf[1]) <= LARGEST
    told = {"organisation": name, "title": title, "summary": summary, "url": url, "attached": fits}
    return replace(_rendered("report", f"{name}: {_plain(title)}", **told), pdfs=(pdf,) if fits else ())


def _rendered(name: str, subject: str, **values: object) -> Said:
    text, html = (
        _TEMPLATES.get_template(f"{name}.{kind}").render(subject=subject, **values) for kind in ("txt", "html")
    )
    return Said(subject, text, html)


def _plain(text: str) -> str:
    """One line, for a header: an organisation or a CRM may be called anything."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
