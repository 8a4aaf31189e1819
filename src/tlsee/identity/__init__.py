"""Who is who: our credentials, whom we trust, and the judgement of the peer's certificates."""
