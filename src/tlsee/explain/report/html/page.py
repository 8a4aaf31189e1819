"""The page, put together: what is needed stands in it, and nothing is fetched."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import NamedTuple

from htpy import Element, body, footer, head, html, kbd, main, meta, p, title
from htpy import a as anchor
from htpy import script as script_element
from htpy import style as style_element
from markupsafe import Markup

from tlsee.explain.account import Account
from tlsee.explain.report.html.assets import policy, script, style
from tlsee.explain.report.html.bounds import ALL, PAGE_LENGTH, STAGES
from tlsee.explain.report.html.certificates import certificates
from tlsee.explain.report.html.choices import choices
from tlsee.explain.report.html.cost import cost
from tlsee.explain.report.html.glossary import glossary
from tlsee.explain.report.html.head import banner, bar, verdict_card
from tlsee.explain.report.html.keys import keys
from tlsee.explain.report.html.markup import only_ascii
from tlsee.explain.report.html.messages import messages
from tlsee.explain.report.html.records import records, shown
from tlsee.explain.report.html.sequence import sequence
from tlsee.explain.report.html.sheet import Sheet, slug
from tlsee.explain.report.html.states import states

__all__ = ["page"]


LANGUAGE = "en"


def page(account: Account) -> str:
    """A recording as one HTML file: ASCII, complete without a script, needing no other file.

    What it shows is bounded (``bounds``), and it says what it left out.
    """
    made = ""
    for amounts in STAGES:
        made = _written(Sheet(account, amounts))
        if len(made) <= PAGE_LENGTH:
            break
    return made


def _written(sheet: Sheet) -> str:
    return only_ascii(str(_document(sheet, _sections(sheet))))


class Section(NamedTuple):
    """A section: its identifier, what the bar calls it, and itself."""

    name: str
    title: str
    content: Element


def _sections(sheet: Sheet) -> list[Section]:
    """Those that have something to say, in the order of the page."""
    runs, left_out = shown(sheet.account.records)
    sheet.record_ids = frozenset(run[0].number for run in runs)
    found: list[tuple[str, str, Element | None]] = [
        ("sequence", "Sequence", sequence(sheet)),
        ("messages", "Messages", messages(sheet)),
        ("choices", "Choices", choices(sheet)),
        ("keys", "Keys", keys(sheet)),
        ("certificates", "Certificates", certificates(sheet)),
        ("states", "States", states(sheet)),
        ("cost", "Cost", cost(sheet)),
        ("records", "Records", records(sheet, runs, left_out)),
        ("glossary", "Glossary", glossary(sheet)),
    ]
    return [Section(name, text, part) for name, text, part in found if part is not None]


def _document(sheet: Sheet, sections: list[Section]) -> Element:
    """The whole of it; style and script are files of this package, and no peer's."""
    heading = sheet.account.heading
    named = [(section.name, section.title) for section in sections]
    return html(lang=LANGUAGE)[
        head[
            meta(charset="utf-8"),
            meta(http_equiv="Content-Security-Policy", content=policy()),
            meta(name="viewport", content="width=device-width, initial-scale=1"),
            meta(name="referrer", content="no-referrer"),
            meta(name="color-scheme", content="light dark"),
            title[f"{heading.title}: {sheet.account.outcome.headline} - tlsee"],
            style_element[Markup(style())],  # noqa: S704  a file of ours
        ],
        body[
            anchor(".skip", href="#main")["Skip to the verdict"],
            banner(sheet),
            bar(named),
            main(id="main", tabindex="-1")[
                verdict_card(sheet), [section.content for section in sections]
            ],
            _foot(sheet),
            _recording(sheet),
            script_element[Markup(script())],  # noqa: S704  a file of ours
        ],
    ]


def _recording(sheet: Sheet) -> Element | None:
    """The recording itself, for whoever has the page alone; no browser runs or reads it.

    One that reveals secrets does not go along: it has more than the page shows.
    """
    text = _packed(sheet)
    if not text:
        return None
    name = f"{slug(sheet.account.heading.title) or 'connection'}.tlsrec"
    return script_element(id="recording", type="application/octet-stream", data_name=name)[text]


def _packed(sheet: Sheet) -> str:
    """The recording in base64; empty where it does not go along."""
    recording = sheet.account.recording
    if recording.reveals_secrets or not sheet.amounts.recording:
        return ""
    text = b64encode(recording.to_bytes()).decode("ascii")
    return text if len(text) <= sheet.amounts.recording else ""


def _left_out(sheet: Sheet) -> Iterator[str]:
    """What the page would have had if there had been place, in sentences."""
    amounts = sheet.amounts
    if amounts.terse:
        yield (
            "There was much to say for one page: what a field is for stands at the first of its "
            "kind in a message, and an element of a certificate shares its row with its header."
        )
    missing = []
    if amounts.sealed < ALL.sealed:
        missing.append("most encrypted bytes of records")
    if not amounts.ways:
        missing.append("the list of the machine's ways")
    if not amounts.openings:
        missing.append("the lines that open records and those that verify signatures")
    if amounts.recipes < ALL.recipes:
        missing.append("most recipes of keys")
    if amounts.fields < ALL.fields:
        missing.append("fields and bytes of messages, which say how many")
    if missing:
        yield f"Left out: {'; '.join(missing)}. tlsee explain --json has the rest."
    if sheet.account.recording.reveals_secrets:
        yield "The recording does not go along: it has more secrets and data than the page shows."
    elif not _packed(sheet):
        yield "The recording does not go along either: it is too long."


def _foot(sheet: Sheet) -> Element:
    return footer[
        [p(".cut")[sentence] for sentence in _left_out(sheet)],
        p[
            "Every value on this page was read from the recorded bytes or was told by the side "
            "that recorded them. The page is one file: it fetches nothing and sends nothing."
        ],
        p(".keys", hidden=True)[
            kbd["/"],
            " search ",
            kbd["j"],
            " ",
            kbd["k"],
            " next and previous message ",
            kbd["o"],
            " fold or unfold it ",
            kbd["Arrows"],
            " from field to field ",
            kbd["Esc"],
            " leave the search",
        ],
    ]
