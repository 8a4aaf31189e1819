"""The libraries that read captures: an extra, for whoever reads none needs neither."""

from __future__ import annotations

from typing import Any

from tlsee.errors import ApiMisuse


def packet_library() -> Any:
    """``dpkt``: packets, and the older format of files.

    Raises:
        ApiMisuse: it is not installed.
    """
    try:
        import dpkt
        import dpkt.ethernet
        import dpkt.loopback
        import dpkt.pcap
        import dpkt.sll
        import dpkt.sll2
    except ImportError:
        raise _missing("dpkt") from None
    return dpkt


def block_library() -> Any:
    """``pcapng``: the newer format of files.

    Raises:
        ApiMisuse: it is not installed.
    """
    try:
        import pcapng
        import pcapng.blocks
    except ImportError:
        raise _missing("python-pcapng") from None
    return pcapng


def _missing(name: str) -> ApiMisuse:
    return ApiMisuse(
        f"captures are read with the library {name}, which is not installed",
        "pip install 'tlsee[capture]'",
    )
