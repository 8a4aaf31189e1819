"""What holds for every dissection, whatever the bytes were."""

from __future__ import annotations

from tlsee.explain.dissect import Field

__all__ = ["assert_explains", "shown"]

LONGEST = 400  # characters of a value in words: one line


def assert_explains(field: Field, data: bytes, *, exact: bool = True) -> None:
    """Each byte of ``data`` belongs to one leaf, and every field has words and a clause.

    ``exact`` is whether the fields' bytes are the data's own; they are not where what was
    encrypted is shown as plaintext.
    """
    assert (field.start, field.end) == (0, len(data))
    leaves = list(field.leaves())
    if exact:
        assert b"".join(leaf.raw for leaf in leaves) == data
    waiting = [field]
    while waiting:
        one = waiting.pop()
        assert len(one.raw) == one.end - one.start, one.name
        assert one.name
        assert one.words, one.name
        assert one.about or one.problem, one.name
        assert one.clause, one.name
        for text in (one.name, one.words, one.about, one.clause, one.problem):
            assert text.isascii(), text
            assert not text or text.isprintable(), text
            assert len(text) <= LONGEST, text
        position = one.start
        for child in one.children:
            assert child.start == position, (one.name, child.name)
            position = child.end
        assert not one.children or position == one.end, one.name
        waiting.extend(one.children)


def shown(field: Field, depth: int = 0) -> str:
    """The tree as text, for whoever looks at a failure."""
    lines = [f"{'  ' * depth}{field.name} [{field.start}:{field.end}] {field.words}"]
    return "\n".join([*lines, *(shown(child, depth + 1) for child in field.children)])
