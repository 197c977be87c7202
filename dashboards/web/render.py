"""Views in, HTML out. Holds the template environment, the policy of the pages, and nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from alerts.alert import DeliveryState
from alerts.incident import Outcome, Status
from alerts.sentences import reason_line
from alerts.silences import ALL_CLEAR
from alerts.words import Language, level_name, return_period
from dashboards.web import curve_words, svg
from dashboards.web.answer_views import AnswerPage
from dashboards.web.curve import Span
from dashboards.web.duty_views import DutyPage
from dashboards.web.facts import fact_line
from dashboards.web.format import Formats
from dashboards.web.i18n import PSEUDO, Translator
from dashboards.web.incident_views import FactView, IncidentList, IncidentPage
from dashboards.web.planned_views import PlannedPage
from dashboards.web.policy import CSP as CSP
from dashboards.web.policy import STATIC as STATIC
from dashboards.web.quotes import http_url, marked
from dashboards.web.reading_views import ReadingPage
from dashboards.web.setting_views import TopicSettings
from dashboards.web.signs import flag, icon
from dashboards.web.silence_views import HOURS, ForetoldPage, SilencePage
from dashboards.web.tags import SIGNS, harm_told, kinds_told, tags
from dashboards.web.trace import reason_icon, still, telling, trace
from dashboards.web.views import Chrome, Situation
from detectors.detection import WAKE, WATCH, Level, Reason
from playbooks.match import why_text
from playbooks.playbook import Text
from playbooks.run import StepState

HERE = Path(__file__).resolve().parent
LANG_NAMES = ("de", "en", "und")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        icon=icon,
        bar=svg.bar,
        spark=svg.spark,
        asset=asset,
        marked=marked,
        http_url=http_url,
        telling=telling,
        reason_icon=reason_icon,
        tags=tags,
        kinds_told=kinds_told,
        harm_told=harm_told,
        SIGNS=SIGNS,
        Status=Status,
        StepState=StepState,
        DeliveryState=DeliveryState,
        OUTCOMES=(Outcome.REAL, Outcome.NOT_OURS, Outcome.FALSE_ALARM),
        SPANS=tuple(Span),
        HOURS=HOURS,
        CLEARED=ALL_CLEAR,
        WATCH=WATCH,
        WAKE=WAKE,
    )
    return environment


@cache
def asset(name: str) -> str:
    """Return the address of a static file, with a digest of its content so that caches never lie."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    return f"/static/{name}?v={digest}"


def situation(view: Situation, *, part: bool = False) -> str:
    """Return the situation room: the page, or with ``part`` only the region that refreshes itself."""
    return _draw("situation", view, view.chrome, part)


def incident(view: IncidentPage, *, part: bool = False) -> str:
    """Return one incident: the page, or its refreshing region."""
    return _draw("incident", view, view.chrome, part)


def incidents(view: IncidentList, *, part: bool = False) -> str:
    """Return the list of incidents: the page, or its refreshing region."""
    return _draw("incidents", view, view.chrome, part)


def settings(view: TopicSettings, *, part: bool = False) -> str:
    """Return a topic's settings: the page, or with ``part`` only what came of a trial."""
    if part:
        return _environment().get_template("_trial.html").render(_context(view, view.chrome))
    return _draw("settings", view, view.chrome, part)


def query_trial(view: TopicSettings) -> str:
    """Return the part of a topic's settings that tries another query."""
    return _environment().get_template("_query_trial.html").render(_context(view, view.chrome))


def planned(view: PlannedPage) -> str:
    """Return the planned events of a topic on a page of their own."""
    return _draw("planned", view, view.chrome, part=False)


def duty(view: DutyPage, *, part: bool = False) -> str:
    """Return who is on call: the page, or its refreshing region."""
    return _draw("duty", view, view.chrome, part)


def reading(view: ReadingPage) -> str:
    """Return how the tones of a topic are read."""
    return _draw("reading", view, view.chrome, part=False)


def silences(view: SilencePage) -> str:
    """Return who keeps what quiet, and the form that asks for more."""
    return _draw("silences", view, view.chrome, part=False)


def foretold(view: ForetoldPage) -> str:
    """Return what a silence would have held back, for the region that fetches it."""
    return _draw("foretold", view, view.chrome, part=True)


def answer(page: AnswerPage) -> str:
    """Return the page behind a link that answers a message; it shows nothing else of the install."""
    formats = Formats(page.lang, ZoneInfo(page.zone), page.now)
    t = Translator(page.lang, formats)
    spoken: Language = "de" if page.lang == "de" else "en"
    context = {
        "v": page,
        "t": t,
        "lang": "en" if page.lang == PSEUDO else page.lang,
        "when": partial(_when, formats),
        "flag": partial(_flag, t, lambda level: t.mark(escape(level_name(level, spoken)))),
    }
    return _environment().get_template("answer.html").render(context)


def status(chrome: Chrome) -> str:
    """Return the region in the head that says how fresh the data is."""
    return _environment().get_template("_status.html").render(_context(chrome, chrome))


def missing(chrome: Chrome) -> str:
    """Return the page for an address that leads nowhere."""
    return _environment().get_template("missing.html").render(_context(chrome, chrome))


def _draw(name: str, view: object, chrome: Chrome, part: bool) -> str:
    template = f"_{name}.html" if part else f"{name}.html"
    return _environment().get_template(template).render(_context(view, chrome))


def _context(view: object, chrome: Chrome) -> dict[str, Any]:
    """Return what templates see: the view, its chrome, and the words of this reader."""
    lang = chrome.viewer.lang
    formats = Formats(lang, ZoneInfo(chrome.zone), chrome.now)
    t = Translator(lang, formats)

    spoken: Language = "de" if lang == "de" else "en"

    def word(level: Level) -> Markup:
        return t.mark(escape(level_name(level, spoken)))

    def sentence(reason: Reason) -> Markup:
        return t.mark(escape(reason_line(reason, spoken)))

    def text(value: Text) -> str:
        return value.in_(lang)

    words = curve_words.Words(t, word, formats)
    return {
        "v": view,
        "chrome": chrome,
        "t": t,
        "f": formats,
        "lang": "en" if lang == PSEUDO else lang,
        "word": word,
        "sentence": sentence,
        "text": text,
        "when": partial(_when, formats),
        "rel": partial(_relative, formats, t),
        "expected": partial(curve_words.expected_text, t=t),
        "flag": partial(_flag, t, word),
        "chart": partial(svg.chart, words=words),
        "point_text": partial(curve_words.point_text, words=words),
        "trace": partial(trace, t=t),
        "still": partial(still, t=t),
        "period": lambda days: t.mark(escape(return_period(days, spoken))),
        "why_texts": lambda whys: t.mark(escape("; ".join(why_text(w, lang) for w in whys))),
        "fact": partial(_fact, t, word, view),
        "lang_name": lambda code: t(f"lang.{code}") if code in LANG_NAMES else code,
        "client_texts": _client_texts(t),
    }


def _when(formats: Formats, at: datetime, *, seconds: bool = False, date: bool = True) -> Markup:
    """Return a time of day as `<time>`, with full date, seconds and zone in its title."""
    shown = formats.moment(at) if date and not seconds else formats.clock(at, seconds=seconds)
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        formats.iso(at), formats.stamp(at), shown
    )


def _relative(formats: Formats, t: Translator, at: datetime, style: str = "since") -> Markup:
    """Return a span of time that keeps ticking: ``since`` (ago), ``age`` (bare) or ``due`` (in, overdue)."""
    length = formats.now - at
    late = length.total_seconds() > 0
    if style == "due":
        key = "overdue_by" if late else "in"
        shown = t(key, span=formats.span(abs(length)))
    elif style == "age":
        shown = t.mark(escape(formats.span(length)))
    else:
        shown = t("ago", span=formats.span(length))
    bad = " bad" if style == "due" and late else ""
    return Markup('<time class="rel{}" data-rel="{}" datetime="{}" title="{}">{}</time>').format(
        bad, style, formats.iso(at), formats.stamp(at), shown
    )


def _flag(
    t: Translator, word: Callable[[Level], Markup], level: Level | None, *, large: bool = False
) -> Markup:
    return flag(level, word(level) if level is not None else t("unknown"), large=large)


def _fact(t: Translator, word: Callable[[Level], Markup], view: object, fact: FactView) -> Any:
    """Return a fact's line; steps are named as their playbook names them."""
    names = {
        step.id: step.title.in_(t.lang)
        for run in (view.runs if isinstance(view, IncidentPage) else ())
        for step in run.steps
    }
    titles = {
        run.playbook: run.title.in_(t.lang)
        for run in (view.runs if isinstance(view, IncidentPage) else ())
    }
    return fact_line(
        fact,
        t,
        lambda level: t("level.word", n=int(level), word=word(level)),
        lambda id: names.get(id) or titles.get(id) or id,
    )


def _client_texts(t: Translator) -> str:
    """Return the few texts that ticking needs in the browser, as JSON with ``{span}`` left open."""
    hole = "{span}"
    texts = {key: str(t(key, span=hole)) for key in ("ago", "in", "overdue_by")}
    day = "T" if t.lang == "de" else "d"
    return json.dumps({**texts, "day": day}, ensure_ascii=False)
