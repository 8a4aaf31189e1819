"""Past connections judged again under another configuration: which of them would break?

What one side offered is in its recorded messages, so the other side's decision can be made again:
by the same machine, with the configuration in question. What nobody wrote down (what a peer would
have done with another offer) is said to be unknown, not guessed.
"""

from __future__ import annotations

from tlsee.config import ClientConfig, ServerConfig
from tlsee.errors import ApiMisuse
from tlsee.explain.against.as_client import client_findings
from tlsee.explain.against.as_server import server_findings
from tlsee.explain.against.finding import Finding, Fit, Outlook, outlook_of
from tlsee.explain.recorded import story_of
from tlsee.recording.recording import Recording
from tlsee.trace import Role
from tlsee.wire.hellos import ClientHello

__all__ = ["Finding", "Fit", "Outlook", "judge_against"]


def judge_against(
    recording: Recording, config: ClientConfig | ServerConfig, at: float | None = None
) -> Outlook:
    """What would become of a recorded connection under another configuration.

    A ``ClientConfig`` takes the client's place, a ``ServerConfig`` the server's; either may be the
    side that recorded or its peer. Nothing is sent, and a server's private keys are not needed.

    Args:
        at: the moment to judge certificates at, in seconds since the epoch; ``None`` is when it was
            recorded.

    Raises:
        ApiMisuse: neither a ClientConfig nor a ServerConfig.
    """
    if not isinstance(config, ClientConfig | ServerConfig):
        raise ApiMisuse("judge_against() takes a ClientConfig or a ServerConfig")
    story = story_of(recording)
    if story.first(ClientHello) is None:
        return outlook_of((Finding(Fit.UNKNOWN, "hello", "no ClientHello was recorded"),))
    moment = recording.header.began / 1e9 if at is None else at
    if isinstance(config, ServerConfig):
        findings = server_findings(recording, story, config, moment)
    else:
        findings = client_findings(recording, story, config, moment)
    return outlook_of(findings, failed_before=story.error is not None, role=_role(config))


def _role(config: ClientConfig | ServerConfig) -> Role:
    return Role.SERVER if isinstance(config, ServerConfig) else Role.CLIENT
