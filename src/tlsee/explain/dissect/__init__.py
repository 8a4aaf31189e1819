"""Every byte explained: recorded bytes read again, each in a field with its value and its clause.

``dissect_records`` takes the records of one direction, ``dissect_connection`` those of both,
``dissect_handshake`` a single message and ``read_der`` a certificate. None of them ever raises for
what the bytes are: what cannot be read is a field with a ``problem``.

The fields come from the same declarations that the protocol reads and writes with; what they mean
stands in one table (``vocabulary``), keyed by the struct and the name of its field.
"""

from __future__ import annotations

from tlsee.explain.dissect.context import NOTHING_KNOWN, Context
from tlsee.explain.dissect.der.crl import CERTIFICATE_LIST
from tlsee.explain.dissect.der.ocsp import OCSP_RESPONSE
from tlsee.explain.dissect.der.pkix import CERTIFICATE
from tlsee.explain.dissect.der.walking import read_der
from tlsee.explain.dissect.field import Field
from tlsee.explain.dissect.messages import dissect_handshake
from tlsee.explain.dissect.protection import Opened, Protection
from tlsee.explain.dissect.records import (
    Dissection,
    RecordSeen,
    dissect_connection,
    dissect_records,
    split,
)

__all__ = [
    "CERTIFICATE",
    "CERTIFICATE_LIST",
    "NOTHING_KNOWN",
    "OCSP_RESPONSE",
    "Context",
    "Dissection",
    "Field",
    "Opened",
    "Protection",
    "RecordSeen",
    "dissect_connection",
    "dissect_handshake",
    "dissect_records",
    "read_der",
    "split",
]
