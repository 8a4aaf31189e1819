"""Names as people ask for them and as certificates present them (RFC 9525)."""

from __future__ import annotations

import sys
from ipaddress import ip_address

import pytest
from cryptography import x509

from tests.support.certificates import alt_names, forge
from tlsee.errors import ApiMisuse
from tlsee.identity import names
from tlsee.identity.certificate import CertificateView


def presenting(*items: str | x509.GeneralName) -> CertificateView:
    return CertificateView(forge(None, [(alt_names(*items), False)]))


@pytest.mark.parametrize(
    ("asked", "means"),
    [
        ("Example.COM", "example.com"),
        ("example.com.", "example.com"),
        ("localhost", "localhost"),
        ("a_b.svc", "a_b.svc"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("b\u00fccher.example", "xn--bcher-kva.example"),
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("0:0:0:0:0:0:0:1", "::1"),
    ],
)
def test_what_a_caller_means(asked: str, means: str) -> None:
    """Case, a trailing dot, brackets, zones and other alphabets are the caller's to use."""
    assert str(names.reference(asked)) == means


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "example..com",
        "example.com..",
        ".example.com",
        "*.example.com",
        "example.com:443",
        "https://example.com",
        "@example.com",
        "user@",
        "user@ex ample.com",
        "spiffe://",
        "spiffe://mesh/a b",
        "a b.example",
        "-a.example",
        "a-.example",
        "a" * 64 + ".example",
        "a." * 127 + "example",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "127.1",
        "example.com\x00.evil.test",
        "[example.com]",
        "\u2603.\u0000",
    ],
)
def test_what_is_no_name(text: str) -> None:
    """Said at once, in one line, to whoever asked."""
    with pytest.raises(ApiMisuse) as raised:
        names.reference(text)
    assert str(raised.value).isprintable()


def test_other_alphabets_need_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ``idna`` the sentence says what to install."""
    monkeypatch.setitem(sys.modules, "idna", None)
    with pytest.raises(ApiMisuse, match=r"tlsee\[idna\]"):
        names.reference("m\u00fcnchen.example")


@pytest.mark.parametrize(
    ("presented", "asked"),
    [
        ("example.com", "example.com"),
        ("EXAMPLE.com", "example.com"),
        ("*.example.com", "a.example.com"),
        ("*.example.com", "xn--bcher-kva.example.com"),
        ("*.localhost", "a.localhost"),
    ],
)
def test_what_covers_a_name(presented: str, asked: str) -> None:
    """The name itself, or a wildcard in place of its first label."""
    assert names.matches_dns(presented, asked)


@pytest.mark.parametrize(
    ("presented", "asked"),
    [
        ("example.com", "a.example.com"),
        ("*.example.com", "example.com"),
        ("*.example.com", "a.b.example.com"),
        ("*a.example.com", "ba.example.com"),
        ("a*.example.com", "ab.example.com"),
        ("a.*.com", "a.example.com"),
        ("*.*.com", "a.example.com"),
        ("*", "localhost"),
        ("*.", "localhost"),
        ("example.com.", "example.com"),
        ("example.com\x00.evil.test", "example.com"),
        ("xn--*.example.com", "xn--bcher-kva.example.com"),
        ("", "example.com"),
    ],
)
def test_what_does_not_cover_a_name(presented: str, asked: str) -> None:
    """Wildcards are whole first labels and stand for one; nothing else is forgiven."""
    assert not names.matches_dns(presented, asked)


def test_addresses_are_no_names() -> None:
    """An address in a dNSName is not the address, nor the other way round (RFC 9525, 6.5)."""
    as_text = presenting("127.0.0.1")
    as_address = presenting(x509.IPAddress(ip_address("127.0.0.1")))
    mapped = presenting(x509.IPAddress(ip_address("::ffff:127.0.0.1")))

    wanted = names.reference("127.0.0.1")
    assert names.covers(as_address, wanted) == "127.0.0.1"
    assert not names.covers(as_text, wanted)
    assert not names.covers(mapped, wanted)


def test_names_are_told_in_one_line() -> None:
    """A certificate with thousands of names makes no thousand lines."""
    many = presenting(*(f"host{number}.test" for number in range(2000)))
    assert names.presented_names(many).endswith("host4.test and 1,995 more")
    assert names.presented_names(presenting(x509.RFC822Name("a@b.test"))) == "a@b.test"
    other = x509.OtherName(x509.ObjectIdentifier("1.2.3"), b"\x05\x00")
    assert names.presented_names(presenting(other)).startswith("no host")
    assert names.presented_names(CertificateView(forge(None, []))) == "no name at all"


@pytest.mark.parametrize(
    ("asked", "presented", "good"),
    [
        ("spiffe://mesh.test/a", x509.UniformResourceIdentifier("spiffe://mesh.test/a"), True),
        ("SPIFFE://Mesh.test/a", x509.UniformResourceIdentifier("spiffe://mesh.test/a"), True),
        ("spiffe://mesh.test/a", x509.UniformResourceIdentifier("spiffe://mesh.test/A"), False),
        ("spiffe://mesh.test/a", x509.UniformResourceIdentifier("spiffe://mesh.test/a/"), False),
        ("spiffe://mesh.test/a", x509.UniformResourceIdentifier("spiffe://mesh.test/*"), False),
        ("spiffe://mesh.test/a", x509.UniformResourceIdentifier("https://mesh.test/a"), False),
        ("spiffe://mesh.test/a", x509.DNSName("spiffe://mesh.test/a"), False),
        ("ann@example.com", x509.RFC822Name("ann@EXAMPLE.com"), True),
        ("ann@example.com", x509.RFC822Name("Ann@example.com"), False),
        ("ann@example.com", x509.RFC822Name("example.com"), False),
        ("ann@example.com", x509.DNSName("ann@example.com"), False),
        ("example.com", x509.RFC822Name("ann@example.com"), False),
        ("mesh.test", x509.UniformResourceIdentifier("spiffe://mesh.test"), False),
    ],
)
def test_uris_and_mailboxes(asked: str, presented: x509.GeneralName, good: bool) -> None:
    """Compared whole and in their own form: scheme and host without case, the rest exactly."""
    assert bool(names.covers(presenting(presented), names.reference(asked))) is good
    assert bool(str(names.reference(asked)))


@pytest.mark.parametrize(
    "presented",
    [
        "*.1.2.3",
        "1.2.3.4",
        "a..b.test",
        ".b.test",
        "a.b.test.",
        "a.b.test\x00",
        "*",
        "*.",
        "**.b.test",
    ],
)
def test_hard_names_cover_nothing(presented: str) -> None:
    """Empty labels, a trailing dot, NUL and text of an address match no name that can be asked."""
    certificate = presenting(x509.DNSName(presented))
    for asked in ("a.b.test", "b.test", "x.a.b.test", "1.2.3.4"):
        assert not names.covers(certificate, names.reference(asked))
