"""``python -m connector.sandbox hubspot --port 0 --port-file F``: serve one sandbox until told to end."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from connector.sandbox.config import AppRegistration, Filling, Oauth, Portal, SandboxConfig, Webhooks
from connector.sandbox.imports import ExportError
from connector.sandbox.server import VENDORS, start


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status (2: the export can't be used)."""
    options = _parser().parse_args(arguments)
    ended = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: ended.set())
    try:
        running = start(_config(options))
    except ExportError as error:
        print(error, file=sys.stderr)  # noqa: T201 (a command's own output)
        return 2
    print(running.origin, flush=True)  # noqa: T201 (a command's own output)
    if options.port_file:
        _write_port(options.port_file, running.origin.rpartition(":")[2])
    ended.wait()
    running.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m connector.sandbox", description=__doc__)
    parser.add_argument("vendor", choices=sorted(VENDORS))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--port-file", type=Path, help="written once the sandbox answers")
    parser.add_argument("--client-id", default="sandbox-client")
    parser.add_argument("--client-secret", default="sandbox-secret")
    parser.add_argument("--redirect-uri", action="append", default=[], help="may be repeated")
    parser.add_argument("--webhook-url", default="")
    parser.add_argument("--subscribe", action="append", default=[], help="contact.propertyChange:jobtitle; repeatable")
    parser.add_argument("--webhook-retry-factor", type=float, default=1.0)
    parser.add_argument("--portal-id", type=int, default=Portal().portal_id)
    parser.add_argument("--tier", default="professional", choices=["free", "starter", "professional", "enterprise"])
    parser.add_argument("--contacts", type=int, default=10_000, help="size of the generated population")
    parser.add_argument("--share", type=_share, default=1.0, help="part of the population that this CRM knows, 0 to 1")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--now", type=_moment, help="where the generated population ends (ISO 8601)")
    parser.add_argument("--data", type=Path, help="folder of a real export, instead of a generated population")
    parser.add_argument("--mapping", type=Path, help="mapping.toml, where it is not the folder's own")
    parser.add_argument("--token-seconds", type=float, default=1800.0)
    parser.add_argument("--rotate", action="store_true", help="rotate refresh tokens")
    parser.add_argument("--latency", type=float, default=0.02, help="seconds added to each answer")
    parser.add_argument("--index-lag", type=float, default=2.0, help="seconds until search sees a change")
    parser.add_argument("--request-log", type=Path)
    return parser


def _config(options: argparse.Namespace) -> SandboxConfig:
    default = AppRegistration()
    app = AppRegistration(
        client_id=options.client_id,
        client_secret=options.client_secret,
        redirect_uris=tuple(options.redirect_uri) or default.redirect_uris,
    )
    return SandboxConfig(
        vendor=options.vendor,
        host=options.host,
        port=options.port,
        app=app,
        oauth=Oauth(access_seconds=options.token_seconds, rotate=options.rotate),
        webhooks=Webhooks(options.webhook_url, tuple(options.subscribe), options.webhook_retry_factor),
        portals=(Portal(portal_id=options.portal_id, tier=options.tier),),
        filling=Filling(
            options.contacts,
            options.seed,
            options.now,
            folder=options.data,
            mapping=options.mapping,
            share=options.share,
        ),
        latency_seconds=options.latency,
        index_lag_seconds=options.index_lag,
        request_log=options.request_log,
    )


def _moment(text: str) -> datetime:
    """Return an ISO 8601 time; one without a zone is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _share(text: str) -> float:
    """Return a share; raises ``ValueError`` for one that is not between 0 and 1."""
    share = float(text)
    if not 0.0 < share <= 1.0:
        raise ValueError(f"A share lies in (0, 1], not {share}.")
    return share


def _write_port(file: Path, port: str) -> None:
    # Renamed into place, so that no reader ever sees half a number.
    partial = file.with_suffix(".partial")
    partial.write_text(port, encoding="ascii")
    partial.replace(file)


if __name__ == "__main__":
    sys.exit(main())
