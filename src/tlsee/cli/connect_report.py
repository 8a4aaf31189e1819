"""What ``tlsee connect`` says: the screen of a connection that worked, or of one that did not."""

from __future__ import annotations

from tlsee import policies
from tlsee.cli import session_words
from tlsee.cli.attempt import Attempt, ServerVerdict, Silence, sentence_of
from tlsee.cli.exit_codes import CommandError
from tlsee.cli.extras import NotGiven
from tlsee.cli.judged_report import advice, certificate_rows, in_words, refusal, whole_search
from tlsee.cli.lists import LEGACY_WARNING
from tlsee.cli.output import BAD, OK, Screen
from tlsee.cli.styles import show
from tlsee.codes import AlertDescription, NamedGroup
from tlsee.connection.info import ConnectionInfo
from tlsee.crypto.groups import EXPLICIT_GROUP
from tlsee.crypto.suites12 import suites12
from tlsee.errors import AlertReceived, CertificateRejected, HandshakeTimeout, TLSError, Truncation
from tlsee.explain import alerts
from tlsee.explain.layout import listed
from tlsee.explain.narrate import narrate, title
from tlsee.explain.phrases import CERTIFICATES
from tlsee.explain.reading import finite_field
from tlsee.explain.story import Kind, Story
from tlsee.explain.summary import within_version
from tlsee.identity.proof import ByCertificate, ByDecryption, Unverified
from tlsee.text import count, printable
from tlsee.trace import Role
from tlsee.wire.extensions.key_share import KeyShareClientHello
from tlsee.wire.hellos import ClientHello
from tlsee.wire.messages12 import ServerKeyExchange

_WAIT_LONGER = "see whether the server is overloaded; --timeout SECONDS waits longer"
EXPORTED_PER_LINE = 32  # bytes, in hexadecimal
HYBRIDS = {
    NamedGroup.X25519MLKEM768,
    NamedGroup.SecP256r1MLKEM768,
    NamedGroup.SecP384r1MLKEM1024,
}


def opening(attempt: Attempt, screen: Screen) -> None:
    """The part that is known once the handshake is done."""
    info = attempt.info
    if info is None:
        return
    story = attempt.story
    took = story.milliseconds or 0.0
    trips = count(story.round_trips, "round trip")
    version = info.version.label
    target = attempt.wish.target
    road = f"{printable(target.host, 60)} ({attempt.road})"
    warn_of_policy(attempt, screen)
    screen.verdict("connected", f"{road}, {version}, {trips}, {took:.1f} ms", OK)
    screen.row("keys", _keys(info, story))
    screen.row("records", _records(info, story))
    _identity_rows(info, screen)
    screen.row("ALPN", _alpn(info, story))
    if attempt.wish.notes:
        screen.row("trusted", f"{' and '.join(attempt.wish.notes)}, not the system's store")
    for path, source in attempt.wish.keylogs:
        who = f" ({source})" if source != "--keylog" else ""
        screen.row("key log", f"{printable(path, 100)}{who}: whoever has it can read this")
    for export, made in attempt.exports:
        screen.row("exported", f"{count(export.length, 'byte')} for {printable(export.label, 60)}:")
        for start in range(0, len(made), EXPORTED_PER_LINE):
            screen.line("              " + made[start : start + EXPORTED_PER_LINE].hex())


def warn_of_policy(attempt: Attempt, screen: Screen) -> None:
    """What the user gave up by asking for it, before anything else."""
    if attempt.wish.config.policy is policies.legacy:
        screen.verdict("warning", LEGACY_WARNING, BAD)


def _keys(info: ConnectionInfo, story: Story) -> str:
    if not is_forward_secret(info):
        return "RSA (NOT forward secret): the certificate's key carried the secret"
    older = suites12().get(info.suite)
    if older is not None:
        how = older.key_exchange.value
        return f"{_group12(info, story)} by {how} (forward secret, not post-quantum)"
    quality = "forward secret, post-quantum" if info.group in HYBRIDS else "forward secret"
    hello = story.first(ClientHello)
    shares = hello.extensions.get(KeyShareClientHello) if hello is not None else None
    number = sum(not e.group.is_grease for e in shares.client_shares) if shares is not None else 0
    text = f"{info.group} ({quality}); {count(number, 'share')} sent"
    return f"{text}, none of them that one: asked again" if info.retried else text


def is_forward_secret(info: ConnectionInfo) -> bool:
    """Whether the private key of the certificate does not open a recording; the suite tells."""
    older = suites12().get(info.suite)
    return older.forward_secret if older is not None else info.group is not None


def _group12(info: ConnectionInfo, story: Story) -> str:
    """The group; one that has no number is the server's own, and has a size."""
    if info.group != EXPLICIT_GROUP:
        return str(info.group)
    offered = story.first(ServerKeyExchange)
    size = finite_field(offered.dh().params) if offered is not None else "a group"
    return f"{size}, the server's own,"


def _records(info: ConnectionInfo, story: Story) -> str:
    choice = story.choice("suite")
    number = len(within_version(choice, story).offered) if choice is not None else 0
    version = info.version.label.removeprefix("TLS ")
    return f"{info.suite}, the server's choice of {number} offered for {version}"


def _identity_rows(info: ConnectionInfo, screen: Screen) -> None:
    proof = info.peer
    if isinstance(proof, ByCertificate | ByDecryption):
        name = printable(proof.peer.matched or proof.peer.certificate.subject, 100)
        wanted = proof.peer.name
        for_name = f" (for {printable(wanted, 100)})" if wanted not in (None, name) else ""
        how = "with " + str(info.scheme) if info.scheme is not None else "by decrypting"
        screen.row("identity", f"{name}{for_name}, proved {how}")
        verdict = proof.verdict
    elif isinstance(proof, Unverified):
        verdict = proof.verdict
        screen.row("identity", f"NOT PROVED (--insecure): {refusal(verdict)}", BAD)
    else:
        for label, text in session_words.rows(info):
            screen.row(label, text)
        return
    certificate_rows(verdict, screen)


def _alpn(info: ConnectionInfo, story: Story) -> str:
    choice = story.choice("alpn")
    offered = [printable(name, 40) for name in choice.offered] if choice is not None else []
    if not offered:
        return "none offered (--alpn h2,http/1.1)"
    if info.alpn is None:
        return f"none: the server took no notice of {listed(offered, 'or')}"
    return f"{printable(info.alpn, 40)}, the server's choice of {len(offered)} offered"


def ending(attempt: Attempt, screen: Screen, *, messages: bool, fields: bool, chain: bool) -> None:
    """The rest of a connection that worked."""
    screen.row("client", _client(attempt))
    sink = attempt.sink
    if attempt.wish.exchange.has_data:
        screen.row("received", count(sink.received, "byte"))
    if attempt.keys_changed:
        screen.row("key update", _key_update(attempt))
    screen.row("closed", _closed(attempt.story))
    _extras(attempt, screen, messages=messages, fields=fields, chain=chain)


def _client(attempt: Attempt) -> str:
    info = attempt.info
    if info is None or not info.asked_for_certificate:
        return "no certificate was asked for"
    own = info.own_credential
    if own is None:
        shown = "a certificate was asked for and none shown (--cert, --key)"
    else:
        shown = f"{own.subject}, proved with {info.client_scheme}"
    words = {
        ServerVerdict.WENT_ON: "the server went on",
        ServerVerdict.NOT_SAID: "the server has not said what it makes of that",
        ServerVerdict.REFUSED: "refused",
    }
    return f"{shown}; {words[attempt.verdict]}" if attempt.verdict is not None else shown


def _key_update(attempt: Attempt) -> str:
    if attempt.keys_answered:
        return "new keys both ways: we asked, and the server followed"
    return "new keys for what we send; the server was asked and has not followed"


def _closed(story: Story) -> str:
    ours = AlertDescription.close_notify in story.alerts(sent=True)
    theirs = AlertDescription.close_notify in story.alerts(sent=False)
    if ours and theirs:
        return "close_notify both ways"
    if theirs:
        return "close_notify from the server"
    return "close_notify from us, none from the server"


def _extras(attempt: Attempt, screen: Screen, *, messages: bool, fields: bool, chain: bool) -> None:
    verdict = attempt.judgement
    if chain and verdict is not None:
        screen.line()
        whole_search(verdict, screen)
    if messages:
        screen.line()
        for block in narrate(attempt.story, detail=fields, width=screen.width):
            show(screen, block.lines)
        if attempt.story.lost:
            screen.line(f"    .. and {count(attempt.story.lost, 'event')} that were not kept")
    record = attempt.wish.record
    if record is not None:
        record.tell(screen)
    more = []
    if not messages:
        more.append("-v messages")
    elif not fields:
        more.append("-vv fields")
    if not chain and verdict is not None:
        more.append("--chain")
    if record is None or record.html is None:
        more.append("--html FILE")
    if record is None or record.path is None:
        more.append("--record FILE")
    screen.line("more:  " + "   ".join([*more, "--json"]))


def failure(attempt: Attempt, screen: Screen, *, messages: bool, fields: bool, chain: bool) -> None:
    """The screen of a connection that TLS ended: who, why, what to do."""
    error = attempt.error
    if error is None:
        return
    host = printable(attempt.wish.target.host, 60)
    who = f"{host} ({attempt.road})" if attempt.road else host
    word, by = _who_refused(error)
    when = "in the handshake" if attempt.info is None else "after the handshake"
    warn_of_policy(attempt, screen)
    screen.verdict(word, f"{who}, {by}{when}", BAD)
    what, fix = explained(attempt)
    screen.row("reason", what)
    alert = _alert(attempt)
    if alert:
        screen.row("alert", alert)
    verdict = attempt.judgement
    untold = attempt.info is None or not attempt.wish.exchange.has_data
    if verdict is not None and not verdict.accepted and untold:
        certificate_rows(verdict, screen)
    if attempt.info is None:
        screen.row("so far", _so_far(attempt))
    if attempt.wish.notes and verdict is not None:
        screen.row("trusted", f"{' and '.join(attempt.wish.notes)}, not the system's store")
    if fix:
        screen.row("fix", fix)
    if attempt.wish.exchange.has_data and attempt.sink.received:
        screen.row("received", f"{count(attempt.sink.received, 'byte')}, possibly not all")
    _extras(attempt, screen, messages=messages, fields=fields, chain=chain)


def _so_far(attempt: Attempt) -> str:
    """What went over the wire before it ended."""
    story = attempt.story
    parts = []
    if "tcp_ms" in attempt.timings:
        parts.append(f"TCP connected in {attempt.timings['tcp_ms']:.1f} ms")
    for sent, word in ((True, "sent"), (False, "received")):
        names = [
            f"{title(step)} ({count(len(step.raw), 'byte')})"
            for step in story.steps
            if step.kind is Kind.MESSAGE and step.sent is sent
        ]
        parts.append(f"{word} {listed(names) if names else 'no message'}")
    return "; ".join(parts)


def _who_refused(error: BaseException) -> tuple[str, str]:
    if isinstance(error, AlertReceived):
        return "refused", "by the server, "
    if isinstance(error, Truncation):
        return "cut", ""
    if isinstance(error, HandshakeTimeout | Silence):
        return "timed out", ""
    if isinstance(error, OSError):
        return "broken", ""
    return "refused", "by this side, "


def refused_by(error: BaseException | None) -> str | None:
    """``us``, ``peer``, or ``None`` where nobody did, for JSON."""
    if isinstance(error, AlertReceived | Truncation | OSError):
        return "peer"
    if isinstance(error, TLSError | NotGiven) and not isinstance(error, HandshakeTimeout):
        return "us"
    return None


def explained(attempt: Attempt) -> tuple[str, str]:
    """What went wrong in words, and what to do."""
    error = attempt.error
    if isinstance(error, AlertReceived):
        if attempt.wish.config.psks and error.alert in session_words.KEY_ALERTS:
            return session_words.KEY_ALERTS[error.alert]
        what, fix = alerts.meaning(
            error.alert, showed_certificate=_showed_certificate(attempt.story)
        )
        if error.alert == AlertDescription.handshake_failure and _showed_none(attempt.story):
            fix = alerts.meaning(AlertDescription.certificate_required)[
                1
            ]  # TLS 1.2's way to say it
        return error.detail or what, fix or error.fix
    if not isinstance(error, TLSError):
        if isinstance(error, CommandError):
            return error.what, error.fix
        return (sentence_of(error), "try again") if error is not None else ("", "")
    if isinstance(error, HandshakeTimeout):
        return f"{error.reason.sentence} ({attempt.wish.timeout:g} s)", _WAIT_LONGER
    what = in_words(error.reason.sentence, error.detail)
    notes = [note for note in getattr(error, "__notes__", []) if note.startswith("the transport")]
    fix = error.fix
    if isinstance(error, CertificateRejected) and error.verdict is not None:
        fix = advice(error.verdict) or fix
    return f"{what}{''.join(f' ({note})' for note in notes[:1])}", fix


def _showed_certificate(story: Story) -> bool:
    step = story.step_of(CERTIFICATES, Role.CLIENT)
    return step is not None and bool(step.message.certificate_list)


def _showed_none(story: Story) -> bool:
    """Whether the server asked for a certificate and got a message without one."""
    step = story.step_of(CERTIFICATES, Role.CLIENT)
    return step is not None and not step.message.certificate_list


def _alert(attempt: Attempt) -> str:
    story = attempt.story
    for sent, word in ((False, "received"), (True, "sent")):
        for alert in story.alerts(sent=sent):
            if alert != AlertDescription.close_notify:
                return f"{alert} ({int(alert)}) {word}"
    return ""
