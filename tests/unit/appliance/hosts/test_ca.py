"""The certificate authority: what it makes is accepted by TLS, kept private and renewed."""

from __future__ import annotations

import hashlib
import ssl
import stat
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance.hosts import ca as module
from appliance.hosts.ca import BadRequest, CertificateAuthority

HOST_ID = "01890a5d-ac96-774b-bcce-b302099a8057"
NAMES, ADDRESSES = ["appliance", "localhost"], ["127.0.0.1", "::1"]


@pytest.fixture
def authority(tmp_path: Path) -> CertificateAuthority:
    return CertificateAuthority.load_or_create(tmp_path / "ca", "box")


def leaf_of(chain: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificates(chain.read_bytes())[0]


def request_of(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, name: str = "x") -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    wanted = x509.SubjectAlternativeName([x509.DNSName("evil.example")])
    request = builder.add_extension(wanted, critical=False).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


def handshake(server: ssl.SSLContext, client: ssl.SSLContext) -> ssl.SSLObject:
    """Both ends of a TLS connection in memory; returns the client's. Raises ssl.SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        server.wrap_bio(to_server, to_client, server_side=True),
        client.wrap_bio(to_client, to_server, server_hostname="localhost"),
    ]
    for _ in range(6):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return ends[1]


def test_the_same_authority_is_found_again(tmp_path: Path) -> None:
    first = CertificateAuthority.load_or_create(tmp_path / "ca", "box")
    again = CertificateAuthority.load_or_create(tmp_path / "ca", "renamed")
    assert again.certificate_pem == first.certificate_pem
    der = ssl.PEM_cert_to_DER_cert(first.certificate_pem)
    assert first.fingerprint == again.fingerprint == hashlib.sha256(der).hexdigest()


def test_two_authorities_differ(tmp_path: Path) -> None:
    made = [CertificateAuthority.load_or_create(tmp_path / name, "box") for name in "ab"]
    assert made[0].fingerprint != made[1].fingerprint


def test_nobody_else_can_read_the_keys(authority: CertificateAuthority, tmp_path: Path) -> None:
    authority.server_files(NAMES, ADDRESSES)
    folder = tmp_path / "ca"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == dict.fromkeys(("ca.key", "ca.crt", "server.key", "server.crt"), 0o600)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_root_is_p256_and_signs_only(authority: CertificateAuthority) -> None:
    root = x509.load_pem_x509_certificate(authority.certificate_pem.encode())
    key = root.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    basic = root.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (basic.critical, basic.value.ca, basic.value.path_length) == (True, True, 0)
    usage = root.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.digital_signature) == (True, False)


def test_long_machine_names_do_not_break_it(tmp_path: Path) -> None:
    long = "a" * 300
    authority = CertificateAuthority.load_or_create(tmp_path / "ca", long)
    chain, _ = authority.server_files([long[:63], "localhost"], ADDRESSES)
    assert leaf_of(chain)


def test_the_services_certificate_names_what_was_asked(authority: CertificateAuthority) -> None:
    leaf = leaf_of(authority.server_files(NAMES, ADDRESSES)[0])
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == NAMES
    assert names.get_values_for_type(x509.IPAddress) == [ip_address(text) for text in ADDRESSES]
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_tls_accepts_it_and_only_with_this_authority(
    authority: CertificateAuthority, tmp_path: Path
) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*authority.server_files(NAMES, ADDRESSES))
    client = ssl.create_default_context(cadata=authority.certificate_pem)
    assert handshake(server, client).version() == "TLSv1.3"
    other = CertificateAuthority.load_or_create(tmp_path / "other", "box")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(server, ssl.create_default_context(cadata=other.certificate_pem))


def test_the_services_certificate_is_kept(authority: CertificateAuthority) -> None:
    first = authority.server_files(NAMES, ADDRESSES)[0].read_bytes()
    assert authority.server_files(NAMES, ADDRESSES)[0].read_bytes() == first
    assert authority.server_files(NAMES[1:], ADDRESSES)[0].read_bytes() == first


@pytest.mark.parametrize(
    ("names", "addresses"), [([*NAMES, "new"], ADDRESSES), (NAMES, [*ADDRESSES, "10.0.0.5"])]
)
def test_new_names_make_a_new_one(
    authority: CertificateAuthority, names: list[str], addresses: list[str]
) -> None:
    first = leaf_of(authority.server_files(NAMES, ADDRESSES)[0])
    assert leaf_of(authority.server_files(names, addresses)[0]) != first


def test_it_is_renewed_before_its_end(
    authority: CertificateAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LEAF_LIFETIME", module.RENEW_BEFORE - timedelta(days=1))
    old = leaf_of(authority.server_files(NAMES, ADDRESSES)[0])
    monkeypatch.undo()
    chain, key = authority.server_files(NAMES, ADDRESSES)
    new = leaf_of(chain)
    assert new.serial_number != old.serial_number
    assert new.not_valid_after_utc > datetime.now(UTC) + module.RENEW_BEFORE
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key)


def test_an_agents_certificate_carries_its_identity_and_nothing_it_wished_for(
    authority: CertificateAuthority,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    pem = authority.sign_agent(request_of(key, name="root"), HOST_ID)
    leaf = x509.load_pem_x509_certificate(pem.encode())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [x509.UniformResourceIdentifier(f"urn:anyun:host:{HOST_ID}")]
    assert leaf.subject.rfc4514_string() == f"CN={HOST_ID}"
    assert leaf.public_key() == key.public_key()
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    root = x509.load_pem_x509_certificate(authority.certificate_pem.encode())
    leaf.verify_directly_issued_by(root)


@pytest.mark.parametrize("text", ["", "nonsense", "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n"])
def test_what_is_no_request_is_refused(authority: CertificateAuthority, text: str) -> None:
    with pytest.raises(BadRequest):
        authority.sign_agent(text, HOST_ID)


def test_other_kinds_of_keys_are_refused(authority: CertificateAuthority) -> None:
    with pytest.raises(BadRequest):
        authority.sign_agent(request_of(rsa.generate_private_key(65537, 2048)), HOST_ID)


def test_a_request_signed_by_another_key_is_refused(authority: CertificateAuthority) -> None:
    pem = request_of(ec.generate_private_key(ec.SECP256R1()))
    der = bytearray(ssl.PEM_cert_to_DER_cert(pem.replace("CERTIFICATE REQUEST", "CERTIFICATE")))
    der[-1] ^= 1
    broken = ssl.DER_cert_to_PEM_cert(bytes(der)).replace("CERTIFICATE", "CERTIFICATE REQUEST")
    with pytest.raises(BadRequest):
        authority.sign_agent(broken, HOST_ID)


def test_a_half_made_authority_is_made_again(tmp_path: Path) -> None:
    """The service was killed after the key was written and before the root was."""
    CertificateAuthority.load_or_create(tmp_path / "ca", "box")
    (tmp_path / "ca" / "ca.crt").unlink()
    authority = CertificateAuthority.load_or_create(tmp_path / "ca", "box")
    key = ec.generate_private_key(ec.SECP256R1())
    leaf = x509.load_pem_x509_certificate(authority.sign_agent(request_of(key), HOST_ID).encode())
    root = x509.load_pem_x509_certificate(authority.certificate_pem.encode())
    leaf.verify_directly_issued_by(root)


def test_a_half_renewed_service_certificate_is_made_again(
    authority: CertificateAuthority, tmp_path: Path
) -> None:
    """The service was killed after the new key was written and before its certificate was."""
    chain, key = authority.server_files(NAMES, ADDRESSES)
    other = CertificateAuthority.load_or_create(tmp_path / "other", "box")
    key.write_bytes(other.server_files(NAMES, ADDRESSES)[1].read_bytes())
    chain, key = authority.server_files(NAMES, ADDRESSES)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key)
