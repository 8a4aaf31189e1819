"""docs/profiles.md is the table of rules, and it is what the rules are."""

from __future__ import annotations

from tests.support.house import REPOSITORY
from tlsee.identity.path.rules import PATH_RULES, RULES, Role, Rule
from tlsee.identity.trust import Profile

PAGE = REPOSITORY / "docs" / "profiles.md"
BEGIN, END = "<!-- rules: begin -->\n", "<!-- rules: end -->\n"
_PLACES = {
    Role.LEAF: "leaf",
    Role.PINNED: "pinned leaf",
    Role.AUTHORITY: "authority",
    Role.ANCHOR: "anchor",
}


def table(rules: tuple[Rule, ...]) -> str:
    """The rules as Markdown."""
    lines = ["| rule | what must hold | for | web | private | clause | reason |", "|" + "---|" * 7]
    for rule in rules:
        places = ", ".join(text for role, text in _PLACES.items() if role in rule.roles)
        marks = ["yes" if p in rule.profiles else "" for p in (Profile.WEB, Profile.PRIVATE)]
        cells = [rule.name, rule.says, places, *marks, rule.clause, f"`{rule.reason.name}`"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def generated() -> str:
    """What stands between the marks."""
    return (
        f"{BEGIN}### Of one certificate\n\n{table(RULES)}\n"
        f"### Of the moment, the name and the path\n\n{table(PATH_RULES)}{END}"
    )


def test_the_page_has_the_table_of_the_rules() -> None:
    """Run ``python -m tests.docs.test_profiles`` to write it again."""
    text = PAGE.read_text(encoding="utf-8")
    assert text[text.index(BEGIN) : text.index(END) + len(END)] == generated()


def test_rules_have_names_of_their_own() -> None:
    """A verdict names a rule by its name, so no two have one."""
    names = [rule.name for rule in (*RULES, *PATH_RULES)]
    assert len(set(names)) == len(names)
    assert all(rule.clause and rule.says and rule.profiles for rule in (*RULES, *PATH_RULES))


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    before, after = text[: text.index(BEGIN)], text[text.index(END) + len(END) :]
    PAGE.write_text(before + generated() + after, encoding="utf-8")
