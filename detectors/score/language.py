"""Language of short texts: German and English surely, some others by name, the rest "und".

Two witnesses, both from the tokens and n-grams that scoring has read anyway: a vote of function
words (nineteen languages, letters such as ß and ñ count as words) and, where the weights hold
it, a learned head "German / English / neither". A language stated by the source is believed
unless both clearly contradict. Scripts other than Latin are told by their code points; the
label is then the commonest language of the script, which is a convention and no claim.

Alternatives, with their cost, are in docs/decisions/0004-linear-scorer-and-language.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.score.features import LETTER, LINK, Features, extract, token_hash

UNKNOWN: Final = "und"
READ: Final = ("de", "en")
"""Languages that can be scored; their places here are their places in the learned head."""

_WORDS: Final = {
    "de": "der die das den dem des ein eine einen einem einer eines und oder aber nicht ich du er sie es wir ihr "
    "mich dich mir dir uns euch ist sind war waren bin bist seid sein hat habe haben hatte wird werden wurde wurden "
    "kann können könnte muss müssen soll sollte will wollen wenn weil dass daß als auch auf aus bei bis für mit nach "
    "noch nur schon sehr so über um unter von vom vor wie wieder zu zum zur zwischen durch gegen ohne im ins am an in "
    "was wer wo wann warum wieso hier da dann doch mal ja nein nichts kein keine keinen mehr immer jetzt heute morgen "
    "gestern gut ganz alle alles man mein meine dein deine seine ihre unser unsere eure diese dieser dieses jeder "
    "jede viel viele bitte danke leute endlich leider eigentlich wirklich einfach halt eben gerade macht machen gibt "
    "geht gehen kommt kommen sagt weiß denn ob nun ab hab isch nen ne gar nie beim etwas wegen zwei jahr jahre uhr tag",
    "en": "the of and to in is you that it he was for on are as with his they i at be this have from or had by but not "
    "what all were we when your can said there use an each which she do how their if will up other about out many "
    "then them these so some her would make like him into time has look two more go see no way could my than been "
    "who its now did get may i'm it's don't can't you're i've i'll that's just me us our after again because too very "
    "here why where over only new good great love know think want need day today tomorrow tonight still never always "
    "really much even off back going got people am does doesn't didn't won't isn't should being these those while "
    "please thanks thank happy best first last before any also well down im dont cant yeah lol happened ever every",
    "fr": "le la les un une des du de et est en que qui dans pour pas sur avec ce cette ces il elle nous vous je tu on "
    "mais ou où au aux plus ne se sa son ses mon ma mes ton ta tes leur leurs par comme tout tous toute fait être "
    "avoir c'est j'ai qu'il n'est d'un d'une l'on très bien aussi même quand si moi toi lui ça ai suis es sont était "
    "été merci avant après alors encore jamais toujours rien faire peut sans vraiment trop c'était j'en",
    "es": "el la los las un una unos unas de del y en que es por para con no se su sus lo al como más pero le ya o este "
    "esta esto ese esa muy sin sobre también me mi mis hasta hay donde quien desde todo todos toda cuando está están "
    "son fue ser tiene porque qué te tu tus yo ni si nos soy eres estoy hoy ahora siempre nunca gracias hace bien "
    "mejor así cómo solo sólo otra otro vez día años era han has he nada algo mucho quiero",
    "it": "il lo la gli le i un una uno di del della dei delle e è che in per con non si su da al alla come più ma se "
    "sono ho hai ha mi ti ci vi questo questa quello anche io tu lui lei noi voi loro nel nella dal dalla sul sulla "
    "perché quando dove chi cosa tutto tutti molto poi ancora sempre mai bene solo già ora oggi era essere fare "
    "c'è dell nell all'ultimo suo sua mio mia fatto grazie così però senza degli alle ai nei dopo prima",
    "pt": "o a os as um uma uns umas de do da dos das e em no na nos nas que é por para com não se seu sua mais mas "
    "como ao à foi são tem ser está eu ele ela você vocês nós me meu minha te isso isto esse essa este esta muito "
    "também já só quando quem porque pra pro tá tô vai vou estou fazer ter bem até hoje agora sempre nunca obrigado "
    "gente dia tudo nada sem ainda mesmo depois pelo pela era tinha ou nem lá aqui está estava estamos vc ninguém fala agora outra novo gostei",
    "nl": "de het een en van ik te dat die in is niet je op met voor zijn er maar om aan ook als dan naar bij nog uit "
    "wat heeft heb ben hij zij we wij jullie mijn jouw geen wel door over deze dit daar hier waar hoe kan moet gaat "
    "gaan worden wordt wil zo nu meer veel goed echt gewoon altijd iets niets mensen waren hebben toch weer vandaag",
    "da": "og i jeg det at en den til er som på de med han af for ikke der var mig sig men et har om vi min havde ham "
    "hun nu over da fra du ud sin dem os op man hans hvor eller hvad skal selv her alle vil blev kunne når være meget "
    "også bare noget kommer efter",
    "no": "og i jeg det at en den til er som på de med han av for ikke der var meg seg men et har om vi min hadde ham "
    "hun nå over fra du ut sin dem oss opp man hans hvor eller hva skal selv her alle vil ble kunne når være veldig "
    "også bare noe kommer etter fordi mye",
    "sv": "och i jag det att en den till är som på de med han av för inte där var mig sig men ett har om vi min hade "
    "honom hon nu över från du ut sin dem oss upp man hans vad ska själv här alla vill blev kunde när vara mycket "
    "också bara något kommer efter eller så kan",
    "pl": "i w na z do się nie to że jest o jak za co ale po od tak przez dla czy ten ta te tym już tylko może być był "
    "była są jego jej ich mnie mi ty my wy oni bardzo gdy też wszystko dziękuję proszę jestem kiedy ktoś dzisiaj",
    "cs": "a v na se je to že s z do o i jako za by pro ale po tak jsem jsou byl byla bylo jeho její jejich mě mi ty my "
    "když také už jen může být není který která co jak při nebo děkuji velmi dnes protože",
    "tr": "bir ve bu da de için çok ile ne ben sen o biz siz onlar mi mı var yok gibi daha ama kadar sonra olan olarak "
    "her şey değil bana sana en iyi diye şimdi neden nasıl bugün teşekkürler değilim güzel",
    "ro": "și în de la cu pe nu este sunt un o ca mai din pentru că ce se sau dar am ai are fost fi va să acest această "
    "foarte eu tu el ea noi voi ei lor mulțumesc când unde cum doar acum toate bine",
    "fi": "ja on ei se että en oli mutta niin kun hän ole minä sinä me te he nyt vain kuin myös mitä tai jos sitten ovat "
    "joka tämä sen olen mikä kiitos hyvää kaikki vielä kanssa todella",
    "hu": "a az és hogy nem is egy ez de van meg csak már még volt mint ha vagy el ki be fel le én te ő mi ti ők nagyon "
    "lesz azt ezt minden köszönöm most mert kell jó",
    "id": "yang dan di ini itu dengan untuk tidak dari dalam akan pada juga saya ke karena ada aku kamu kita mereka bisa "
    "sudah tapi kalau apa lagi banget gak nggak ya sama terima kasih",
    "ca": "el la els les un una de i que és en per amb no se al del més però com també molt aquest aquesta són està "
    "fer ser tot ja si jo tu ell ella nosaltres gràcies avui aquí perquè quan què",
    "ms": "yang dan di ini itu dengan untuk tidak dari dalam akan pada juga saya ke kerana ada awak kita mereka boleh "
    "sudah tapi kalau apa lagi dah nak tak",
}
_LETTERS: Final = {
    "ß": "de de", "ä": "de sv fi", "ö": "de sv fi tr hu", "ü": "de tr hu", "ñ": "es es", "¿": "es es",
    "¡": "es es", "ã": "pt pt", "õ": "pt pt", "ç": "fr fr pt pt tr tr", "ê": "fr fr pt pt", "è": "fr fr it it", "é": "fr fr pt es hu",
    "à": "fr fr it pt", "â": "fr pt ro", "œ": "fr fr", "ò": "it it", "ì": "it it", "ù": "it it", "å": "sv da no",
    "ø": "da no", "æ": "da no", "ł": "pl pl", "ą": "pl pl", "ę": "pl pl", "ś": "pl pl", "ż": "pl pl", "ź": "pl pl",
    "ř": "cs cs", "ě": "cs cs", "ů": "cs cs", "č": "cs cs", "š": "cs cs", "ğ": "tr tr", "ı": "tr tr", "ş": "tr tr",
    "ă": "ro ro", "ț": "ro ro", "ș": "ro ro", "ő": "hu hu", "ű": "hu hu", "í": "es pt cs hu", "ó": "es pt pl hu",
    "á": "es pt cs hu", "ú": "es pt cs hu",
}  # fmt: skip
_SCRIPTS: Final = (
    (0x0370, 0x03FF, "el"), (0x0400, 0x052F, "ru"), (0x0590, 0x05FF, "he"), (0x0600, 0x077F, "ar"),
    (0x0900, 0x097F, "hi"), (0x0980, 0x09FF, "bn"), (0x0B80, 0x0BFF, "ta"), (0x0C00, 0x0C7F, "te"),
    (0x0E00, 0x0E7F, "th"), (0x10A0, 0x10FF, "ka"), (0x1100, 0x11FF, "ko"), (0x3040, 0x30FF, "ja"),
    (0x4E00, 0x9FFF, "zh"), (0xAC00, 0xD7A3, "ko"), (0xFB50, 0xFDFF, "ar"), (0xFE70, 0xFEFC, "ar"),
)  # fmt: skip
_LATIN_END: Final = 0x0370
_LATIN_LAST: Final = 0x024F
_ASCII_LAST: Final = 0x7F
_LINK: Final = np.uint64(token_hash(LINK))
_SLOT_SHIFT: Final = np.uint64(46)
_NO_CLAIM: Final = frozenset({"und", "mul", "zxx", "mis", "xx", "unk"})
_STATED_BONUS: Final = 4.0
"""A stated language outweighs this many logits of the learned head (or eight votes)."""
_LEARNED: Final = 4.0
"""The learned head has seen six languages only, so the vote must be able to overrule it."""
_VOTE: Final = 0.5
_LANES: Final = 4
_CAP: Final = 10
_SURE: Final = 0.0
_OTHER_VOTES: Final = 2


@cache
def _table() -> tuple[
    tuple[str, ...], NDArray[np.uint16], NDArray[np.uint64], NDArray[np.int64], NDArray[np.int64]
]:
    """Return languages, slot of a hash, hash of a slot, votes per slot and votes per letter.

    The votes per slot are read four at a time: each int64 is four int16 side by side.

    A word that k languages share gives each of them 4 // k votes, at least one; a letter gives
    one vote for each time its language is named.
    """
    names = tuple(_WORDS)
    speakers: dict[str, list[int]] = {}
    for place, words in enumerate(_WORDS.values()):
        for word in dict.fromkeys(words.split()):
            speakers.setdefault(word, []).append(place)
    slots = np.zeros(1 << 18, dtype=np.uint16)
    keys = np.zeros(len(speakers) + 1, dtype=np.uint64)
    votes = np.zeros((len(speakers) + 1, -(-len(names) // _LANES) * _LANES), dtype=np.int16)
    read = extract(list(speakers))
    keys[1:] = read.tokens[read.token_heads + 1]
    for i, places in enumerate(speakers.values(), start=1):
        slots[int(keys[i]) >> int(_SLOT_SHIFT)] = i
        votes[i, places] = max(1, 4 // len(places))
    letters = np.zeros((_LATIN_LAST + 1, len(names)), dtype=np.int64)
    for letter, written in _LETTERS.items():
        for name in written.split():
            letters[ord(letter), names.index(name)] += 1
    return names, slots, keys, votes.view(np.int64), letters


def votes(features: Features) -> NDArray[np.int64]:
    """Return the votes for each language of `languages`, shape (texts, languages)."""
    names, slots, keys, table, letters = _table()
    at = slots.take((features.tokens >> _SLOT_SHIFT).astype(np.intp))
    at *= keys.take(at) == features.tokens
    # No carry from one int16 into the next: 2,000 characters are at most 2,000 tokens of 4 votes.
    sums = np.add.reduceat(table.take(at, axis=0), features.token_heads, axis=0)
    found: NDArray[np.int64] = sums.view(np.int16)[:, : len(names)].astype(np.int64)
    special = ((features.codes > _ASCII_LAST) & (features.codes <= _LATIN_LAST)).nonzero()[0]
    if len(special):
        text = features.heads.searchsorted(special, side="right") - 1
        np.add.at(found, text, letters.take(features.codes.take(special), axis=0))
    return found


def languages() -> tuple[str, ...]:
    """Return the languages that have a vote, in the order of `votes`."""
    return _table()[0]


def primary(tag: str) -> str:
    """Return the primary language of a BCP 47 tag in lower case; "" for none, und or nonsense."""
    first = tag.replace("_", "-").split("-", 1)[0].strip().lower()
    good = 2 <= len(first) <= 3 and first.isascii() and first.isalpha() and first not in _NO_CLAIM
    return first if good else ""


def detect(
    features: Features, learned: NDArray[np.float64] | None, stated: Sequence[str]
) -> tuple[list[str], NDArray[np.bool_]]:
    """Return the language of each text, and whether it holds letters besides those of links.

    ``learned``: logits (2, texts) of "is German" and "is English", or None where the weights
    have no such head. ``stated``: as given by the source, "" for none.
    """
    claims = [primary(tag) if tag else "" for tag in stated]
    letter = LETTER.take(features.codes)
    letters = np.add.reduceat(letter, features.heads, dtype=np.int64)
    links = np.add.reduceat(features.tokens == _LINK, features.token_heads, dtype=np.int64)
    cast = votes(features)
    others = cast[:, len(READ) :]
    other = others.argmax(axis=1)
    strongest = others.max(axis=1)
    evidence = np.minimum(cast[:, : len(READ)].T, _CAP) - np.minimum(strongest, _CAP)
    scores = evidence * _VOTE
    if learned is not None:
        scores += np.minimum(np.maximum(learned, -_LEARNED), _LEARNED)
    names = [
        _decide(claim, de, en, strong, place)
        for claim, de, en, strong, place in zip(
            claims, *scores.tolist(), strongest.tolist(), other.tolist(), strict=True
        )
    ]
    readable = letters > len(LINK) * links
    if not readable.all():
        for i in (~readable).nonzero()[0].tolist():
            names[i] = claims[i] or UNKNOWN
    if features.codes.max() >= _LATIN_END:
        foreign = letter & (features.codes >= _LATIN_END)
        _name_scripts(features, foreign, letters, claims, names)
    return names, readable


def detect_one(
    features: Features, learned: Sequence[float], stated: str
) -> tuple[str, bool] | None:
    """Return what `detect` says of a single text, None where letters of another script have to be counted.

    ``learned``: logits of "is German" and "is English", none where the weights have no such head. In plain
    numbers: arrays of one cost more than they hold.
    """
    codes, tokens = features.codes, features.tokens.tolist()
    letter = LETTER.take(codes)
    last = int(codes.max())
    if last >= _LATIN_END and np.count_nonzero(letter & (codes >= _LATIN_END)):
        return None
    by_token, by_letter = _packed_votes()
    cast = sum([by_token.get(token, 0) for token in tokens])
    if last > _ASCII_LAST:
        cast += sum([by_letter.get(code, 0) for code in codes.tolist() if code > _ASCII_LAST])
    claim = primary(stated) if stated else ""
    if np.count_nonzero(letter) <= len(LINK) * tokens.count(int(_LINK)):
        return claim or UNKNOWN, False
    votes = _unpacked_votes(cast)
    others = votes[len(READ) :]
    strongest = max(others)
    most = min(strongest, _CAP)
    de, en = (_VOTE * (min(vote, _CAP) - most) for vote in votes[: len(READ)])
    if learned:
        de += min(max(learned[0], -_LEARNED), _LEARNED)
        en += min(max(learned[1], -_LEARNED), _LEARNED)
    return _decide(claim, de, en, strongest, others.index(strongest)), True


@cache
def _packed_votes() -> tuple[dict[int, int], dict[int, int]]:
    """Return by hash of a token and by code of a letter the votes of all languages, 16 bits each, in one integer."""
    names, slots, keys, table, letters = _table()
    votes = table.view(np.int16)[:, : len(names)]
    found = slots.take((keys >> _SLOT_SHIFT).astype(np.intp)) == np.arange(len(keys))
    found[0] = False  # stands for "no word"
    by_token = {int(keys[i]): _packed(votes[i]) for i in found.nonzero()[0].tolist()}
    by_letter = {code: _packed(row) for code, row in enumerate(letters) if row.any()}
    return by_token, by_letter


def _packed(votes: NDArray[np.integer]) -> int:
    return int.from_bytes(votes.astype("<u2").tobytes(), "little")


def _unpacked_votes(cast: int) -> list[int]:
    return memoryview(cast.to_bytes(2 * len(_WORDS), "little")).cast("H").tolist()


def _decide(claim: str, de: float, en: float, votes_other: int, place: int) -> str:
    """Return the name that claim, scores of German and English and the other votes support."""
    if claim == "de":
        de += _STATED_BONUS
    elif claim == "en":
        en += _STATED_BONUS
    elif claim:
        de -= _STATED_BONUS
        en -= _STATED_BONUS
    if max(de, en) > _SURE:
        return "de" if de >= en else "en"
    if claim and claim not in READ:
        return claim
    return languages()[len(READ) + place] if votes_other >= _OTHER_VOTES else UNKNOWN


def _name_scripts(
    features: Features,
    foreign: NDArray[np.bool_],
    letters: NDArray[np.int64],
    claims: Sequence[str],
    names: list[str],
) -> None:
    """Rename in place the texts that are mostly written in another script than Latin."""
    counts = np.add.reduceat(foreign, features.heads, dtype=np.int64)
    ends = np.append(features.heads[1:], len(features.codes))
    for i in np.flatnonzero(2 * counts > letters).tolist():
        if claims[i] and claims[i] not in READ:
            names[i] = claims[i]
            continue
        span = slice(features.heads[i], ends[i])
        codes = features.codes[span][foreign[span]]
        found = [((codes >= low) & (codes <= high)).sum() for low, high, _ in _SCRIPTS]
        best = int(np.argmax(found))
        names[i] = _SCRIPTS[best][2] if found[best] else UNKNOWN
