"""Post one message to one address, by e-mail or into a chat, and say how it went."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from connector.errors import CorruptSecret, NeedsAdmin, RejectedInput, RetryLater
from connector.services.context import Services
from connector.services.digest.addresses import Kind, opened
from connector.services.digest.messages import Said
from connector.store.recipients import Recipient

log = logging.getLogger("connector.digest")

_PAUSE = 300.0


@dataclass(frozen=True, slots=True)
class Posted:
    """``trouble`` is what the page says of the address, None where it was told. ``settled``: it was, or never will be,
    so that it is not asked again with the same. ``later``: it passes, and is to be tried again."""

    trouble: str | None = None
    settled: bool = True
    later: RetryLater | None = None

    def noted(self, now: datetime) -> dict[str, object]:
        """Return what to change of the recipient."""
        return {"trouble": None, "told_at": now} if self.trouble is None else {"trouble": self.trouble}


def post(services: Services, recipient: Recipient, said: Said, what: str) -> Posted:
    """Send a message to an address; ``what`` names it, the same with every try."""
    try:
        _send(services, recipient, said, what)
    except RejectedInput as refused:
        # Told as well as it ever will be: this address is not asked again every hour.
        posted = Posted(str(refused))
    except (NeedsAdmin, CorruptSecret) as hindered:
        posted = Posted(str(hindered), settled=False)
    except RetryLater as passing:
        posted = Posted(f"{passing} It is tried again.", settled=False, later=passing)
    else:
        return Posted()
    log.warning("address %s of tenant %s was not told", recipient.id, recipient.tenant_id)
    return posted


def _send(services: Services, recipient: Recipient, said: Said, what: str) -> None:
    address = opened(services, recipient)
    if recipient.kind == Kind.CHAT:
        reply = services.receivers.post_text(address, said.text)
        if 200 <= reply.status < 300:
            return
        if reply.status == 429 or reply.status >= 500:
            pause = max(reply.pause_seconds, _PAUSE)
            raise RetryLater(f"The chat answered {reply.status}.", after_seconds=pause)
        raise RejectedInput(f"The chat answered {reply.status}. Make a new incoming webhook there, and enter it here.")
    if services.mail is None:
        raise NeedsAdmin("This deployment has no mail server.", remedy="Its operator sets CONNECTOR_SMTP_HOST.")
    host = urlsplit(services.hooks.public_url).hostname or "localhost"
    unsubscribe = services.hooks.unsubscribe(recipient.tenant_id, recipient.id)
    services.mail.send(said.as_mail(address, f"<{what}.{recipient.id.hex}@{host}>", unsubscribe))
