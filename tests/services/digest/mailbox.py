"""A mail server on this machine that keeps what it took, by a library that speaks SMTP as servers do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from connector.adapters.mail import PLAIN, Mailer

SENDER = "scores@connector.example"
PASSWORD = "sesame-of-the-mail"


@dataclass
class Mailbox:
    """Answers each recipient with ``refusals`` (address → answer), or takes the message."""

    port: int = 0
    got: list[EmailMessage] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)

    def mailer(self, **more: Any) -> Mailer:
        """The way here."""
        return Mailer("127.0.0.1", self.port, SENDER, **{"security": PLAIN, **more})

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.got.append(message)
        return "250 OK"


def _known(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
    good = isinstance(data, LoginPassword) and data.password == PASSWORD.encode()
    return AuthResult(success=good, handled=False)


class _OnAnyPort(Controller):
    """On a port that the system chooses: the library asks the one that it was given whether it answers."""

    def _trigger_server(self) -> None:
        assert self.server
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def listening(**options: Any) -> Iterator[Mailbox]:
    """Give a server; ``options`` are those of aiosmtpd."""
    box = Mailbox()
    control = _OnAnyPort(box, hostname="127.0.0.1", port=0, authenticator=_known, **options)
    control.start()
    box.port = control.port
    yield box
    control.stop()
