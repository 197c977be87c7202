"""Routes: who hears of what, as a tree in the settings file, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, Field, model_validator

from alerts.book import CHANNEL
from alerts.matching import Matcher, parse
from alerts.routing import Route
from detectors.detection import WAKE, Level
from monitor.settings.sections import Strict

Found = tuple[tuple[str | int, ...], str]
LISTS = ("inform", "channels", "watch")
"""Keys of a route that name receivers; ``channels`` is what ``inform`` was called first."""


def _matchers(text: str) -> str:
    parse(text)
    return text


class RouteSettings(Strict):
    """Who hears of what. Every ``[[route]]`` that fits is used; below it, in ``[[route.child]]``, the first that
    fits speaks instead, with what it leaves open from above."""

    name: str = Field(default="", max_length=80, description="what it is called when it is told")
    min_level: int | None = Field(
        default=None, ge=0, le=6, description="from this storm level up; of a root 4"
    )
    topics: list[str] = Field(default=[], description="ids of topics; empty: every topic")
    match: Annotated[str, AfterValidator(_matchers)] = Field(
        default="", description='what else must be so: "brand=Acme source=press* hour=8-18"'
    )
    watch: list[str] | None = Field(
        default=None, description="receivers of a digest: nothing of it is urgent"
    )
    inform: list[str] | None = Field(
        default=None,
        validation_alias=AliasChoices("inform", "channels"),
        description="receivers told at once: a channel's name, person.NAME or rota.NAME",
    )
    wake: str | None = Field(
        default=None, description='chain that starts at level 4 and above; "" for none'
    )
    repeat_min: float | None = Field(
        default=None, ge=1, le=7 * 24 * 60, description="minutes until it is said again"
    )
    digest_min: float | None = Field(
        default=None, ge=1, le=7 * 24 * 60, description="minutes that a digest collects; 60"
    )
    go_on: bool = Field(default=False, description="of a child: the next ones are asked as well")
    children: list[RouteSettings] = Field(default=[], alias="child", max_length=50)

    @model_validator(mode="after")
    def _somebody(self) -> RouteSettings:
        if not self.children and not (self.watch or self.inform or self.wake) and not self._says:
            raise ValueError("tells nobody; expected inform, watch, wake, or a child")
        return self

    @property
    def _says(self) -> bool:
        """A child that says nothing itself may still take its parent's word away, or change it."""
        given = {"watch", "inform", "wake", "repeat_min", "digest_min"}
        return bool(given & self.model_fields_set)

    @property
    def level(self) -> int:
        """From which level a root is used."""
        return int(WAKE) if self.min_level is None else self.min_level

    def route(self, number: str, *, root: bool = True) -> Route:
        """Return the node, named after its place where it has no name of its own."""
        level = self.level if root else self.min_level
        return Route(
            name=self.name or f"route {number}",
            min_level=None if level is None else Level(level),
            topics=tuple(self.topics),
            matchers=self.matchers,
            watch=_receivers(self.watch),
            inform=_receivers(self.inform),
            wake=self.wake,
            repeat=_minutes(self.repeat_min),
            digest=_minutes(self.digest_min),
            go_on=self.go_on,
            children=tuple(
                child.route(f"{number}.{i}", root=False) for i, child in enumerate(self.children, 1)
            ),
        )

    @property
    def matchers(self) -> tuple[Matcher, ...]:
        """What ``match`` says."""
        return parse(self.match)

    def nodes(self) -> Iterator[RouteSettings]:
        """Yield this route and all below it."""
        yield self
        for child in self.children:
            yield from child.nodes()


def receiver(name: str) -> str:
    """Return a receiver in full: a bare name is a channel's.

    >>> receiver("slack"), receiver("person.kim")
    ('channel.slack', 'person.kim')
    """
    return name if "." in name else f"{CHANNEL}.{name}"


def _receivers(names: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if names is None else tuple(receiver(name) for name in names)


def _minutes(number: float | None) -> timedelta | None:
    return None if number is None else timedelta(minutes=number)


def raw_routes(raw: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """Yield each route of raw settings with its place, children after their parent, as far as it is one."""
    yield from _raw(("route",), raw.get("route"))


def _raw(
    path: tuple[str | int, ...], routes: object
) -> Iterator[tuple[tuple[str | int, ...], dict[str, Any]]]:
    for place, route in enumerate(routes if isinstance(routes, list) else ()):
        if isinstance(route, dict):
            yield (*path, place), route
            yield from _raw((*path, place, "child"), route.get("child"))
