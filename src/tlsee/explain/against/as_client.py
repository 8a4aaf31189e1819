"""A recorded server before another client: would what it chose still be on the table?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from tlsee.codes import ExtensionType, NamedGroup, ProtocolVersion
from tlsee.config import ClientConfig
from tlsee.crypto.groups import EXPLICIT_GROUP
from tlsee.explain.against.certificates import judged_again
from tlsee.explain.against.finding import Finding, Fit
from tlsee.explain.layout import listed
from tlsee.explain.reading import offered_groups, offered_versions
from tlsee.explain.rejudging import chain_of
from tlsee.explain.story import Story
from tlsee.explain.summary import decision, describe
from tlsee.recording.recording import Recording
from tlsee.trace import Role
from tlsee.wire.hellos import ClientHello

__all__ = ["client_findings"]

_NOUNS = {
    "suite": "cipher suite",
    "group": "group",
    "scheme": "signature scheme",
    "alpn": "application protocol",
}


def client_findings(
    recording: Recording, story: Story, config: ClientConfig, at: float
) -> Iterator[Finding]:
    """What this client would have made of the server's choices."""
    version = story.version
    if version is None:
        text = "the server chose nothing, so whether it would now is not known"
        yield Finding(Fit.UNKNOWN, "version", text)
        return
    refused = _version(story, config, version)
    if refused is not None:
        yield refused
        return
    yield from _choices(story, config, version)
    yield from _protocols(story, config)
    yield from _shares(story, config)
    yield from judged_again(recording, story, config, config.trust, Role.SERVER, at)
    yield from _own(story, config)


def _version(story: Story, config: ClientConfig, version: ProtocolVersion) -> Finding | None:
    """A server takes the newest version that both have (RFC 9846, 4.3.1)."""
    if version in config.versions:
        return None
    hello = story.first(ClientHello)
    offered = offered_versions(hello) if hello is not None else ()
    was, now = version.label, " and ".join(item.label for item in config.versions)
    newer = [item for item in config.versions if item > version]
    if newer and all(item in offered for item in newer):
        sentence = (
            f"the server took {was} though {newer[0].label} was offered: it has nothing newer"
        )
        fix = f"allow {was} for this server, or have it updated"
        return Finding(Fit.BREAKS, "version", sentence, was, "none", "protocol_version", fix)
    sentence = f"the server chose {was}; whether it has {now} the recording does not tell"
    return Finding(Fit.MAY_BREAK, "version", sentence, was, now)


def _choices(story: Story, config: ClientConfig, version: ProtocolVersion) -> Iterator[Finding]:
    older = version < ProtocolVersion.TLS13
    allowed: dict[str, Sequence[Any]] = {
        "suite": tuple(config.suites12) if older else config.suites13,
        "group": (*config.groups12, *config.fields12) if older else config.groups,
        "scheme": config.schemes12 if older else config.schemes,
        "alpn": config.alpn,
    }
    for what, able in allowed.items():
        choice = decision(what, story)
        if choice is None or choice.chosen is None or choice.chosen in able:
            continue
        if older and choice.chosen == EXPLICIT_GROUP:
            continue  # whoever offers DHE takes it, and that is a matter of suites
        was, noun = describe(choice.chosen), _NOUNS[what]
        if what == "alpn":
            yield _protocol(choice.chosen, able)
            continue
        # It may have more to choose from than it showed; among one there is no choice.
        sentence = f"the {noun} {was}, the server's choice, would not be offered"
        if not able:
            yield Finding(Fit.BREAKS, what, f"{sentence}, and no other either", was, "none")
        else:
            sentence += "; what else it has the recording does not tell"
            yield Finding(Fit.MAY_BREAK, what, sentence, was)


def _protocol(chosen: Any, able: Sequence[Any]) -> Finding:
    was = describe(chosen)
    if not able:
        text = f"no application protocol would be offered: {was} is not agreed on any more"
        return Finding(Fit.CHANGES, "alpn", text, was, "none")
    text = f"{was}, the server's choice, would not be offered; what else it has is not known"
    return Finding(Fit.MAY_BREAK, "alpn", text, was)


def _protocols(story: Story, config: ClientConfig) -> Iterator[Finding]:
    """Protocols where none were offered: a server that knows others refuses (RFC 7301, 3.2)."""
    hello = story.first(ClientHello)
    if (
        config.alpn
        and hello is not None
        and not hello.extensions.has(ExtensionType.application_layer_protocol_negotiation)
    ):
        named = listed([describe(name) for name in config.alpn], "or")
        text = f"{named} would be offered; whether the server minds the recording does not tell"
        yield Finding(Fit.UNKNOWN, "alpn", text, "none", named)


def _shares(story: Story, config: ClientConfig) -> Iterator[Finding]:
    """Whether the chosen group's share would be in the first hello."""
    group, hello = story.group, story.first(ClientHello)
    if story.is_older or group is None or hello is None or group not in config.groups:
        return
    again = story.round_trips > 1
    ready = group in config.key_shares
    if ready is again:
        more = "less" if ready else "more"
        held = "would be" if ready else "would not be"
        text = f"a share of {group} {held} in the first hello: one round trip {more}"
        yield Finding(
            Fit.CHANGES, "round trips", text, "2" if again else "1", "1" if ready else "2"
        )
    better = _better(story, config, offered_groups(hello))
    if better:
        text = f"{better[0]} would be offered too; whether the server prefers it is not known"
        yield Finding(Fit.UNKNOWN, "group", text, str(group), str(better[0]))


def _better(story: Story, config: ClientConfig, offered: Sequence[NamedGroup]) -> list[NamedGroup]:
    """Groups that this client would put before the chosen one, and that were not offered."""
    if story.group not in config.groups:
        return []
    before = config.groups[: config.groups.index(story.group)]
    return [group for group in before if group not in offered]


def _own(story: Story, config: ClientConfig) -> Iterator[Finding]:
    """The certificate that this client shows, where the server asked for one."""
    shown = chain_of(story, Role.CLIENT)
    if shown and not config.credentials:
        text = "the server asked for a certificate and got one; this client has none to show"
        fix = "name it: cert in [client], or credentials=[...]"
        yield Finding(Fit.MAY_BREAK, "certificate", text, "shown", "none", "", fix)
