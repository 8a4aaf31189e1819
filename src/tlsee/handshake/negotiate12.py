"""TLS 1.2's choices: a suite says who signs and how keys are exchanged; they go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tlsee.codes import CipherSuite, NamedGroup, SignatureScheme
from tlsee.codes12 import KeyExchangeAlgorithm
from tlsee.crypto.schemes12 import authentication_of
from tlsee.crypto.suites12 import Suite12
from tlsee.handshake.negotiate import FIRST_OF_SERVER, NOTHING_COMMON, first_common
from tlsee.identity.credentials import Credential
from tlsee.identity.fitness import serves12
from tlsee.trace import Choice, Role


def usable_suites(
    offered: Sequence[CipherSuite],
    able: Sequence[Suite12],
    groups: Mapping[KeyExchangeAlgorithm, NamedGroup],
) -> tuple[Suite12, ...]:
    """The suites both have, in the server's order, whose key exchange has the group it needs."""
    there = set(offered)
    return tuple(
        suite
        for suite in able
        if suite.code in there
        and (suite.key_exchange is KeyExchangeAlgorithm.rsa or suite.key_exchange in groups)
    )


def schemes_for_suites(
    schemes: Sequence[SignatureScheme], suites: Sequence[Suite12]
) -> tuple[SignatureScheme, ...]:
    """The peer's schemes that some usable suite could sign with."""
    kinds = {suite.authentication for suite in suites}
    return tuple(scheme for scheme in schemes if authentication_of(scheme) in kinds)


def choose_suite12(
    offered: Sequence[CipherSuite],
    usable: Sequence[Suite12],
    able: Sequence[Suite12],
    scheme: SignatureScheme,
    credential: Credential,
) -> tuple[Suite12 | None, Choice]:
    """The first usable one that fits the certificate that was chosen."""
    kind = authentication_of(scheme)
    listed = tuple(suite.code for suite in able)
    for suite in usable:
        if serves12(credential, suite, scheme):
            rule = f"{FIRST_OF_SERVER} and the {kind.upper()} certificate serves"
            return suite, Choice("suite", tuple(offered), listed, suite.code, rule, Role.SERVER)
    return None, Choice("suite", tuple(offered), listed, None, NOTHING_COMMON, Role.SERVER)


def choose_group12(offered: Sequence[NamedGroup], able: Sequence[NamedGroup]) -> Choice:
    """The first of the server's curves that the client listed; there are no shares to go by."""
    return first_common("group", [group for group in offered if not group.is_finite_field], able)


def choose_field12(offered: Sequence[NamedGroup], able: Sequence[NamedGroup]) -> Choice:
    """RFC 7919, 4: a field that the client listed, or any where it listed none at all."""
    listed = [group for group in offered if group.is_finite_field]
    if listed or not able:
        return first_common("group", listed, able)
    rule = "the first of the server's fields; the client names none"
    return Choice("group", (), tuple(able), able[0], rule, Role.SERVER)
