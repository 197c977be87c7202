"""Who is on call in the demo: people who take turns, and a chain that calls them."""

from __future__ import annotations

from datetime import date

from pydantic import SecretStr

from alerts.channels import ChannelSettings
from monitor.settings import RouteSettings, Settings
from monitor.settings.people import ChainSettings, MethodSettings, PersonSettings, StepSettings
from monitor.settings.rota import RotaSettings

PEOPLE = {"community": "Community-Team", "service": "Kundenservice", "leitung": "Teamleitung"}
WAIT_MIN = 45.0
"""Of the story's time; in time-lapse half a minute."""


def on_call(settings: Settings, since: date) -> Settings:
    """Return settings with people who take turns, and a chain that calls them before anybody else.

    Not in `once`: nobody answers there, and its story ends with the storm.
    """
    others = dict(settings.channels)
    pager = others.pop("pager")
    chain = {
        "rounds": 2,
        "step": [
            StepSettings(tell=["rota.wache"], wait_min=WAIT_MIN),
            StepSettings(tell=["person.leitung"], wait_min=WAIT_MIN),
        ],
    }
    return settings.model_copy(
        update={
            "channels": {**others, **{f"pager-{id}": _with_key(pager, id) for id in PEOPLE}},
            "people": {id: _person(id, name) for id, name in PEOPLE.items()},
            "rotas": {
                "wache": RotaSettings(
                    people=["community", "service"], turn="daily", since=since, deputy="leitung"
                )
            },
            "chains": {"nachts": ChainSettings.model_validate(chain)},
            "routes": [
                RouteSettings(min_level=4, inform=["slack", "webhook"], wake="nachts"),
                RouteSettings(min_level=5, inform=["mail"]),
            ],
        }
    )


def _person(id: str, name: str) -> PersonSettings:
    ways = [
        MethodSettings(channel=f"pager-{id}"),
        MethodSettings(channel="slack", address=f"U0{id.upper()}"),
    ]
    return PersonSettings(name=name, methods=ways)


def _with_key(pager: ChannelSettings, id: str) -> ChannelSettings:
    """Return a pager with a key of its own: under one key PagerDuty would ring once for all of them."""
    return pager.model_copy(update={"routing_key": SecretStr(f"{id:x>32}")})
