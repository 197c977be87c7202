"""The lines of settings: found through everything that TOML allows."""

from __future__ import annotations

from textwrap import dedent

from monitor.settings.lines import Lines


def test_lines_are_found_through_everything_that_toml_allows() -> None:
    text = dedent(
        """\
        # comment
        a.b = 1
        "c.d" = '''
        [not.a.header]
        e = 2
        '''
        f = [
          "x]", # ]
          "y",
        ]
        [t."u v".w]
        g = {h = 1}
        [[r]]
        i = 1
        [[r]]
        [r.s]
        j = 2
        """
    )
    lines = Lines(text)
    assert lines.of(("a", "b")) == 2
    assert lines.of(("c.d",)) == 3
    assert lines.of(("f", 1)) == 7
    assert lines.of(("t", "u v", "w")) == 11
    assert lines.of(("t", "u v", "w", "g", "h")) == 12
    assert lines.of(("r", 0, "i")) == 14
    assert lines.of(("r", 1)) == 15
    assert lines.of(("r", 1, "s", "j")) == 17
    assert lines.of(("unknown", "key")) == 0


def test_a_long_list_is_located_without_endless_parsing() -> None:
    """Counted, not timed: a list of n lines is parsed twice, whatever n is."""
    rows = "\n".join(f'  "term {n}",' for n in range(5_000))
    lines = Lines(f"a = [\n{rows}\n]\nb = 1\n")
    assert lines.of(("b",)) == 5_003
