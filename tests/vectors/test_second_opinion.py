"""``cryptography.x509.verification`` on x509-limbo's cases: who is right where the two differ."""

from __future__ import annotations

from datetime import datetime
from ipaddress import ip_address
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from tests.vectors.test_limbo import OTHERWISE, SUFFIXES, cases
from tlsee.lab import limbo


def second_opinion(case: dict[str, Any]) -> bool | None:
    """Whether it accepts; ``None`` for what it cannot be asked."""
    expected = case["expected_peer_name"]
    if case["validation_kind"] != "SERVER" or expected is None or case["crls"]:
        return None
    try:
        roots = [x509.load_pem_x509_certificate(pem.encode()) for pem in case["trusted_certs"]]
        leaf = x509.load_pem_x509_certificate(case["peer_certificate"].encode())
        between = [
            x509.load_pem_x509_certificate(pem.encode()) for pem in case["untrusted_intermediates"]
        ]
        value = expected["value"]
        is_dns = expected["kind"] == "DNS"
        name = x509.DNSName(value) if is_dns else x509.IPAddress(ip_address(value))
        builder = PolicyBuilder().store(Store(roots))
        if case["validation_time"]:
            builder = builder.time(datetime.fromisoformat(case["validation_time"]))
        if case["max_chain_depth"] is not None:
            builder = builder.max_chain_depth(case["max_chain_depth"])
        builder.build_server_verifier(name).verify(leaf, between)
    except VerificationError:
        return False
    except ValueError:
        return False  # it cannot read one of the certificates, or the name
    return True


@pytest.mark.filterwarnings("ignore:Parsed a serial number")  # some cases are about that
def test_every_difference_is_explained() -> None:
    """Accepted here and not there: only where the suite agrees with us. Accepted there and not
    here: where the suite does too, or in the list of test_limbo.
    """
    compared = 0
    for name, case in cases().items():
        theirs = second_opinion(case)
        if theirs is None:
            continue
        compared += 1
        ours = limbo.result(case)["actual_result"] == "SUCCESS"
        if ours and not theirs:
            assert case["expected_result"] == "SUCCESS" or name in SUFFIXES, name
        if theirs and not ours:
            assert case["expected_result"] == "FAILURE" or name in OTHERWISE, name
    assert compared > 1000
