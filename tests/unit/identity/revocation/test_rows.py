"""The rows of revocation in the catalogue of reasons."""

from __future__ import annotations

import pytest

from tlsee.codes import AlertDescription
from tlsee.reasons import Reason, Reasons


@pytest.mark.parametrize(
    ("reason", "alert"),
    [
        (Reasons.certificate_revoked, AlertDescription.certificate_revoked),
        (Reasons.revocation_unknown, AlertDescription.certificate_unknown),
        (Reasons.bad_staple, AlertDescription.bad_certificate_status_response),
        (Reasons.staple_missing, AlertDescription.bad_certificate_status_response),
    ],
)
def test_each_row_has_the_alert_that_was_made_for_it(
    reason: Reason, alert: AlertDescription
) -> None:
    """RFC 9846, 6.2 has an alert of its own for a revoked certificate and for a bad staple."""
    assert reason.alert is alert
    assert reason.fix
