"""Our dissection and tshark's agree, field by field, on handshakes of ours in a capture.

Compared are the bytes of each field, per direction and in order. What tshark's version has no name
for is printed; the bytes of it are compared all the same.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.capture_files import CLIENT_PORT, write_capture
from tests.support.endpoints import client_config, client_credential, server_config, trust
from tests.support.missing import missing
from tests.support.recorded import Heard, seen, talk
from tlsee import policies
from tlsee.codes import CipherSuite, NamedGroup, ProtocolVersion
from tlsee.explain.dissect import Field, dissect_connection
from tlsee.trace import MessageSent, RecordSent, SecretDerived

pytestmark = pytest.mark.peers

# tshark's name: what ours is called, as a pattern for the whole name. What stands inside of a
# certificate, or of a handshake that neither side could read, is not compared.
FIELDS = {
    "tls.record.content_type": r"record:(type|opaque_type)",
    "tls.record.version": r"legacy_record_version",
    "tls.record.length": r"record:length",
    "tls.handshake.type": r"msg_type",
    "tls.handshake.length": r"message:length",
    "tls.handshake.version": r"legacy_version",
    "tls.handshake.random": r"random",
    "tls.handshake.session_id_length": r"legacy_session_id(_echo)?\.length",
    "tls.handshake.session_id": r"legacy_session_id(_echo)?\.data",
    "tls.handshake.cipher_suites_length": r"cipher_suites\.length",
    "tls.handshake.ciphersuite": r"(cipher_suites\[\d+\]|cipher_suite)",
    "tls.handshake.comp_method": r"(legacy_compression_methods\[\d+\]|legacy_compression_method)",
    "tls.handshake.extension.type": r"extension_type",
    "tls.handshake.extension.len": r"extension_data\.length",
    "tls.handshake.extensions_supported_group": r"named_group_list\[\d+\]",
    "tls.handshake.extensions_ec_point_format": r"ec_point_format_list\[\d+\]",
    "tls.handshake.sig_hash_alg": r"(supported_signature_algorithms\[\d+\]|algorithm)",
    "tls.handshake.extensions.supported_version": r"(versions\[\d+\]|selected_version)",
    "tls.handshake.extensions_key_share_group": r"(group|selected_group)",
    "tls.handshake.extensions_key_share_key_exchange_length": r"key_exchange\.length",
    "tls.handshake.extensions_key_share_key_exchange": r"key_exchange\.data",
    "tls.handshake.extensions_server_name": r"name\.data",
    "tls.handshake.extensions_alpn_str": r"protocol_name_list\[\d+\]\.data",
    "tls.handshake.certificate_length": r"(cert_data|certificate_list\[\d+\])\.length",
    "tls.handshake.certificate": r"(cert_data|certificate_list\[\d+\])\.data",
    "tls.handshake.server_curve_type": r"curve_type",
    "tls.handshake.server_named_curve": r"named_curve",
    "tls.handshake.server_point": r"public\.data",
    "tls.handshake.client_point": r"ecdh_Yc\.data",
    "tls.handshake.sig_len": r"signature\.length",
    "tls.handshake.sig": r"signature\.data",
    "tls.alert_message.level": r"level",
    "tls.alert_message.desc": r"description",
}
# One field of ours under two names of tshark's.
ALSO = {
    "tls.handshake.client_cert_vrfy.sig_len": "tls.handshake.sig_len",
    "tls.handshake.client_cert_vrfy.sig": "tls.handshake.sig",
}
Values = dict[str, list[str]]
# Where our tree has the same words for other things: inside these nothing is compared.
_OTHERS = {"Certificate", "Ecdsa-Sig-Value"}


def _tshark() -> str:
    found = shutil.which("tshark")
    if found is None:
        missing("tshark", "tshark (Debian, Ubuntu) or wireshark-cli")
    return found


def theirs(capture: Path, key_log: Path) -> tuple[dict[bool, Values], set[str]]:
    """tshark's values by direction and name, and the code points it has no name for."""
    command = [_tshark(), "-r", str(capture), "-T", "pdml", "-o", f"tls.keylog_file:{key_log}"]
    ran = subprocess.run([*command, "-2"], capture_output=True, text=True, check=True)
    found: dict[bool, Values] = {True: defaultdict(list), False: defaultdict(list)}
    unknown: set[str] = set()
    from_client = True
    for match in re.finditer(r"<field name=\"([^\"]+)\"([^>]*)>", ran.stdout):
        name, attributes = match[1], dict(re.findall(r"(\w+)=\"([^\"]*)\"", match[2]))
        if name == "tcp.srcport":
            from_client = attributes["show"] == str(CLIENT_PORT)
        name = ALSO.get(name, name)
        if name in FIELDS and attributes.get("hide") != "yes":
            found[from_client][name].append(attributes.get("value", ""))
            if "nknown" in attributes.get("showname", ""):
                unknown.add(f"{name} {attributes.get('value', '')}")
    return found, unknown


def ours(records: tuple[Field, ...], messages: tuple[Field, ...]) -> Values:
    """Our values by tshark's names, for one direction."""
    found: Values = defaultdict(list)
    for record in records:
        for field in record.children[:3]:
            _sort(found, f"record:{field.name}", field)
    for record in records:
        alert = record.find("Alert")
        for field in alert.children if alert is not None else ():
            _sort(found, field.name, field)
    for message in messages:
        for field in _walk(message):
            name = "message:length" if field is message.children[1] else field.name
            _sort(found, name, field)
    return found


def _walk(field: Field) -> Iterator[Field]:
    for child in field.children:
        yield child
        if child.name not in _OTHERS:
            yield from _walk(child)


def _sort(found: Values, name: str, field: Field) -> None:
    for theirs_name, pattern in FIELDS.items():
        if re.fullmatch(pattern, name) or re.fullmatch(pattern, name.removeprefix("record:")):
            if name == "record:length" and theirs_name != "tls.record.length":
                continue
            found[theirs_name].append(field.raw.hex())


def _key_log(heard: Heard) -> str:
    lines = (
        f"{event.label} {event.client_random.hex()} {event.secret.hex()}"
        for event in heard.events
        if isinstance(event, SecretDerived)
    )
    return "\n".join(lines) + "\n"


def _flights(client: Heard, server: Heard) -> list[tuple[bool, bytes]]:
    """The hello, the server's flight and so on: each side's records as they were exchanged."""
    first = [event for event in client.events if isinstance(event, RecordSent)]
    second = [event for event in server.events if isinstance(event, RecordSent)]
    flights: list[tuple[bool, bytes]] = []
    for mine, sent in ((True, first), (False, second)):
        flights += [(mine, event.raw) for event in sent]
    # The order within a direction is what counts; a client's hello stands before all else.
    return [flights[0], *[f for f in flights if not f[0]], *[f for f in flights[1:] if f[0]]]


VERSION12 = {"versions": [ProtocolVersion.TLS12]}
CASES: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "1.3": ({"alpn": ["h2", "http/1.1"]}, {"alpn": ["h2"]}),
    "1.3 x25519": ({"groups": [NamedGroup.x25519]}, {}),
    "1.3 mutual": (
        {"credentials": [client_credential()]},
        {"client_trust": trust(), "client_auth": "required"},
    ),
    "1.2 ECDHE": (VERSION12, {}),
    "1.2 CBC": (
        {
            **VERSION12,
            "policy": policies.legacy,
            "suites": [CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA],
        },
        {"policy": policies.legacy},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_tshark_agrees(name: str, tmp_path: Path) -> None:
    """The same bytes in the same fields in the same order, in both directions."""
    client_changes, server_changes = CASES[name]
    pair, client, server = talk(client_config(**client_changes), server_config(**server_changes))
    capture, key_log = tmp_path / "capture.pcap", tmp_path / "keys.log"
    write_capture(capture, _flights(client, server))
    key_log.write_text(_key_log(client), encoding="ascii")
    found, unknown = theirs(capture, key_log)
    both = dissect_connection(seen(pair.client, client), seen(pair.server, server))
    assert len(both[0].messages) == sum(isinstance(e, MessageSent) for e in client.events)
    for from_client, dissection in ((True, both[0]), (False, both[1])):
        mine = ours(dissection.records, dissection.messages)
        for field in FIELDS:
            assert mine[field] == found[from_client][field], (from_client, field)
    for line in sorted(unknown):
        print(f"tshark has no name for {line}")
