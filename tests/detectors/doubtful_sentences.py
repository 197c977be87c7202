"""Sentences of our own for `detectors.score.doubtful`: offensive words that are meant, and that are not.

After the functional classes of HateCheck (Röttger et al. 2021, F14/F15 and F20/F21), whose own sentences are
not used here. Of each list every other sentence, from the first on, was looked at while the rule was made
(`TUNED`); the others were only counted (`REPORTED`).
"""

from __future__ import annotations

from typing import NamedTuple


class Sentence(NamedTuple):
    """``meant``: False where the offensive word is quoted, negated, reported or condemned."""

    lang: str
    meant: bool
    text: str


_NOT_MEANT = {
    "de": (
        'Wer "Idiot" sagt, hat in unserem Forum nichts verloren.',
        "„Du dumme Sau“, hat mir der Schaffner hinterhergerufen.",
        "Im Zug rief einer »Halt die Fresse, du Missgeburt« und niemand hat etwas getan.",
        "Das Wort 'Schlampe' gehört nicht in eine Stellenanzeige.",
        "Steht echt so auf dem Plakat: „Nur Vollidioten fahren Bahn“.",
        "Auf der Karte stand «Verpisst euch, ihr Penner», und das vom Kundendienst.",
        'Bitte löscht den Beitrag mit "ihr seid alle Abschaum", der verstößt gegen die Regeln.',
        "> Ihr seid doch alle hirnlose Affen\nSo etwas will ich hier nicht lesen.",
        "Der Fahrer ist kein Idiot, er hatte nur die falsche Auskunft.",
        "Niemand hier ist ein Arschloch, wir reden nur durcheinander.",
        "Ihr seid keine Versager, die Technik ist schuld.",
        "Sie ist nicht dumm, sie hat nur nachgefragt.",
        "Ich habe dich nie Lügner genannt, lies nochmal nach.",
        "Das sind keine Schmarotzer, das sind Leute in Not.",
        "Kein Mensch ist Abschaum, auch du nicht.",
        "Wir sind weder Deppen noch Bittsteller, wir sind Kunden.",
        "Der Mitarbeiter hat mich als Idioten beschimpft, ich verlange eine Entschuldigung.",
        "Wer andere als Abschaum bezeichnet, fliegt hier raus.",
        "Mein Nachbar nannte sie eine Schlampe, so etwas ist widerlich.",
        "Es ist nicht in Ordnung, Kunden Vollidioten zu nennen.",
        "Gestern wurde meine Tochter im Bus als Missgeburt beleidigt.",
        "Hört auf, Leute mit Behinderung Spastis zu nennen.",
        "Jemanden wegen seiner Herkunft Drecksau zu nennen ist Rassismus.",
        "Warum wird es geduldet, dass Kolleginnen hier Fotzen genannt werden?",
    ),
    "en": (
        'Anyone who writes "idiot" here gets a warning.',
        "“You stupid cow” is what the driver shouted after me.",
        "The sign really says 'only morons take the bus'.",
        'Please remove the comment "go to hell you pigs", it breaks the rules.',
        'Calling it a "retard bus" on a school trip page, seriously?',
        "The word “bitch” has no place in a job ad.",
        "He typed „you are all scum“ and the chat laughed.",
        "> you people are brainless apes\nI do not want to read this here.",
        "The driver is not an idiot, he was given the wrong plan.",
        "You're not stupid, the form is badly made.",
        "Nobody here is an asshole, we just disagree.",
        "They are no parasites, they are people in need.",
        "I never called you a liar, read it again.",
        "She isn't dumb, she only asked.",
        "We are neither morons nor beggars, we are customers.",
        "No human being is trash, not even you.",
        "Your agent called me a moron on the phone and I want an apology.",
        "Anyone who calls others scum will be banned.",
        "My neighbour called her a slut, that is disgusting.",
        "It is not okay to call customers idiots.",
        "My daughter was called a freak on the bus yesterday.",
        "Stop calling disabled people retards.",
        "Calling somebody a pig because of where they are from is racism.",
        "Why is it tolerated that women here are called bitches?",
    ),
}
_MEANT = {
    "de": (
        "Ihr seid doch alle Idioten.",
        "Was für ein verlogenes Drecksunternehmen.",
        'Dieser "Service" ist von Vollidioten gemacht.',
        "Ihr „Experten“ seid zu dumm zum Scheißen.",
        "Nicht zu fassen, was für Arschlöcher da arbeiten.",
        "Kein Wunder bei diesen Versagern.",
        "Ihr habt keine Ahnung, ihr Deppen.",
        "Nie wieder fahre ich mit euch Pennern.",
        "Halt die Fresse, du Missgeburt, dich hat keiner gefragt.",
        "Du bist nicht nur dumm, du bist auch noch frech, du Affe.",
        "Du bist nicht ganz dicht, du Spinner.",
        "Du hast nicht alle Tassen im Schrank, du Vollpfosten.",
        "Wie gesagt: der Chef ist ein Arschloch.",
        "Man sagt ja nichts, aber ihr seid echt der letzte Abschaum.",
        "Er nennt sich Fachmann, dieser Versager.",
        "Im Kommentar steht alles falsch, du Idiot.",
        'Ich habe "Bahn kaputt" gegoogelt, und siehe da: nur Idioten am Werk.',
        "Der Begriff Service ist euch Pennern wohl fremd.",
        "Ihr seid keinen Cent wert, ihr Schmarotzer.",
        "Verpisst euch endlich aus unserer Stadt, ihr Parasiten.",
        "Dumm, dümmer, ihr.",
        "Die Drecksbande hat mir „versehentlich“ doppelt abgebucht.",
        "Ohne euch Vollidioten wäre die Welt besser.",
        "Warum sagt keiner, dass der Vorstand aus Schweinen besteht?",
    ),
    "en": (
        "You are all idiots.",
        "What a bunch of lying scumbags.",
        'This "service" is run by complete morons.',
        'You "experts" are too stupid to shit.',
        "Not to mention the assholes at the desk.",
        "No wonder with these losers.",
        "You have no clue, you fucking clowns.",
        "Never again will I ride with you pigs.",
        "Shut up you retard, nobody asked you.",
        "You are not only dumb, you are a rude bastard too.",
        "You're not right in the head, you psycho.",
        "Not the sharpest knife are you, moron.",
        "As I said: the boss is an asshole.",
        "They call themselves a company, these crooks and bastards.",
        "He calls himself an expert, this loser.",
        "Read the comment again, you idiot.",
        'I searched for "bus broken" and found only morons at work.',
        "The word service means nothing to you scum.",
        "You are not worth the air you breathe, you parasite.",
        "Get the fuck out of our town, you rats.",
        "Dumb, dumber, you.",
        'That damn gang of crooks charged me twice "by mistake", fuck them.',
        "Without you morons the world would be better.",
        "Why does nobody say that the board is a bunch of pigs?",
    ),
}


def _every_other(first: int) -> tuple[Sentence, ...]:
    return tuple(
        Sentence(lang, meant, text)
        for meant, lists in ((False, _NOT_MEANT), (True, _MEANT))
        for lang, texts in lists.items()
        for text in texts[first::2]
    )


TUNED = _every_other(0)
REPORTED = _every_other(1)
