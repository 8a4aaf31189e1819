"""aioquic's TLS: messages without records, so it is measured in the handshake alone."""

from __future__ import annotations

from importlib import metadata

from aioquic._buffer import Buffer
from aioquic.tls import CipherSuite, Context, Epoch, Group
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from benchmarks.contenders.base import SUITE, X25519, Handshake, Negotiated
from benchmarks.material import SERVER_NAME, Material

CAPACITY = 4096  # bytes of one flight per epoch; the server's is some 900
EPOCHS = (Epoch.INITIAL, Epoch.HANDSHAKE, Epoch.ONE_RTT)


class Pair:
    """Two Contexts; the flights of each epoch are carried as they are, unprotected."""

    def __init__(
        self, anchor: bytes, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
    ) -> None:
        suites = [CipherSuite.AES_128_GCM_SHA256]
        client = Context(True, cadata=anchor, cipher_suites=suites, server_name=SERVER_NAME)
        server = Context(False, cipher_suites=suites)
        server.certificate, server.certificate_private_key = certificate, key
        for end in (client, server):
            end._supported_groups = [Group.X25519]
        self.client = client
        flight = _turn(client, b"")
        flight = _turn(server, flight)
        flight = _turn(client, flight)
        _turn(server, flight)

    def negotiated(self) -> Negotiated:
        schedule = self.client.key_schedule
        alike = schedule is not None and schedule.cipher_suite == CipherSuite.AES_128_GCM_SHA256
        return Negotiated(SUITE if alike else str(schedule), X25519)

    def to_server(self, data: bytes) -> int:
        raise NotImplementedError("aioquic's TLS has no records")

    to_client = to_server


def _turn(end: Context, flight: bytes) -> bytes:
    output = {epoch: Buffer(capacity=CAPACITY) for epoch in EPOCHS}
    end.handle_message(flight, output)
    return b"".join(each.data for each in output.values())


class WithAioquic:
    """``aioquic.tls.Context``."""

    name = "aioquic"
    module = "aioquic.tls"
    groups = frozenset({X25519})
    bulk = 0

    def version(self) -> str:
        return metadata.version("aioquic")

    def memory(self, material: Material, group: str) -> Handshake:
        del group  # the only one it is measured with
        certificate = x509.load_pem_x509_certificate(material.chain)
        key = load_pem_private_key(material.key, None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return lambda: Pair(material.anchor, certificate, key)


CONTENDER = WithAioquic()
