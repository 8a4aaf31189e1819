"""Ways from a certificate to a trust anchor, searched and judged."""
