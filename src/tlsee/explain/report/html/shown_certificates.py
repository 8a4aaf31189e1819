"""Where the certificates of a verdict stand among the messages, down to the byte."""

from __future__ import annotations

from tlsee.explain.dissect import Field
from tlsee.explain.report.html.sheet import Sheet
from tlsee.identity.certificate import CertificateView
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
    """The certificates that were shown, by their bytes."""

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._places: dict[bytes, Place] = {}
        verdict = sheet.account.verdict
        wanted = {view.der for view in verdict.presented} if verdict is not None else set()
        lengths = {len(der) for der in wanted}
        for view in sheet.steps:
            if view.field is None or not hasattr(view.step.message, "certificate_list"):
                continue
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

    def number(self, view: CertificateView) -> int:
        """The step that showed it; 0 for none."""
        found = self._places.get(view.der)
        return found.number if found is not None else 0
