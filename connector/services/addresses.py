"""What an e-mail address tells: the mailbox behind it, its kind, and the company."""

from __future__ import annotations

import re
from functools import lru_cache

import tldextract
from disposable_email_domains import blocklist
from email_validator import EmailNotValidError, validate_email

FREE_MAIL = frozenset(
    "gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com icloud.com me.com "
    "mac.com aol.com gmx.com gmx.de gmx.net web.de t-online.de mail.com mail.ru yandex.ru yandex.com "
    "protonmail.com proton.me zoho.com qq.com 163.com 126.com orange.fr free.fr laposte.net libero.it "
    "uol.com.br bol.com.br terra.com.br hotmail.co.uk yahoo.co.uk yahoo.co.in yahoo.fr yahoo.de".split()
)
"""Mailbox providers: an address there tells nothing about a company."""

GMAIL = frozenset(("gmail.com", "googlemail.com"))

PLACEHOLDER_DOMAINS = frozenset(("example.com", "example.net", "example.org"))
"""Reserved for documentation (RFC 2606, section 3): made-up addresses, and no company of their own."""

ROLE_NAMES = frozenset(
    "info contact sales support admin office hello help billing team marketing hr jobs noreply no-reply".split()
)

_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+", re.ASCII)
_SUFFIXES = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


@lru_cache(maxsize=65_536)
def normalised_email(email: str | None) -> str | None:
    """Return the address in one spelling, or None where it is not an address. Case and Unicode form are folded."""
    if not email:
        return None
    try:
        # Reserved names (example.com and the like) are fine: whether mail arrives is not asked here.
        return validate_email(email.strip(), check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        return None


@lru_cache(maxsize=65_536)
def mailbox_of(email: str | None) -> str | None:
    """Return one name for a mailbox, or None where ``email`` is not an address.

    Only Gmail says that dots, "+tags" and googlemail.com lead to the same mailbox
    (https://support.google.com/mail/answer/7436150). Elsewhere only the owner knows.
    """
    normal = normalised_email(email)
    if normal is None:
        return None
    name, _, domain = normal.rpartition("@")
    if domain not in GMAIL:
        return normal
    bare = name.partition("+")[0].replace(".", "")
    return f"{bare or name}@gmail.com"


@lru_cache(maxsize=65_536)
def email_kind(email: str | None) -> str | None:
    """Classify an address: business, free, disposable or role; None where there is none or it is made up."""
    normal = normalised_email(email)
    if normal is None:
        return None
    name, _, domain = normal.rpartition("@")
    if domain in PLACEHOLDER_DOMAINS:
        return None
    if domain in blocklist:
        return "disposable"
    if domain in FREE_MAIL:
        return "free"
    return "role" if name in ROLE_NAMES else "business"


@lru_cache(maxsize=65_536)
def company_domain(email: str | None) -> str | None:
    """Return the registrable domain of a business address: the company behind a lead.

    A role address may be an agency's or a provider's, so it tells no company.
    """
    if email_kind(email) != "business":
        return None
    domain = normalised_email(email).rpartition("@")[2]  # type: ignore[union-attr]
    registrable = _SUFFIXES(domain).top_domain_under_public_suffix or domain
    # Names below a reserved one stand for companies in made-up populations.
    return domain if registrable in PLACEHOLDER_DOMAINS else registrable


@lru_cache(maxsize=65_536)
def site_domain(text: str) -> str | None:
    """Return the registrable domain of a company's site, however it is written; None where it names no company.

    Mailbox providers and disposable domains are no company behind a lead.
    """
    host = text.strip().lower().partition("://")[2] or text.strip().lower()
    host = host.partition("/")[0].partition("?")[0].partition(":")[0].rstrip(".")
    try:
        host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        return None
    if not _HOST.fullmatch(host) or host.rpartition(".")[2].isdigit():
        return None
    parts = _SUFFIXES(host)
    registrable = parts.top_domain_under_public_suffix or host
    if registrable in FREE_MAIL or registrable in blocklist:
        return None
    if registrable in PLACEHOLDER_DOMAINS:
        return None if host == registrable else host
    return registrable
