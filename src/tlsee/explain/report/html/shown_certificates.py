"""Where the certificates of a verdict stand among the messages, down to the byte."""

from __future__ import annotations

from tlsee.explain.dissect import Field
from tlsee.explain.phrases import CERTIFICATES
from tlsee.explain.post_quantum import shown_by
from tlsee.explain.report.html.sheet import Sheet
from tlsee.identity.certificate import CertificateView
from tlsee.trace import Role
from tlsee.values import value

__all__ = ["Place", "Places"]


@value
class Place:
    """A certificate in a message.

    Attributes:
        number: of the step. place: of the field in ``Field.walk``. field: the certificate's bytes.
    """

    number: int
    place: int
    field: Field


class Places:
    """The certificates that both sides showed, by their bytes."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._places: dict[bytes, Place] = {}
        self.shown: dict[bytes, Role] = {}  # by whom first, in order
        for view in sheet.steps:
            if view.field is None or not isinstance(view.step.message, CERTIFICATES):
                continue
            wanted = dict.fromkeys(shown_by(view.step))
            for der in wanted:
                self.shown.setdefault(der, view.step.sender)
            lengths = {len(der) for der in wanted}
            for place, field in enumerate(view.field.walk()):
                if len(field.raw) in lengths and field.raw in wanted:
                    # The innermost of those that are the same bytes: its parts are the elements.
                    self._places[field.raw] = Place(view.step.number, place, field)

    def href(self, view: CertificateView) -> str | None:
        """The address of a certificate's bytes."""
        found = self._places.get(view.der)
        return self._sheet.field_href(found.number, found.place) if found is not None else None

    def href_of(self, view: CertificateView, span: tuple[int, int]) -> str | None:
        """The address of the smallest field that holds these bytes of a certificate."""
        found = self._places.get(view.der)
        if found is None:
            return None
        start, end = found.field.start + span[0], found.field.start + span[1]
        best = None
        for offset, field in enumerate(found.field.walk()):
            if field.start <= start and end <= field.end:
                best = self._sheet.field_href(found.number, found.place + offset) or best
        return best
