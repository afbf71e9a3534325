"""The appliance's own certificate authority: the root, the service's certificate, agents'."""

from __future__ import annotations

import hashlib
import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from appliance.store.files import write_private

ROOT_LIFETIME = timedelta(days=20 * 365)
LEAF_LIFETIME = timedelta(days=825)
RENEW_BEFORE = timedelta(days=60)
CLOCK_SKEW = timedelta(days=1)
AGENT_URN = "urn:anyun:host:"


class BadRequest(ValueError):
    """A certificate request is damaged or not signed by its own key."""


class CertificateAuthority:
    """Keys and certificates in one private folder; made at first use."""

    def __init__(self, folder: Path, key: ec.EllipticCurvePrivateKey, root: x509.Certificate):
        self._folder = folder
        self._key = key
        self._root = root

    @classmethod
    def load_or_create(cls, folder: Path, name: str) -> CertificateAuthority:
        """The authority kept in `folder`; `name` (of the appliance) goes into a new root."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        key_path, root_path = folder / "ca.key", folder / "ca.crt"
        if not root_path.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            write_private(key_path, _key_pem(key))
            write_private(root_path, _pem(_make_root(key, name)))
        loaded = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{key_path} holds no elliptic curve key")
        return cls(folder, loaded, x509.load_pem_x509_certificate(root_path.read_bytes()))

    @property
    def certificate_pem(self) -> str:
        """The root certificate."""
        return _pem(self._root).decode()

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the root certificate's DER form, hex: what clients and agents pin."""
        return hashlib.sha256(self._root.public_bytes(serialization.Encoding.DER)).hexdigest()

    def server_files(self, names: list[str], addresses: list[str]) -> tuple[Path, Path]:
        """Files with the service's certificate chain and key.

        Made anew when the names have changed or the end is near.
        """
        chain, key_path = self._folder / "server.crt", self._folder / "server.key"
        if not _still_good(chain, key_path, names, addresses):
            key = ec.generate_private_key(ec.SECP256R1())
            leaf = self._issue_server(key, names, addresses)
            write_private(key_path, _key_pem(key))
            write_private(chain, _pem(leaf) + _pem(self._root))
        return chain, key_path

    def load_server_chain(self, context: ssl.SSLContext, bind: str = "") -> None:
        """Give the service's certificate for listening at `bind` to a TLS context."""
        chain, key = self.server_files(*local_names(bind))
        context.load_cert_chain(chain, key)

    def sign_agent(self, csr_pem: str, host_id: str) -> str:
        """A certificate for an agent's own key; raises BadRequest."""
        try:
            request = x509.load_pem_x509_csr(csr_pem.encode())
        except ValueError as error:
            raise BadRequest(str(error)) from error
        key = request.public_key()
        if not request.is_signature_valid or not isinstance(key, ec.EllipticCurvePublicKey):
            raise BadRequest("the certificate request is not signed by its own key")
        builder = (
            self._leaf(host_id, key)
            .add_extension(
                x509.SubjectAlternativeName([x509.UniformResourceIdentifier(AGENT_URN + host_id)]),
                critical=False,
            )
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        )
        return _pem(builder.sign(self._key, hashes.SHA256())).decode()

    def _issue_server(
        self, key: ec.EllipticCurvePrivateKey, names: list[str], addresses: list[str]
    ) -> x509.Certificate:
        entries: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
        entries += [x509.IPAddress(ip_address(address)) for address in addresses]
        return (
            self._leaf(names[0], key.public_key())
            .add_extension(x509.SubjectAlternativeName(entries), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _leaf(self, name: str, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        return (
            _builder(name, self._root.subject, key, LEAF_LIFETIME)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
        )


def local_names(bind: str = "") -> tuple[list[str], list[str]]:
    """Names and addresses under which clients on this machine reach the service, and the one
    at which it listens, if that is a certain one.

    Clients pin the CA, not the name, so other addresses of NICs need not be listed.
    """
    names, addresses = {socket.gethostname(), "localhost"}, {"127.0.0.1", "::1"}
    host, _, _ = bind.partition("%")  # certificates know no interfaces
    try:
        address = ip_address(host) if host else None
    except ValueError:
        names.add(host)
    else:
        if address is not None and not address.is_unspecified:
            addresses.add(str(address))
    return sorted(names), sorted(addresses)


def _make_root(key: ec.EllipticCurvePrivateKey, name: str) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Anyun CA {name}"[:64])])
    return (
        _builder(f"Anyun CA {name}"[:64], subject, key.public_key(), ROOT_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _builder(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey, lifetime: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])]))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + lifetime)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _still_good(chain: Path, key: Path, names: list[str], addresses: list[str]) -> bool:
    if not chain.exists() or not key.exists():
        return False
    leaf = x509.load_pem_x509_certificate(chain.read_bytes())
    own = serialization.load_pem_private_key(key.read_bytes(), password=None)
    if own.public_key() != leaf.public_key():
        return False  # a renewal was interrupted between key and certificate
    if leaf.not_valid_after_utc - datetime.now(UTC) < RENEW_BEFORE:
        return False
    entries = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    has_names = set(entries.get_values_for_type(x509.DNSName)) >= set(names)
    kept = {str(address) for address in entries.get_values_for_type(x509.IPAddress)}
    return has_names and kept >= set(addresses)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
