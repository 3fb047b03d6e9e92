"""Mail over a real server: what becomes of each answer, and nothing of a secret in any sentence."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from connector.adapters.mail import STARTTLS, Mailer
from connector.errors import NeedsAdmin, RejectedInput, RetryLater
from tests.services.digest.mailbox import PASSWORD, SENDER, listening


def message(to: str = "ana@alpha.example") -> EmailMessage:
    made = EmailMessage()
    made["To"], made["Subject"] = to, "Grüße"
    made.set_content("Hello")
    return made


def test_a_message_arrives_as_it_was() -> None:
    with listening() as box:
        box.mailer().send(message())
        (got,) = box.got
    assert (got["To"], got["From"], got["Subject"]) == ("ana@alpha.example", SENDER, "Grüße")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate of this machine's address in one file, that nobody trusts by itself."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail")])
    begins = datetime.now(UTC) - timedelta(days=1)
    alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(begins).not_valid_after(begins + timedelta(days=9))
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    made = builder.add_extension(alternative, critical=False).sign(key, hashes.SHA256())
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = tmp_path_factory.mktemp("mail") / "both.pem"
    path.write_bytes(secret + made.public_bytes(Encoding.PEM))
    return path


def test_a_sign_in_is_made_over_tls_and_a_wrong_one_is_the_operators(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only to a server whose certificate is trusted; the password is in no sentence."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    with listening(tls_context=context, require_starttls=True, auth_required=True) as box:
        right = box.mailer(security=STARTTLS, user="connector", password=PASSWORD)
        with pytest.raises(NeedsAdmin, match="certificate"):
            right.send(message())
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        right.send(message())
        assert len(box.got) == 1
        wrong = box.mailer(security=STARTTLS, user="connector", password="wrong-canary")
        with pytest.raises(NeedsAdmin, match="CONNECTOR_SMTP") as caught:
            wrong.send(message())
    assert "canary" not in f"{caught.value}{wrong!r}"


@pytest.mark.parametrize(("answer", "error"), [("550 no", RejectedInput), ("452 full", RetryLater)])
def test_a_refusal_is_for_good_or_for_now(answer: str, error: type[Exception]) -> None:
    with listening() as box:
        box.refusals = {"ana@alpha.example": answer}
        with pytest.raises(error):
            box.mailer().send(message())


def test_without_tls_nothing_is_sent_where_tls_is_asked_for() -> None:
    """A server that does not offer it gets neither sign-in nor message."""
    with listening() as box, pytest.raises(NeedsAdmin):
        box.mailer(security=STARTTLS).send(message())
    assert box.got == []


def test_a_server_that_is_away_passes() -> None:
    with listening() as box:
        pass
    with pytest.raises(RetryLater, match="can't be used now"):
        Mailer("127.0.0.1", box.port, SENDER, security="none").send(message())
