"""Salesforce's addresses and the one pinned API version.

A version is supported for at least three years (REST guide, "API End-of-Life Policy");
68.0 is Winter '27.
"""

from __future__ import annotations

VERSION = "68.0"
DATA = f"/services/data/v{VERSION}/"

AUTHORIZE = "/services/oauth2/authorize"
TOKEN = "/services/oauth2/token"  # noqa: S105 - a path, no password
REVOKE = "/services/oauth2/revoke"
USERINFO = "/services/oauth2/userinfo"

QUERY_JOBS = DATA + "jobs/query"
INGEST_JOBS = DATA + "jobs/ingest"
COMPOSITE = "composite"
"""Below the API version, as the library completes it."""
