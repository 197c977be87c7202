"""Sentences of our own about things people write to brands: complaint, praise, plain facts.

The public collections are tweets about life and news; how people speak of a parcel, an app or a
hotline is thin in them, German complaints above all. These frames and words are written
for this project, licence as the project. They are training texts like others, and a small part.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

_THINGS: Final = {
    "de": """der Support|der Service|der Kundendienst|die App|die Lieferung|die Hotline|die Webseite|
        das Produkt|das Update|die Rechnung|der Zug|die Bahn|die Verbindung|das Essen|die Qualität|
        euer Laden|die Werbung|die neue Version|der Umgang mit Kunden|die Antwort|das Paket|
        der Bus|das Hotel|die Beratung|der Vertrag|das Personal|die Filiale|die Bestellung""",
    "en": """the support|the service|customer service|the app|the delivery|the hotline|the website|
        the product|the update|the invoice|the train|your company|the connection|the food|
        the quality|your store|the ad|the new version|the answer|my order|the bus|the hotel|
        the staff|the contract|the parcel|the advice""",
}
_QUALITIES: Final = {
    ("de", "negative"): """furchtbar|schrecklich|eine Katastrophe|unverschämt|eine Frechheit|
        miserabel|grottenschlecht|unterirdisch|enttäuschend|peinlich|lächerlich|nutzlos|kaputt|
        unzuverlässig|viel zu teuer|inkompetent|unfreundlich|eine Zumutung|ein Witz|ein Skandal|
        ekelhaft|widerlich|mies|schlecht|nicht gut|gar nicht gut|nicht zu gebrauchen|wertlos|
        asozial|armselig|unmöglich|katastrophal|ärgerlich|nervig|eine Schande|das Letzte|Betrug|
        Abzocke|eine Sauerei|skandalös|inakzeptabel|unfassbar schlecht|völlig überfordert""",
    ("de", "positive"): """super|toll|klasse|großartig|hervorragend|wunderbar|ausgezeichnet|spitze|
        fantastisch|sehr freundlich|sehr hilfreich|zuverlässig|genial|perfekt|erstklassig|top|
        richtig gut|wirklich schön|beeindruckend|lecker|liebevoll gemacht|gar nicht schlecht|
        vorbildlich|ein Traum|unschlagbar|begeisternd|angenehm schnell|mega|sympathisch|
        besser als erwartet|mein Favorit|jeden Euro wert|echt gelungen""",
    ("en", "negative"): """terrible|horrible|a disaster|outrageous|a disgrace|awful|disappointing|
        embarrassing|ridiculous|useless|broken|unreliable|way too expensive|incompetent|rude|
        unacceptable|a joke|a scandal|disgusting|bad|not good|not good at all|worthless|pathetic|
        the worst|annoying|a shame|a scam|a rip-off|shocking|appalling|a nightmare|garbage""",
    ("en", "positive"): """great|awesome|excellent|wonderful|fantastic|brilliant|very friendly|
        very helpful|reliable|perfect|first class|really good|impressive|delicious|lovely|
        not bad at all|outstanding|a dream|unbeatable|superb|amazing|better than expected|
        my favourite|worth every penny|so well made""",
    ("de", "neutral"): """ab Montag wieder erreichbar|in Hamburg|heute bis 18 Uhr geöffnet|blau|
        aus dem Jahr 2019|jetzt in Version 3 verfügbar|Thema der Pressekonferenz|am Bahnhof|
        auf Seite 4 beschrieben|Teil der Umfrage|in der zweiten Etage|ein Jahr gültig|
        seit gestern online|für Studierende gedacht|Gegenstand des Berichts|morgen im Radio""",
    ("en", "neutral"): """available again from Monday|in London|open until 6 pm today|blue|
        from 2019|now available in version 3|the topic of the press conference|at the station|
        described on page 4|part of the survey|on the second floor|valid for one year|
        online since yesterday|meant for students|covered in the report|on the radio tomorrow""",
}
_FRAMES: Final = {
    "de": """{T} ist {q}.|{T} ist {q}!|{T} ist echt {q}|also {t} ist ja {q}|{T} war {q}.|{q}, {t}|
        @acme {t} ist {q}!!|ich finde, {t} ist {q}|{T} bei euch ist {q}.|schon wieder: {t} ist {q}""",
    "en": """{T} is {q}.|{T} is {q}!|{T} is really {q}|well, {t} is {q}|{T} was {q}.|{q}, {t}|
        @acme {t} is {q}!!|I think {t} is {q}|{T} of yours is {q}.|once more: {t} is {q}""",
}
_WHOLE: Final = {
    ("de", "negative"): """Nie wieder!|Seit Wochen keine Antwort.|Niemand geht ans Telefon.|
        Ich warte seit drei Stunden und keiner hilft.|Ich will mein Geld zurück!|
        Schämt euch!|Ich kündige meinen Vertrag.|Das darf doch nicht wahr sein.|Finger weg davon!|
        So geht man nicht mit Kunden um.|Ich bin stinksauer.|Mir reicht es mit euch.|
        Die App stürzt ständig ab.|Mein Paket ist verschwunden und keiner fühlt sich zuständig.|
        Ich boykottiere euch ab heute.|Wie kann man so etwas veröffentlichen?|Der Support antwortet nie.|
        Verspätung, Ausfall, keine Information.|Ihr habt mich als Kunden verloren.|
        Euer Spot ist geschmacklos und beleidigend.|Immer noch nichts passiert, Saftladen.|
        Ihr lügt eure Kunden an.|Ich rate jedem davon ab.|Was für ein Saftladen""",
    ("de", "positive"): """Danke für die schnelle Hilfe!|Gerne wieder!|Ich bin begeistert.|
        Kann ich nur weiterempfehlen.|Vielen Dank an das ganze Team.|Ich freue mich riesig darauf.|
        Alles hat sofort geklappt, danke!|Beste Entscheidung seit langem.|Ihr habt mir den Tag gerettet.|
        Läuft jetzt einwandfrei, danke euch.|Großes Lob an die Mitarbeiterin am Telefon.|
        Endlich eine Firma, die zuhört.|Weiter so!|Ich liebe es.""",
    ("en", "negative"): """Never again!|No answer for weeks.|Nobody picks up the phone.|
        I have been waiting for three hours and nobody helps.|I want my money back!|Shame on you!|
        I am cancelling my contract.|You cannot be serious.|Stay away from them!|
        This is no way to treat customers.|I am furious.|I am done with you.|The app keeps crashing.|
        My parcel is lost and nobody cares.|I will boycott you from now on.|
        How could anyone publish this?|Support never answers.|Late, cancelled, no information.|
        You lost me as a customer.|Your ad is tasteless and insulting.|You lie to your customers.|
        I would not recommend them to anyone.""",
    ("en", "positive"): """Thanks for the quick help!|Will buy again!|I am thrilled.|
        Can only recommend them.|Many thanks to the whole team.|Really looking forward to it.|
        Everything worked at once, thank you!|Best decision in years.|You saved my day.|
        Works perfectly now, thank you.|Big praise for the lady on the phone.|
        Finally a company that listens.|Keep it up!|I love it.""",
    (
        "de",
        "neutral",
    ): """Wann öffnet die Filiale am Samstag?|Weiß jemand, ob es das auch in Grün gibt?|
        Die Pressekonferenz beginnt um zehn Uhr.|Wie lange dauert der Versand nach Wien?|
        Der Vorstand legt am Donnerstag die Zahlen vor.|Ich habe heute eine Frage zur Rechnung gestellt.|
        Die Haltestelle wird am Montag verlegt.|Wo finde ich die Bedienungsanleitung?|
        Laut Bericht beschäftigt die Firma 3000 Menschen.|Gibt es die App auch für Tablets?""",
    (
        "en",
        "neutral",
    ): """When does the store open on Saturday?|Does anyone know if it comes in green?|
        The press conference starts at ten.|How long does shipping to Vienna take?|
        The board presents the figures on Thursday.|I asked a question about the invoice today.|
        The stop will be moved on Monday.|Where do I find the manual?|
        The report says the company employs 3000 people.|Is the app available for tablets?""",
}
FRAMED: Final = 300
WHOLE: Final = 150


def _items(text: str) -> list[str]:
    return [" ".join(item.split()) for item in text.split("|")]


def own_texts(seed: int) -> Iterator[tuple[str, str, str]]:
    """Yield (language, tone, text): `FRAMED` frames filled and `WHOLE` sentences, of one or two,
    for each language and tone. The same seed gives the same texts."""
    rng = random.Random(seed)
    for (lang, tone), qualities in _QUALITIES.items():
        things, frames = _items(_THINGS[lang]), _items(_FRAMES[lang])
        whole = _items(_WHOLE[lang, tone])
        filled = [
            _fill(rng.choice(frames), rng.choice(things), rng.choice(_items(qualities)))
            for _ in range(FRAMED)
        ]
        paired = [" ".join(rng.sample(whole, rng.choice((1, 2)))) for _ in range(WHOLE)]
        mixed = [f"{rng.choice(whole)} {rng.choice(filled)}" for _ in range(WHOLE)]
        for text in filled + paired + mixed:
            yield lang, tone, text


def _fill(frame: str, thing: str, quality: str) -> str:
    return frame.format(T=thing[0].upper() + thing[1:], t=thing, q=quality)
