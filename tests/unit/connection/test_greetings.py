"""What is said of a peer that does not speak TLS."""

from __future__ import annotations

import pytest

from tlsee.connection.greetings import first_words

KNOWN = {
    b"HTTP/1.1 400 Bad Request\r\n": "HTTP",
    b"GET / HTTP/1.1\r\n": "HTTP",
    b"SSH-2.0-OpenSSH_9.6\r\n": "SSH",
    b"220 mail.test ESMTP\r\n": "SMTP or FTP",
    b"* OK IMAP4rev1\r\n": "IMAP",
    b"+OK ready\r\n": "POP3",
    b"EHLO me\r\n": "SMTP",
}


@pytest.mark.parametrize("data", KNOWN)
def test_greetings(data: bytes) -> None:
    """Known from the five bytes on with which a record would begin."""
    for length in range(5, len(data)):
        words, fix = first_words(data[:length])
        assert words.endswith(f"': it speaks {KNOWN[data]}")
        assert fix


def test_what_nobody_knows() -> None:
    """Bytes that are no text are escaped once, and cut."""
    assert first_words(b"\x1b[31m\x00" + b"!" * 99) == (
        r"its first bytes are '\x1b[31m\x00!!!!!!!!!!'",
        None,
    )
