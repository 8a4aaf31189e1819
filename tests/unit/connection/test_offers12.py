"""What a client of TLS 1.2 alone lists in its hello."""

from __future__ import annotations

import pytest

from tlsee import policies
from tlsee.codes import NamedGroup, ProtocolVersion
from tlsee.config import ClientConfig
from tlsee.handshake.compose import Composer
from tlsee.identity.trust import Trust
from tlsee.policies import Policy
from tlsee.wire.extensions.supported_groups import SupportedGroups


@pytest.mark.parametrize("policy", [policies.default, policies.legacy], ids=lambda p: p.name)
def test_groups_of_every_key_exchange(policy: Policy) -> None:
    """RFC 7919, 3: the finite fields stand in supported_groups too; hybrids are for 1.3 alone."""
    config = ClientConfig(
        trust=Trust.insecure_accept_anyone(), versions=[ProtocolVersion.TLS12], policy=policy
    )
    hello = Composer().client_hello(config, None, ())
    listed = hello.extensions.require(SupportedGroups).named_group_list
    known = [group for group in listed if group in NamedGroup.members()]
    assert known == [*config.groups12, *config.fields12]
    assert (NamedGroup.ffdhe2048 in known) == (policy is policies.legacy)
