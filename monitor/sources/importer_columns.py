"""Column names of common listening tools, German and English, and what they mean to us.

Gathered from the column titles that such exports carry; compared without case, umlauts, units
and punctuation, so that "Veröffentlicht am", "veroeffentlicht_am" and "VERÖFFENTLICHT AM:" are one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

FIELDS: Mapping[str, tuple[str, ...]] = {
    # The order inside a field is the order of preference where a file has several.
    "id": (
        "source id", "mention id", "universal message id", "post id", "document id", "resource id", "message id",
        "tweet id", "status id", "comment id", "external id", "guid", "unique id", "beitrags id", "nachrichten id", "id",
    ),
    "url": (
        "url", "permalink", "post permalink", "post url", "link", "mention url", "message url", "direct link",
        "original url", "link zum beitrag", "adresse", "beitragslink", "quelle url", "source link", "tweet url",
    ),
    "text": (
        "text", "full text", "content", "message", "message text", "post text", "body", "mention content", "tweet",
        "volltext", "inhalt", "nachricht", "beitrag", "beitragstext", "kommentar", "comment", "post message", "post",
        "hit sentence", "content snippet", "snippet", "opening text", "description", "beschreibung", "auszug", "textauszug",
    ),
    "title": ("title", "headline", "title snippet", "titel", "ueberschrift", "subject", "betreff"),
    "published": (
        "published at", "published", "publication date", "published date", "date time", "datetime", "created time",
        "created at", "created", "date", "post date", "posted at", "timestamp", "published time", "mention date",
        "date published", "date created", "veroeffentlicht", "veroeffentlicht am", "veroeffentlichungsdatum",
        "erstellt", "erstellt am", "datum", "datum uhrzeit", "zeitpunkt", "zeitstempel", "erscheinungsdatum", "date utc",
    ),
    "time": ("time", "hour", "uhrzeit", "zeit", "publication time", "created hour", "stunde", "post time"),
    "handle": (
        "author handle", "author username", "username", "screen name", "senderscreenname", "sender screen name", "handle",
        "user name", "twitter screen name", "author screen name", "benutzername", "nutzername", "from", "author",
        "author name", "user", "influencer", "autor", "verfasser", "nutzer", "absender", "account", "extra author attributes name",
    ),
    "name": (
        "author full name", "full name", "display name", "sender profile name", "senderprofile name",
        "name", "author display name", "anzeigename", "autorenname", "voller name",
    ),
    "followers": (
        "author followers", "followers", "followers count", "follower count", "sender followers count", "twitter followers",
        "follower", "fans", "author followers count", "anzahl follower", "abonnenten",
    ),
    "verified": ("author verified", "verified", "twitter verified", "verifiziert", "is verified"),
    "lang": ("language", "lang", "sprache", "detected language", "content language", "message language"),
    "source": (
        "social network", "network", "platform", "source type", "page type", "media type", "channel", "source", "netzwerk",
        "plattform", "kanal", "quelle", "medium", "domain", "category", "content source name", "quellentyp",
    ),
    "kind": ("kind", "message type", "post type", "content type", "type", "thread entry type", "art", "typ", "beitragsart"),
    "country": ("country code", "country", "land", "laendercode", "author country"),
    "rating": ("rating", "star rating", "stars", "bewertung", "sterne"),
    "likes": ("likes", "like count", "reactions", "reactions total", "favorites", "facebook likes", "gefaellt mir", "reaktionen"),
    "replies": ("replies", "comments", "comment count", "reply count", "kommentare", "antworten", "facebook comments"),
    "shares": ("shares", "retweets", "share count", "reposts", "twitter retweets", "geteilt", "facebook shares"),
    "views": ("views", "impressions", "view count", "video views", "aufrufe", "impressionen"),
    "reach": ("reach", "reach new", "potential reach", "estimated reach", "social media reach", "reichweite", "estimated views", "total reach"),
    "thread": ("thread id", "conversation id", "thread url", "parent thread id"),
    "parent": ("parent id", "in reply to", "in reply to id", "reply to", "parent post id"),
    "tags": ("tags", "hashtags", "keywords", "labels", "schlagworte", "themen"),
}  # fmt: skip
"""Our field -> names that mean it, best first."""

IGNORED = frozenset(
    (
        "sentiment", "tone", "tonalitaet", "stimmung", "emotion", "query name", "query id", "suchanfrage", "subregion",
        "influence score", "ave", "engagement", "engagement rate", "gender", "city", "state", "region", "interactions",
        "desktop reach", "mobile reach", "twitter social echo", "root url", "host url", "domain url", "indexed", "nr", "no",
    )
)  # fmt: skip
"""Known and left out on purpose: other tools' scores are not ours."""

TOOLS: Mapping[str, tuple[str, ...]] = {
    "Brandwatch": ("query name", "page type", "snippet"),
    "Meltwater": ("hit sentence", "opening text"),
    "Talkwalker": ("content snippet", "title snippet"),
    "Sprinklr": ("universal message id",),
    "Brand24": ("influence score",),
    "Emplifi": ("interactions", "created time"),
    "Awario": ("mention url", "total reach"),
    "Hootsuite": ("post permalink", "message text"),
    "Mention": ("mention id", "publication date"),
    "Sturmglas": ("source id", "published at"),
}
"""Names that together give a tool away; tried in this order."""

_OWN = {"author.handle": "handle", "author.name": "name", "author.followers": "followers",
        "author.verified": "verified", "metrics.likes": "likes", "metrics.replies": "replies",
        "metrics.shares": "shares", "metrics.views": "views", "metrics.reach": "reach"}  # fmt: skip
_FOLD = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BRACKETS = re.compile(r"\s*[(\[].*?[)\]]")


@cache
def plain(name: str) -> str:
    """Return a column name without case, umlauts, brackets, underscores and punctuation."""
    text = _CAMEL.sub(" ", _BRACKETS.sub("", name.strip()))
    text = text.casefold().translate(_FOLD)
    return " ".join(re.sub(r"[^a-z0-9]+", " ", text).split())


@cache
def recognise(name: str) -> tuple[str, int] | None:
    """Return (our field, place in its order of preference), None for an unknown name.

    ``ignored`` is the field of names that are known and left out.
    """
    own = _OWN.get(name.strip().lower())
    if own:
        return own, 0
    for candidate in (plain(name), plain(name).replace(" ", "")):
        for field, names in FIELDS.items():
            if candidate in names:
                return field, names.index(candidate)
        if candidate in IGNORED:
            return "ignored", 0
    return None


def tool_of(header: Sequence[str]) -> str:
    """Return the tool whose export this seems to be, "" when none is recognised."""
    names = {plain(name) for name in header} | {plain(name).replace(" ", "") for name in header}
    for tool, signs in TOOLS.items():
        if all(sign in names for sign in signs):
            return tool
    return ""


def by_name(header: Sequence[str]) -> dict[str, int]:
    """Return field -> column for all recognised names; of several, the preferred one."""
    best: dict[str, tuple[int, int]] = {}
    for column, name in enumerate(header):
        found = recognise(name)
        if (
            found
            and found[0] != "ignored"
            and (found[0] not in best or found[1] < best[found[0]][0])
        ):
            best[found[0]] = (found[1], column)
    return {field: column for field, (_, column) in best.items()}
