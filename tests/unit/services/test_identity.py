"""One person, one lead: what an e-mail address tells and what it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.services.addresses import company_domain, email_kind, mailbox_of, normalised_email

_NAMES = st.from_regex(r"[a-z][a-z0-9]{0,15}", fullmatch=True)


@given(_NAMES, st.sampled_from(["example.com", "firm.co.uk", "gmail.com"]), st.booleans())
def test_case_and_spaces_do_not_make_another_person(name: str, domain: str, upper: bool) -> None:
    """The same address in another spelling is the same key."""
    address = f"{name}@{domain}"
    assert normalised_email(f"  {address.upper() if upper else address} ") == address


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_none(text: str) -> None:
    """No input raises, and a normal form is its own normal form."""
    normal = normalised_email(text)
    assert normal is None or normalised_email(normal) == normal


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("A.b+news@googlemail.com", "ab@gmail.com"),
        ("ab@gmail.com", "ab@gmail.com"),
        ("a.b+news@firm.com", "a.b+news@firm.com"),
        ("a.b@outlook.com", "a.b@outlook.com"),
        ("+@gmail.com", "+@gmail.com"),
        ("nobody", None),
    ],
)
def test_only_a_provider_that_says_so_has_several_names_for_a_mailbox(address: str, mailbox: str | None) -> None:
    """Elsewhere dots and tags are kept: only the owner knows whether they matter."""
    assert mailbox_of(address) == mailbox


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("jane@firm.example.com", "business"),
        ("info@firm.com", "role"),
        ("jane@gmail.com", "free"),
        ("jane@mailinator.com", "disposable"),
        ("lead-1@example.com", None),
        ("not an address", None),
        (None, None),
    ],
)
def test_addresses_are_classed(address: str | None, kind: str | None) -> None:
    """Business, free, disposable, role, or nothing."""
    assert email_kind(address) == kind


@pytest.mark.parametrize(
    ("address", "company"),
    [
        ("jane@mail.firm.co.uk", "firm.co.uk"),
        ("info@firm.com", None),
        ("jane@gmail.com", None),
        ("jane@example.com", None),
        ("jane@firm.example.com", "firm.example.com"),
        ("jane@mailinator.com", None),
        (None, None),
    ],
)
def test_the_company_is_the_registrable_domain_of_a_business_address(address: str | None, company: str | None) -> None:
    """Free, disposable and role addresses never join companies."""
    assert company_domain(address) == company
