"""Signs: icons of the sprite, and the flag that stands for a level."""

from __future__ import annotations

from markupsafe import Markup

from detectors.detection import Level


def icon(name: str, title: str = "") -> Markup:
    """Return a drawing of the sprite; with ``title`` it speaks for itself, else a word must follow."""
    use = Markup('<use href="#i-{}"/>').format(name)
    if title:
        return Markup(
            '<svg class="ic" viewBox="0 0 24 24" role="img" aria-label="{}">{}</svg>'
        ).format(title, use)
    return Markup('<svg class="ic" viewBox="0 0 24 24" aria-hidden="true">{}</svg>').format(use)


def flag(level: Level | None, word: str, *, large: bool = False) -> Markup:
    """Return a level as number, wind feather, fill and (large) word; unknown is hatched with "?"."""
    size = " flag-l" if large else ""
    shown = (
        Markup('<span class="flag-w">{}</span>').format(word)
        if large
        else Markup('<span class="vh">{}</span>').format(word)
    )
    if level is None:
        return Markup('<span class="flag{} lvl-u">{}<b aria-hidden="true">?</b>{}</span>').format(
            size, icon("bu"), shown
        )
    return Markup('<span class="flag{} lvl-{}">{}<b>{}</b>{}</span>').format(
        size, int(level), icon(f"b{int(level)}"), int(level), shown
    )
