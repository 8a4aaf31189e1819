"""What ``tlsee serve`` answers: what was negotiated with this very client, as text or as a page."""

from __future__ import annotations

from html import escape

from tlsee.cli import session_words
from tlsee.cli.offered import fingerprint_rows
from tlsee.codes import ExtensionType
from tlsee.connection.info import ConnectionInfo
from tlsee.explain import summary
from tlsee.explain.layout import WIDTH, labelled, listed
from tlsee.explain.narrate import Protection, narrate, title
from tlsee.explain.reading import offered_groups, offered_versions, server_name
from tlsee.explain.sentences import sentence_of
from tlsee.explain.story import Kind, Step, Story
from tlsee.handshake.outcome import ByPsk
from tlsee.identity.proof import ByCertificate, ByRawPublicKey
from tlsee.offer import ClientOffer
from tlsee.text import count, printable
from tlsee.trace import Epoch, Role
from tlsee.wire.extensions.alpn import ProtocolNameList
from tlsee.wire.hellos import ClientHello

_STYLE = """
:root{color-scheme:light dark;--ink:#16202a;--soft:#5b6875;--paper:#fbfaf7;--card:#fff;
--line:#dcd8cf;--key:#0b6e4f;--mark:#e5f3ec}
@media(prefers-color-scheme:dark){:root{--ink:#e8e6e1;--soft:#9aa5b1;--paper:#15191e;
--card:#1d232a;--line:#343c46;--key:#6fd3a8;--mark:#1c3a2e}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}main{max-width:52rem;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.6rem;line-height:1.25;margin:.2rem 0 .4rem}
h2{font-size:1.05rem;margin:2.2rem 0 .6rem}
p{margin:.3rem 0}.soft{color:var(--soft)}code,.mono{font-family:ui-monospace,monospace;
font-size:.92em;overflow-wrap:anywhere}.big{display:flex;flex-wrap:wrap;gap:.5rem;margin:1rem 0}
.big span{background:var(--mark);color:var(--key);border-radius:.5rem;padding:.3rem .7rem;
font:600 .95rem ui-monospace,monospace}table{border-collapse:collapse;width:100%;
background:var(--card);border:1px solid var(--line);border-radius:.5rem}
td,th{padding:.5rem .75rem;text-align:left;vertical-align:top;border-top:1px solid var(--line)}
tr:first-child>*{border-top:0}th{width:8rem;font-weight:600;color:var(--soft)}
ol{list-style:none;margin:0;padding:0}li{background:var(--card);border:1px solid var(--line);
border-radius:.5rem;padding:.6rem .9rem;margin:.5rem 0}li.client{margin-right:3rem}
li.server{margin-left:3rem}li header{display:flex;justify-content:space-between;gap:1rem;
flex-wrap:wrap}.rule{border:0;background:none;text-align:center;color:var(--key);
font-weight:600;padding:.2rem}footer{margin-top:2.5rem;font-size:.9rem}
"""


def text_page(info: ConnectionInfo, story: Story) -> str:
    """The answer for curl and for Python: 80 columns of ASCII."""
    lines = [f"{headline(info)}", ""]
    for label, text in facts(info, story):
        lines += labelled(label, text, WIDTH, 10)
    lines.append("")
    lines += [line.text for line in summary.choices(story)]
    lines += ["", "What was said:"]
    for block in narrate(story):
        lines += [line.text for line in block.lines]
    return "\n".join(lines) + "\n"


def headline(info: ConnectionInfo) -> str:
    """The result in a line."""
    return f"{info.version.label} with {_exchange(info)} and {info.suite}"


def _exchange(info: ConnectionInfo) -> str:
    if info.group is None and isinstance(info.peer, ByPsk):
        return "no fresh key exchange"
    return str(info.group) if info.group is not None else "RSA key exchange"


def facts(info: ConnectionInfo, story: Story) -> list[tuple[str, str]]:
    """What the client offered and who it is, as pairs of label and text."""
    hello = story.first(ClientHello)
    rows = []
    if hello is not None:
        rows.append(("asked for", server_name(hello) or "no name (no SNI)"))
        protocols = hello.extensions.get(ProtocolNameList)
        if protocols is not None:
            names = [printable(name, 32) for name in protocols.protocol_name_list]
            chosen = printable(info.alpn, 32) if info.alpn is not None else "none of them"
            rows.append(("ALPN", f"{chosen}, of {listed(names)}"))
        rows.append(("offered", _offer(hello)))
        rows += fingerprint_rows(ClientOffer(hello))
    peer = info.peer.peer if isinstance(info.peer, ByCertificate | ByPsk) else None
    if peer is not None:
        rows.append(("you are", f"{peer.certificate.subject}, proved: {peer.path.chain}"))
        rows += named(info)
    elif isinstance(info.peer, ByRawPublicKey):
        rows.append(
            ("you are", f"whoever holds a key that is known here: {info.peer.peer.subject}")
        )
    elif info.asked_for_certificate:
        rows.append(("you are", "somebody who shows no certificate, which is allowed here"))
    rows += session_words.rows(info, session_words.early_bytes(story))
    took = story.milliseconds
    if took is not None:
        rows.append(("took", f"{count(story.round_trips, 'round trip')}, {took:.1f} ms here"))
    rows.append(("cost", summary.cost(story)))
    return rows


def named(info: ConnectionInfo) -> list[tuple[str, str]]:
    """The names that a client's certificate has, and those that a service is known by."""
    who = info.peer_identity
    if who is None:
        return []
    rows = []
    names = [printable(name, 255) for name in who.names]
    if names and names != [who.subject]:
        more = [f"{len(names) - 8:,} more"] if len(names) > 9 else []
        rows.append(("names", listed([*names[: 8 if more else 9], *more])))
    if who.spiffe_id is not None:
        rows.append(("SPIFFE id", who.spiffe_id))
    return rows


def _offer(hello: ClientHello) -> str:
    versions = [v.label for v in offered_versions(hello) if not v.is_grease]
    suites = sum(not suite.is_grease for suite in hello.cipher_suites)
    groups = [str(group) for group in offered_groups(hello) if not group.is_grease]
    shown = listed([*groups[:4], f"{len(groups) - 4} more"] if len(groups) > 5 else groups)
    types = hello.extensions.types
    unknown = sum(not kind.is_known and not kind.is_grease for kind in types)
    text = f"{listed(versions)}; {count(suites, 'cipher suite')}; {shown}; "
    text += count(len(types), "extension")
    if unknown:
        text += f", {unknown} of them unknown here"
    if any(kind.is_grease for kind in types):
        text += ", GREASE among them"
    if hello.extensions.has(ExtensionType.encrypted_client_hello):
        text += ", ECH among them (perhaps as GREASE)"
    return text


def html_page(info: ConnectionInfo, story: Story) -> str:
    """The answer for a browser: one file, no script, nothing fetched."""
    chips = "".join(f"<span>{escape(t)}</span>" for t in _chips(info))
    rows = "".join(_table_row(label, text) for label, text in facts(info, story))
    chosen = "".join(_table_row(label, text) for label, text in summary.choice_rows(story))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>tlsee: {escape(headline(info))}</title><style>{_STYLE}</style></head><body><main>"
        '<p class="soft">tlsee serve: TLS that shows its work</p>'
        f"<h1>You reached this page over {escape(info.version.label)}</h1>"
        f'<div class="big">{chips}</div>'
        "<p>Everything below was read from the bytes of this connection.</p>"
        f"<h2>Your client</h2><table>{rows}</table>"
        f"<h2>What was chosen, and why</h2><table>{chosen}</table>"
        f"<h2>What was said</h2><ol>{_messages(story)}</ol>"
        f'<footer class="soft"><p>Tomorrow: {escape(summary.tomorrow(story))}.</p></footer>'
        "</main></body></html>\n"
    )


def _chips(info: ConnectionInfo) -> list[str]:
    found = [_exchange(info), str(info.suite)]
    if info.resumed:
        found.append("resumed")
    if info.scheme is not None:
        found.append(str(info.scheme))
    return [*found, printable(info.alpn, 32)] if info.alpn is not None else found


def _table_row(label: str, text: str) -> str:
    return f"<tr><th>{escape(label)}</th><td>{escape(text)}</td></tr>"


def _messages(story: Story) -> str:
    parts = []
    protection = Protection(story)
    for step in story.steps:
        is_early = step.kind is Kind.DATA and step.epoch is Epoch.EARLY
        if step.kind not in (Kind.MESSAGE, Kind.CHANGE) and not is_early:
            continue
        announced = protection.announced(step)
        if announced:
            parts.append(f'<li class="rule">{escape(announced)}</li>')
        parts.append(_message(step, story))
    return "".join(parts)


def _message(step: Step, story: Story) -> str:
    who = "your client" if step.sender is Role.CLIENT else "this server"
    length = max(1, len(step.raw))  # a ChangeCipherSpec is one byte, and no message
    if step.records is not None:
        length = step.records.content
    said = escape(sentence_of(step, story, None)).replace("\n", "<br>")
    return (
        f'<li class="{step.sender.value}"><header><strong>{step.number}. {escape(title(step))}'
        f'</strong><span class="soft">{who}, {count(length, "byte")}</span></header>'
        f"<p>{said}</p></li>"
    )
