"""Secrets and keys: what each is made of, what it is for, and what the key log calls it."""

from __future__ import annotations

from tlsee.explain.dictionary.entry import Entry

_SCHEDULE = "RFC 9846, 7.1"


def _secret(
    name: str,
    what: str,
    clause: str = _SCHEDULE,
    *,
    log: str = "",
    security: str = "",
    also: tuple[str, ...] = (),
    see: tuple[str, ...] = ("key schedule",),
) -> Entry:
    means = f"In a key log: {log}." if log else ""
    names = (*also, log) if log else also
    return Entry(name, "secret", what, clause, None, means, "", "", security, names, see)


ENTRIES = (
    _secret(
        "early secret",
        "TLS 1.3's first secret: HKDF-Extract of the pre-shared key, or of zeros where there is "
        "none.",
        see=("handshake secret", "PSK", "HKDF"),
    ),
    _secret(
        "handshake secret",
        "TLS 1.3's second secret: the result of the key exchange, extracted with a salt from the "
        "early secret.",
        see=("early secret", "main secret", "shared secret"),
    ),
    _secret(
        "main secret",
        "The secret that a connection's keys come from. TLS 1.3: the third of its schedule. TLS "
        "1.2: 48 bytes from the premaster secret.",
        log="CLIENT_RANDOM",
        also=("master secret", "master_secret", "main_secret"),
        see=("premaster secret", "extended_main_secret", "key schedule"),
    ),
    _secret(
        "premaster secret",
        "TLS 1.2: what the key exchange gives, from which the main secret is made. With RSA key "
        "exchange the client chooses it.",
        "RFC 5246, 8.1",
        also=("pre_master_secret", "pre-master secret", "PMS"),
        see=("main secret", "RSA key exchange", "ClientKeyExchange"),
    ),
    _secret(
        "shared secret",
        "What both sides compute from their own private and the other's public value of the key "
        "exchange.",
        "RFC 9846, 7.4",
        also=("DH secret", "ECDHE secret", "(EC)DHE"),
        see=("key_share", "handshake secret"),
    ),
    _secret(
        "binder key",
        "The key of the proof, in a ClientHello, that the client holds a pre-shared key.",
        also=("ext binder", "res binder", "imp binder"),
        see=("binder", "PSK"),
    ),
    _secret(
        "client early traffic secret",
        "Protects 0-RTT data; made from the pre-shared key alone.",
        log="CLIENT_EARLY_TRAFFIC_SECRET",
        security="No forward secrecy: who gets the pre-shared key reads it.",
        also=("client_early_traffic_secret", "c e traffic"),
        see=("0-RTT", "early secret"),
    ),
    _secret(
        "early exporter secret",
        "What exporters take from 0-RTT.",
        log="EARLY_EXPORTER_SECRET",
        also=("early_exporter_secret", "early exporter master secret", "e exp master"),
        see=("exporter",),
    ),
    _secret(
        "client handshake traffic secret",
        "Protects the client's messages of the handshake, and keys its Finished.",
        log="CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        also=("client_handshake_traffic_secret", "c hs traffic"),
        see=("handshake secret", "traffic secret"),
    ),
    _secret(
        "server handshake traffic secret",
        "Protects the server's messages of the handshake, and keys its Finished.",
        log="SERVER_HANDSHAKE_TRAFFIC_SECRET",
        also=("server_handshake_traffic_secret", "s hs traffic"),
        see=("handshake secret", "traffic secret"),
    ),
    _secret(
        "client application traffic secret",
        "Protects what the client sends; each KeyUpdate makes the next one of it.",
        log="CLIENT_TRAFFIC_SECRET_0",
        also=("client_application_traffic_secret_0", "c ap traffic"),
        see=("main secret", "KeyUpdate", "traffic secret"),
    ),
    _secret(
        "server application traffic secret",
        "Protects what the server sends; each KeyUpdate makes the next one of it.",
        log="SERVER_TRAFFIC_SECRET_0",
        also=("server_application_traffic_secret_0", "s ap traffic"),
        see=("main secret", "KeyUpdate", "traffic secret"),
    ),
    _secret(
        "exporter secret",
        "What exporters take: keys for other protocols, bound to this connection.",
        log="EXPORTER_SECRET",
        also=("exporter_secret", "exporter_master_secret", "exp master"),
        see=("exporter",),
    ),
    _secret(
        "resumption secret",
        "What the pre-shared keys of tickets are made of, with each ticket's nonce.",
        also=("resumption_secret", "resumption_master_secret", "res master"),
        see=("NewSessionTicket", "PSK"),
    ),
    _secret(
        "traffic secret",
        "Protects one direction for a while: a key, an IV and the next traffic secret are made of "
        "it.",
        "RFC 9846, 7.3",
        also=("traffic key", "write key", "client_write_key", "server_write_key"),
        see=("KeyUpdate", "nonce"),
    ),
    _secret(
        "key block",
        "TLS 1.2: a run of bytes from the main secret and both randoms, cut into MAC keys, keys "
        "and IVs.",
        "RFC 5246, 6.3",
        also=("key_block",),
        see=("main secret", "PRF"),
    ),
    _secret(
        "ticket key",
        "A server's own key that seals its tickets.",
        "RFC 5077, 5.5",
        security="Who has it reads the sessions that it sealed; so it must be changed often.",
        also=("STEK", "session ticket encryption key"),
        see=("NewSessionTicket", "resumption"),
    ),
)
