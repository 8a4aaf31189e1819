"""What can be known of a peer's decision although it does not say what else it had."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.endpoints import client_config, server_config, server_credential
from tests.support.recordings import TLS12, TLS13, record
from tlsee.explain.why import Why, reasons_of


def _scheme(key: str, version: dict[str, Any]) -> Why:
    """Why the server signed so, as the client knows it."""
    both = client_config(**version), server_config(**version, credentials=[server_credential(key)])
    made = record("", lambda: both)
    return next(why for why in reasons_of(made.client.recording) if why.what == "scheme")


def test_a_key_that_was_shown_says_what_it_cannot_sign() -> None:
    """A P-256 key has one scheme in TLS 1.3: no other could have been taken, and that is said."""
    why = _scheme("ecdsa_secp256r1", TLS13)
    lost = {one.name: one.words for one in why.candidates if not one.chosen}
    assert "cannot sign so" in lost["ecdsa_secp384r1_sha384"]
    assert "cannot sign so" in lost["rsa_pss_rsae_sha256"]
    (what_if,) = why.what_ifs
    assert what_if.result.startswith("this certificate could not have been shown")


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_a_key_with_several_schemes_leaves_them(version: dict[str, Any]) -> None:
    """RSA keys sign with several: those and no others were left without the chosen one."""
    why = _scheme("rsa2048", version)
    lost = {one.name: one.words for one in why.candidates if not one.chosen}
    assert lost["rsa_pss_rsae_sha384"] == "not used, and why was not said"
    assert "cannot sign so" in lost["ecdsa_secp256r1_sha256"]
    (what_if,) = why.what_ifs
    assert "rsa_pss_rsae_sha384" in what_if.result
    assert "ecdsa" not in what_if.result
    only13 = "TLS 1.3 allows it in certificates only"
    assert (lost.get("rsa_pkcs1_sha256", only13) == only13) is (version is TLS13)
