"""Small questions to hellos and certificates that several tellers ask."""

from __future__ import annotations

from collections.abc import Sequence

from tlsee import defaults
from tlsee.codes import NamedGroup, ProtocolVersion
from tlsee.crypto.groups import field_parameters
from tlsee.identity.certificate import CertificateView, Unreadable, read_certificate
from tlsee.text import printable
from tlsee.wire.extensions.server_name import ServerNameList
from tlsee.wire.extensions.supported_groups import SupportedGroups
from tlsee.wire.extensions.supported_versions import SupportedVersionsClientHello
from tlsee.wire.hellos import ClientHello
from tlsee.wire.messages12 import ServerDHParams


def server_name(hello: ClientHello) -> str:
    """The name in SNI, escaped, or nothing."""
    names = hello.extensions.get(ServerNameList)
    if names is None or not names.server_name_list:
        return ""
    return printable(names.server_name_list[0].name, 64)


def offered_versions(hello: ClientHello) -> Sequence[ProtocolVersion]:
    """The versions that a hello offers, GREASE included."""
    item = hello.extensions.get(SupportedVersionsClientHello)
    return item.versions if item is not None else (hello.legacy_version,)


def offered_groups(hello: ClientHello) -> Sequence[NamedGroup]:
    """The groups that a hello offers, GREASE included."""
    item = hello.extensions.get(SupportedGroups)
    return item.named_group_list if item is not None else ()


def finite_field(params: ServerDHParams) -> str:
    """What the group of a DHE exchange is called: by its name, or by its size where it has none."""
    for code in defaults.FINITE_FIELDS:
        if field_parameters(code) == (params.dh_p, params.dh_g):
            return str(code)
    return f"a group of {int.from_bytes(params.dh_p).bit_length():,} bits"


def name_of(certificate: CertificateView) -> str:
    """What a certificate is for: its first name, else its subject."""
    for name in (*certificate.dns_names, *certificate.ip_addresses):
        return name
    return certificate.subject


def view_of(der: bytes) -> CertificateView | None:
    """The certificate read, or ``None``."""
    try:
        return read_certificate(der)
    except Unreadable:
        return None
