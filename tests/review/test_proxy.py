"""Behind a reverse proxy, and serving HTTPS itself."""

from __future__ import annotations

import ssl
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from fastapi.testclient import TestClient

from fixtures.builders.forms import read_form
from fixtures.builders.login import PASSWORD, a_user, build
from review.web.errors import NotLoopback, SafetyUnfit
from review.web.serve import Tls, address_of, build_server, check_reach, listen
from review.web.settings import Safety, check_safety
from store.audit.audit import AuditAction, list_entries
from store.database import open_database

if TYPE_CHECKING:
    from pathlib import Path

PROXY = ("10.0.0.5", 50_000)
PUBLIC = "https://review.agency.example"
BEHIND = Safety(public_url=PUBLIC, trusted_proxies=("10.0.0.0/29", "10.9.9.9"))
FORWARDED = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}


def reach(database: Path, peer: tuple[str, int] = PROXY) -> TestClient:
    """Return a client that asks from this address, as the app's socket sees it, in plain HTTP."""
    app = build(database, safety=BEHIND)
    return TestClient(app, base_url="http://review.agency.example", client=peer, follow_redirects=False)


def test_the_proxys_word_about_the_client_is_believed(database: Path) -> None:
    """The log-in is logged with the browser's address, and the form's origin is the public one."""
    a_user(database)
    with reach(database) as client:
        page = client.get("/login", headers=FORWARDED)
        assert page.headers["set-cookie"].startswith("__Host-precursor_watch=")
        cookie = page.headers["set-cookie"].partition(";")[0]
        sent = read_form(page.text, "/login").values | {"name": "ada", "password": PASSWORD}
        entered = client.post("/login", data=sent, headers=FORWARDED | {"Cookie": cookie, "Origin": PUBLIC})
    assert entered.status_code == 303
    with closing(open_database(database)) as db:
        (entry,) = list_entries(db, action=AuditAction.LOGGED_IN)
    assert entry.address == "198.51.100.7"


@pytest.mark.parametrize(
    ("said", "believed"),
    [
        ("203.0.113.1, 198.51.100.7", "198.51.100.7"),
        ("203.0.113.1, 198.51.100.7, 10.0.0.3", "198.51.100.7"),
        ("not an address", "not an address"),
    ],
)
def test_what_the_client_itself_forwards_is_not_believed(database: Path, said: str, believed: str) -> None:
    """Only the last address that is no proxy's counts, so a guesser cannot choose another each time."""
    with reach(database) as client:
        page = client.get("/login", headers=FORWARDED)
        cookie = page.headers["set-cookie"].partition(";")[0]
        sent = read_form(page.text, "/login").values | {"name": "ada", "password": "x"}
        client.post("/login", data=sent, headers=FORWARDED | {"Cookie": cookie, "X-Forwarded-For": said})
    with closing(open_database(database)) as db:
        assert list_entries(db)[0].address == believed


@pytest.mark.parametrize("peer", ["192.0.2.4", "127.0.0.1", "10.0.0.8", "testclient"])
def test_nobody_comes_around_the_proxy(database: Path, peer: str) -> None:
    """Whoever reaches the app's own port directly is refused, whatever headers they send."""
    with reach(database, (peer, 50_000)) as client:
        answer = client.get("/login", headers=FORWARDED)
    assert answer.status_code == 403
    assert "through its proxy only" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("headers", [{}, {"X-Forwarded-Proto": "http"}])
def test_what_came_unencrypted_is_refused(database: Path, headers: dict[str, str]) -> None:
    """Also when the proxy forgets to say; the sentence names the header."""
    with reach(database) as client:
        answer = client.get("/login", headers=headers)
    assert answer.status_code == 403
    assert "X-Forwarded-Proto" in answer.text
    assert PUBLIC in answer.text


def test_another_name_is_not_answered(database: Path) -> None:
    """The proxy passes the name on that the browser asked for."""
    with reach(database) as client:
        assert client.get("/login", headers=FORWARDED | {"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    ("safety", "said"),
    [
        (Safety(public_url="review.agency.example"), "not what a browser opens"),
        (Safety(public_url="ftp://review.agency.example"), "not what a browser opens"),
        (Safety(public_url="https://review.agency.example/app"), "not what a browser opens"),
        (Safety(public_url="https://"), "not what a browser opens"),
        (Safety(public_url="https://[::1"), "not what a browser opens"),
        (Safety(public_url="http://review.agency.example"), "unencrypted; use https"),
        (Safety(public_url=PUBLIC, trusted_proxies=("proxy.example",)), "not an IP address or network"),
        (Safety(public_url=PUBLIC, trusted_proxies=("10.0.0.5/8",)), "not an IP address or network"),
        (Safety(trusted_proxies=("10.0.0.5",)), "without --public-url"),
    ],
)
def test_settings_that_contradict_one_another_are_refused(safety: Safety, said: str) -> None:
    """Each with a sentence that names the option and what was expected."""
    with pytest.raises(SafetyUnfit, match=said):
        check_safety(safety)


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.9", "::"])
def test_other_addresses_need_something_that_encrypts(host: str, tmp_path: Path) -> None:
    """A proxy with TLS before the app, or a certificate of its own; a public address alone is none."""
    check_reach(host, BEHIND, None)
    check_reach(host, Safety(), Tls(certificate=tmp_path / "c.pem", key=tmp_path / "k.pem"))
    for safety in (Safety(), Safety(public_url=PUBLIC)):
        with pytest.raises(NotLoopback, match="reverse-proxy"):
            check_reach(host, safety, None)


def test_https_is_served_with_a_certificate_of_its_own(database: Path, tmp_path: Path) -> None:
    """A real TLS handshake; the address that is announced says https."""
    tls = a_certificate(tmp_path)
    app = build(database, safety=Safety(is_encrypted=True))
    with listen("127.0.0.1", 0) as listener:
        server = build_server(app, tls)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        context = ssl.create_default_context(cafile=str(tls.certificate))
        address = address_of(listener, is_encrypted=True)
        with urlopen(f"{address}login", timeout=300, context=context) as page:
            assert address.startswith("https://127.0.0.1:")
            assert page.headers["set-cookie"].startswith("__Host-")
        server.should_exit = True
        thread.join()


def test_a_certificate_that_is_none_is_a_sentence(database: Path, tmp_path: Path) -> None:
    """Files that are missing, or hold something else."""
    (tmp_path / "c.pem").write_text("no certificate")
    for name in ("c.pem", "none.pem"):
        tls = Tls(certificate=tmp_path / name, key=tmp_path / name)
        with pytest.raises(SafetyUnfit, match="certificate and key cannot be used"):
            build_server(build(database), tls)


def a_certificate(folder: Path) -> Tls:
    """Make a self-signed certificate for this machine."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    names = [x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("review.agency.example")]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = Tls(certificate=folder / "cert.pem", key=folder / "key.pem")
    files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return files
