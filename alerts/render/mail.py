"""Mail: a multipart message, text and HTML with the same words, one Message-ID per delivery."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from jinja2 import Environment, PackageLoader, StrictUndefined

from alerts.alert import Action, Delivery, message_id
from alerts.render import plain
from alerts.render.message import NEXT, NO_WORDS, OwnWords, message
from alerts.render.slack import COLOURS
from alerts.words import Language, level_name, pick
from detectors.detection import WAKE, Level

_TEMPLATES = Environment(
    loader=PackageLoader("alerts.render"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
)
REPEAT_HEADER = "X-Sturmglas-Possible-Repeat"


def mail(
    delivery: Delivery,
    lang: Language,
    own: OwnWords = NO_WORDS,
    *,
    sender: str,
    to: Sequence[str],
    date: datetime,
) -> EmailMessage:
    """Return the mail, ready to be sent. All mails of one incident's episode form one thread."""
    m = EmailMessage(policy=SMTP)
    name, address = parseaddr(sender)
    domain = address.rpartition("@")[2] or "localhost"
    m["From"] = Address(display_name=name, addr_spec=address)
    m["To"] = ", ".join(to)
    m["Subject"] = plain.subject(delivery, lang, own)
    m["Date"] = format_datetime(date)
    m["Message-ID"] = f"<{message_id(delivery)}@{domain}>"
    m["References"] = f"<{delivery.key}@{domain}>"
    m["Auto-Submitted"] = "auto-generated"
    if delivery.alert.level >= WAKE and delivery.alert.action is Action.TRIGGER:
        m["Importance"] = "high"
    if delivery.may_repeat:
        m[REPEAT_HEADER] = "yes"
    m.set_content("\n\n".join(plain.lines(delivery, lang, own)) + "\n")
    m.add_alternative(html(delivery, lang, own), subtype="html")
    m.set_boundary(f"=-{message_id(delivery)}")
    return m


def html(delivery: Delivery, lang: Language, own: OwnWords = NO_WORDS) -> str:
    """Return the HTML part: inline styles, readable in light and dark, no remote part, no script."""
    level = delivery.alert.level
    return _TEMPLATES.get_template("mail.html.j2").render(
        m=message(delivery, lang, own),
        lang=lang,
        number=int(level) if delivery.alert.notice is None else None,
        name=level_name(level, lang),
        ref=delivery.alert.ref,
        fill=COLOURS[level],
        ink="#14202b" if level <= Level.FRESH_BREEZE else "#ffffff",
        next_label=pick(NEXT, lang),
        post_label=pick(("ganzer Beitrag", "whole post"), lang),
    )
