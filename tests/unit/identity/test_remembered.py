"""The bounded memory for facts."""

from __future__ import annotations

import pytest

from tests.support.certificates import CA, alt_names, authority, forge, name_of
from tlsee.crypto.private_keys import generate
from tlsee.errors import ApiMisuse
from tlsee.identity.certificate import CertificateView, read_certificate
from tlsee.identity.path import remembered as signatures
from tlsee.identity.remembered import Remembered


def test_it_forgets_the_oldest_when_full() -> None:
    """The bound holds whatever is put in."""
    memory: Remembered[int, int] = Remembered(2)
    for number in range(5):
        memory.put(number, number)
    assert (len(memory), memory.get(2), memory.get(3), memory.get(4)) == (2, None, 3, 4)


def test_capacity_zero_remembers_nothing() -> None:
    """Switched off it keeps nothing and forgets what there was."""
    memory: Remembered[int, int] = Remembered(2)
    memory.put(1, 1)
    memory.set_capacity(0)
    memory.put(2, 2)
    assert (len(memory), memory.capacity) == (0, 0)
    with pytest.raises(ApiMisuse):
        memory.set_capacity(-1)


def test_only_true_signatures_are_kept() -> None:
    """A forgery is asked about anew each time, and never becomes true."""
    signatures.set_capacity(8)
    try:
        root, other = authority("Root"), authority("Root")
        leaf = CertificateView(forge(root, [(alt_names("a.test"), False)]))
        right, wrong = (CertificateView(item.certificate) for item in (root, other))

        assert signatures.is_issued_by(leaf, right)
        assert signatures.is_issued_by(leaf, right)
        assert not signatures.is_issued_by(leaf, wrong)
        assert len(signatures._true) == 1
    finally:
        signatures.set_capacity(signatures.CAPACITY)


def test_the_same_key_in_another_certificate_is_another_fact() -> None:
    """What is remembered holds for both certificates as they are, to the byte."""
    key = generate("ecdsa_secp256r1")
    one, two = (forge(None, [(CA, True)], subject="R", key=key, serial=n) for n in (1, 2))
    leaf = CertificateView(forge(None, [], signing_key=key, issuer_name=name_of("R")))
    assert signatures.is_issued_by(leaf, CertificateView(one))
    assert signatures.is_issued_by(leaf, CertificateView(two))


def test_a_certificate_is_read_once() -> None:
    """The same bytes give the same object, until it is forgotten."""
    der = forge(None, [])
    assert read_certificate(der) is read_certificate(bytes(bytearray(der)))
