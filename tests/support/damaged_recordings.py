"""Recordings that no connection makes: bytes changed, moments gone, doubled and out of order."""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.support.recordings import record
from tlsee.recording.kept import Moment
from tlsee.recording.recording import Recording
from tlsee.values import fields_of, replace

__all__ = ["damaged_recordings"]

_KINDS = (
    "1.3", "1.2", "1.2, RSA key exchange", "1.3, retried", "1.3, resumed", "1.2, resumed",
    "1.3, early data", "1.3, client certificate", "1.3, external key", "1.3, keys updated",
)  # fmt: skip


@cache
def _whole() -> tuple[Recording, ...]:
    made = [record(name) for name in _KINDS]
    return tuple(one.recording for each in made for one in each.recorders)


@st.composite
def damaged_recordings(draw: st.DrawFn) -> Recording:
    """A scenario's recording, of either side, redacted or not, with a few things wrong."""
    recording = draw(st.sampled_from(_whole()))
    moments = list(recording.moments)
    for _ in range(draw(st.integers(0, 4))):
        if not moments:
            break
        at = draw(st.integers(0, len(moments) - 1))
        deed = draw(st.sampled_from(("cut", "drop", "double", "swap", "bytes", "bytes", "from")))
        if deed == "cut":
            del moments[at:]
        elif deed == "from":
            del moments[:at]
        elif deed == "drop":
            del moments[at]
        elif deed == "double":
            moments.insert(at, moments[at])
        elif deed == "swap":
            other = draw(st.integers(0, len(moments) - 1))
            moments[at], moments[other] = moments[other], moments[at]
        else:
            moments[at] = _changed(draw, moments[at])
    return Recording(recording.header, moments, recording.damage, recording.unknown)


def _changed(draw: st.DrawFn, moment: Moment) -> Moment:
    """Where it holds bytes, other bytes: one flipped, some gone, some more, or all others."""
    item: Any = moment.item
    known = [name for name in ("raw", "secret", "data") if name in fields_of(type(item))]
    name = next((name for name in known if getattr(item, name)), "")
    if not name:
        return moment
    data = bytearray(getattr(item, name))
    at = draw(st.integers(0, len(data) - 1))
    how = draw(st.sampled_from(("flip", "cut", "more", "other")))
    if how == "flip":
        data[at] ^= draw(st.integers(1, 255))
    elif how == "cut":
        del data[at:]
    elif how == "more":
        data[at:at] = draw(st.binary(min_size=1, max_size=20))
    else:
        data[:] = draw(st.binary(min_size=1, max_size=200))
    return replace(moment, item=replace(item, **{name: bytes(data)}))
