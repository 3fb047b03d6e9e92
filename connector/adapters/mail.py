"""E-mail by SMTP, through the one server that the operator named.

The host is the deployment's own word, so that it may lie in a private network; addresses that people enter only ever
become recipients of a message.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage

from connector.errors import NeedsAdmin, RejectedInput, RetryLater

TIMEOUT = 15.0
"""Seconds for each step of the dialogue."""
_PAUSE = 900.0

STARTTLS, TLS, PLAIN = "starttls", "tls", "none"


@dataclass(frozen=True, slots=True)
class Mailer:
    """Sends messages as ``sender``. ``security``: ``starttls``, ``tls`` (from the first byte) or ``none``.

    Without a ``user`` the server takes mail of this host unasked.
    """

    host: str
    port: int
    sender: str
    security: str = STARTTLS
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    def send(self, message: EmailMessage) -> None:
        """Send a message to whom its ``To`` names, from :attr:`sender`.

        Raises ``RejectedInput`` where the server will never take it for this address, ``NeedsAdmin`` where it does not
        take our sign-in or sender, ``RetryLater`` for everything that passes.
        """
        del message["From"]
        message["From"] = self.sender
        try:
            with self._open() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as refused:
            code = max((code for code, _ in refused.recipients.values()), default=0)
            if code >= 500:
                raise RejectedInput(f"The mail server does not take mail for this address (code {code}).") from None
            raise RetryLater(f"The mail server put the message off (code {code}).", after_seconds=_PAUSE) from None
        except (smtplib.SMTPAuthenticationError, smtplib.SMTPSenderRefused, smtplib.SMTPNotSupportedError) as refused:
            code = getattr(refused, "smtp_code", 0)
            if 400 <= code < 500:
                raise RetryLater(f"The mail server is busy (code {code}).", after_seconds=_PAUSE) from None
            raise NeedsAdmin(
                f"The mail server does not let this product send (code {code or 'none'}).",
                remedy="Look at the settings CONNECTOR_SMTP_….",
            ) from None
        except smtplib.SMTPDataError as refused:
            if refused.smtp_code >= 500:
                raise RejectedInput(f"The mail server refused the message (code {refused.smtp_code}).") from None
            raise RetryLater("The mail server put the message off.", after_seconds=_PAUSE) from None
        except ssl.SSLCertVerificationError:
            raise NeedsAdmin(
                f"The mail server's certificate is not one for {self.host} that this host trusts.",
                remedy="Name the server as its certificate does in CONNECTOR_SMTP_HOST, or install its authority.",
            ) from None
        except (smtplib.SMTPException, OSError) as trouble:
            # Its text may hold what the server repeats of the dialogue.
            raise RetryLater(
                f"The mail server can't be used now: {type(trouble).__name__}.", after_seconds=_PAUSE
            ) from None

    def _open(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.security == TLS:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT, context=context)
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT)
        try:
            if self.security == STARTTLS:
                server.starttls(context=context)
            if self.user is not None:
                server.login(self.user, self.password or "")
        except BaseException:
            server.close()
            raise
        return server
