"""What a configuration hands to the judge."""

from __future__ import annotations

import pytest

from tests.support.certificates import AT, HOST, VALID, authority
from tlsee.config import ClientConfig
from tlsee.deciders import JudgeRequest, default_judge
from tlsee.errors import ApiMisuse
from tlsee.identity.path.judge import Purpose, Verdict
from tlsee.identity.pem import to_pem


def test_intermediates_of_our_own_complete_a_peers_chain() -> None:
    """PEM or DER, read once; with them a server that forgets to send one is believed."""
    root = authority()
    between = root.issue_intermediate("Between", **VALID)
    leaf = between.issue(HOST, **VALID).chain[0]
    for given in (between.certificate, to_pem(between.certificate)):
        judging = ClientConfig(trust=root.trust, intermediates=[given]).judging
        assert judging.intermediates == (between.certificate,)
        asked = JudgeRequest(
            (leaf,), root.trust, Purpose.SERVER, HOST, AT, intermediates=judging.intermediates
        )
        found = default_judge(asked)
        assert isinstance(found, Verdict)
        assert found.accepted

    bare = default_judge(JudgeRequest((leaf,), root.trust, Purpose.SERVER, HOST, AT))
    assert isinstance(bare, Verdict)
    assert not bare.accepted


def test_an_intermediate_that_is_none_is_refused_when_the_configuration_is_made() -> None:
    """In words, and by its number."""
    with pytest.raises(ApiMisuse, match="intermediates: number 1"):
        ClientConfig(trust=authority().trust, intermediates=[b"junk"])
