"""What each step of the schedule is called: by its label, and by the secret that it starts from."""

from __future__ import annotations

from typing import NamedTuple

_SCHEDULE, _UPDATE, _KEYS = "RFC 9846, 7.1", "RFC 9846, 7.2", "RFC 9846, 7.3"
_FINISHED, _TICKET, _BINDER = "RFC 9846, 4.5.3", "RFC 9846, 4.7.1", "RFC 9846, 4.3.11.2"


class Name(NamedTuple):
    """A node's name and what is said of it."""

    name: str
    stage: str
    clause: str
    about: str


_BINDER_KEY = "Keys the proof, in a ClientHello, that the client holds the PSK: {kind}"

# Derive-Secret and HKDF-Expand-Label (RFC 9846, 7.1), by their labels. What several secrets have
# one of is named in ``_below``.
_ROWS: dict[str, Name] = {
    "ext binder": Name(
        "binder_key", "early", _SCHEDULE, _BINDER_KEY.format(kind="an external one.")
    ),
    "res binder": Name("binder_key", "early", _SCHEDULE, _BINDER_KEY.format(kind="a ticket's.")),
    "imp binder": Name(
        "binder_key", "early", "RFC 9258, 5.2", _BINDER_KEY.format(kind="an imported one.")
    ),
    "c e traffic": Name(
        "client_early_traffic_secret",
        "early",
        _SCHEDULE,
        "Protects 0-RTT data. It comes from the PSK alone, so who gets that reads it.",
    ),
    "e exp master": Name(
        "early_exporter_secret", "early", _SCHEDULE, "What exporters take during 0-RTT."
    ),
    "c hs traffic": Name(
        "client_handshake_traffic_secret",
        "handshake",
        _SCHEDULE,
        "Protects the client's handshake messages, and keys its Finished.",
    ),
    "s hs traffic": Name(
        "server_handshake_traffic_secret",
        "handshake",
        _SCHEDULE,
        "Protects the server's handshake messages, and keys its Finished.",
    ),
    "c ap traffic": Name(
        "client_application_traffic_secret_0",
        "main",
        _SCHEDULE,
        "Protects what the client sends, until its first KeyUpdate.",
    ),
    "s ap traffic": Name(
        "server_application_traffic_secret_0",
        "main",
        _SCHEDULE,
        "Protects what the server sends, until its first KeyUpdate.",
    ),
    "exp master": Name(
        "exporter_secret",
        "main",
        _SCHEDULE,
        "What exporters take: keys for other protocols, bound to this connection.",
    ),
    "res master": Name(
        "resumption_secret",
        "main",
        _SCHEDULE,
        "What the PSKs of tickets are made of, with each ticket's nonce.",
    ),
    "resumption": Name(
        "PSK of a ticket",
        "after",
        _TICKET,
        "The key of a later connection; the ticket names it.",
    ),
    # The PRF's (RFC 5246).
    "master secret": Name(
        "main secret",
        "main",
        "RFC 5246, 8.1",
        "All keys of the connection come from it. It is bound to the two randoms alone, which a "
        "man in the middle can arrange: hence extended_main_secret.",
    ),
    "extended master secret": Name(
        "main secret",
        "main",
        "RFC 7627, 4",
        "All keys of the connection come from it. It is bound to the whole key exchange.",
    ),
    "key expansion": Name(
        "key_block",
        "main",
        "RFC 5246, 6.3",
        "A run of bytes that is cut into the keys of both directions.",
    ),
    "client finished": Name(
        "client verify_data",
        "main",
        "RFC 5246, 7.4.9",
        "What the client's Finished says: it has the main secret and saw these messages.",
    ),
    "server finished": Name(
        "server verify_data",
        "main",
        "RFC 5246, 7.4.9",
        "What the server's Finished says: it has the main secret and saw these messages.",
    ),
}

SEEDS = {
    "master secret": "ClientHello.random + ServerHello.random",
    "key expansion": "ServerHello.random + ClientHello.random",
}

ALONE = ("early secret", "handshake secret", "main secret")  # what HKDF-Extract makes, in order
_UNKNOWN = Name("a value", "after", "", "")
_IDENTITY = " (identity "


def of_label(label: str, parent: str) -> Name:
    """The name of what a label makes of a secret."""
    row = _ROWS.get(label)
    base, suffix = _split(parent)
    if row is not None:
        return row._replace(name=row.name + suffix) if label.endswith("binder") else row
    return _below(label, base, suffix)


def _split(name: str) -> tuple[str, str]:
    """A name, and which of several pre-shared keys it belongs to."""
    base, found, rest = name.partition(_IDENTITY)
    return base, found + rest


def _below(label: str, base: str, suffix: str) -> Name:
    """What many secrets have one of; ``base`` is the secret's name."""
    stage = "early" if "early" in base or "binder" in base else "main"
    stage = "handshake" if "handshake" in base else stage
    if label == "derived":
        about = "Salts the next extraction, so that a stage does not tell the one before it."
        return Name(f"derived secret ({base}){suffix}", stage, _SCHEDULE, about)
    if base == "binder_key":
        return Name("binder finished_key" + suffix, "early", _BINDER, "Keys the binder's HMAC.")
    sender, _, rest = base.replace("_traffic_secret", "").replace("_", " ").partition(" ")
    if label == "finished":
        about = f"Keys the HMAC of the {sender}'s Finished."
        return Name(f"{sender} finished_key ({rest})", stage, _FINISHED, about)
    if label == "traffic upd":
        head, _, number = base.rpartition("_")
        following = int(number) + 1 if number.isdigit() else 1
        about = f"Replaces the one before it, from the {sender}'s KeyUpdate on."
        return Name(f"{head}_{following}", "after", _UPDATE, about)
    if rest.startswith("application") and not rest.endswith(" 0"):
        stage = "after"
    if label == "key":
        about = f"The key of the AEAD for what the {sender} sends ({rest})."
        return Name(f"{sender}_write_key ({rest})", stage, _KEYS, about)
    if label == "iv":
        about = "Each record's nonce is this, with the record's number mixed in by exclusive or."
        return Name(f"{sender}_write_iv ({rest})", stage, _KEYS, about)
    return _UNKNOWN


def of_extract(salt: str, key: str) -> Name:
    """What HKDF-Extract makes, by the names of its salt and its input (``""``: zeros)."""
    _, suffix = _split(salt or key)
    if not salt:
        about = (
            "Where the schedule starts; with a PSK its secrecy begins here."
            if key
            else "Without a PSK a constant that anybody can compute."
        )
        return Name(ALONE[0] + suffix, "early", _SCHEDULE, about)
    if ALONE[0] in salt:
        about = "The key exchange is mixed in: from here on only the two sides know."
        if not key:
            about = "No key exchange is mixed in (psk_ke): there is no forward secrecy."
        return Name(ALONE[1], "handshake", _SCHEDULE, about)
    about = "The last stage. Nothing more is mixed in: hence the zeros."
    return Name(ALONE[2], "main", _SCHEDULE, about)


def of_hmac(key: str) -> Name:
    """What an HMAC under a Finished key is."""
    base, suffix = _split(key)
    if base.startswith("binder"):
        about = "Ties the PSK to this ClientHello: it stands at the hello's end, in clear."
        return Name("binder" + suffix, "early", _BINDER, about)
    sender, _, rest = base.partition(" finished_key ")
    about = f"What the {sender}'s Finished says: it has the keys and saw these messages."
    after = "" if rest == "(handshake)" else f" {rest}"
    stage = "handshake" if not after else "after"
    return Name(f"{sender} verify_data{after}", stage, _FINISHED, about)


_CUTS = {
    "mac_key": ("{}_write_MAC_key", "The key of each record's MAC, for what the {} sends."),
    "key": ("{}_write_key", "The key of the cipher, for what the {} sends."),
    "iv": ("{}_write_IV", "The part of each nonce that is not sent, for what the {} sends."),
}


def of_cut(field: str, sender: str, encrypt_then_mac: bool) -> Name:
    """A piece of the key block."""
    name, about = _CUTS[field]
    if field == "mac_key":
        over = "ciphertext (RFC 7366)" if encrypt_then_mac else "plaintext, and then encrypted"
        about += f" It is over the {over}."
    return Name(name.format(sender), "main", "RFC 5246, 6.3", about.format(sender))
