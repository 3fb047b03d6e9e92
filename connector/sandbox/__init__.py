"""Stand-ins of the vendors' HTTP APIs, for demos, tests and benchmarks.

A sandbox is a real HTTP server on a port of its own that behaves like the vendor's API:
same paths, payloads, paging caps, rate limits and errors. It imports nothing else of the
connector, so that the product can only meet it over HTTP.
"""

from connector.sandbox.config import (
    AppRegistration,
    Filling,
    Limits,
    MailchimpAccount,
    Oauth,
    Org,
    Portal,
    SandboxConfig,
    Webhooks,
)
from connector.sandbox.server import RunningSandbox, start

__all__ = [
    "AppRegistration",
    "Filling",
    "Limits",
    "MailchimpAccount",
    "Oauth",
    "Org",
    "Portal",
    "RunningSandbox",
    "SandboxConfig",
    "Webhooks",
    "start",
]
