"""What the JSON API shows of posts."""

from __future__ import annotations

from datetime import datetime

from monitor.ports import Post
from monitor.server.schemas import Out


class PostOut(Out):
    """One stored post. ``tone`` -1 negative, 0 neutral, 1 positive, 2 unread. ``offensive`` in [0, 1].

    ``answers``: further questions that were answered with yes, in percent by name. ``marks``: what rules
    say: ``banned`` and ``suspect`` name a term of a word list, ``unsure`` says why "offensive" may be wrong.
    """

    num: int
    at: datetime
    source: str
    kind: str
    lang: str
    title: str
    text: str
    url: str
    handle: str
    tone: int
    score: float
    offensive: float
    reach: int
    deleted: bool
    answers: dict[str, int]
    marks: dict[str, str]

    @classmethod
    def of(cls, post: Post) -> PostOut:
        return cls(**{name: getattr(post, name) for name in cls.model_fields})


class PostsOut(Out):
    """Newest first; ``before`` is what to ask with for the next page, None at the end."""

    posts: list[PostOut]
    before: int | None
