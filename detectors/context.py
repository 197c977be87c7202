"""Context: what is known of a bin besides its posts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Context:
    """What the pipeline knows of the hour that ends with a bin, and the posts do not tell.

    ``uplift``: how many times the usual mentions are expected because something was announced, >= 1;
    ``planned``: its title. ``capped``: sources that gave no more than they give at most, so that there
    were *at least* so many posts. ``down``: sources that fell silent, whose people may write elsewhere.
    ``strange``: share of the hour's negatives whose telling words were never seen with the brand, 0..1.
    ``new_authors``: share of the hour's stated authors whom the topic never heard before it, 0..1; ``deletions``: posts taken
    back within the bin, whenever written; None where that is not known. ``misread``: share of critical posts that are
    not seen to be, by people's samples, where that is too high to rely on tone; else 0.
    """

    uplift: float = 1.0
    planned: str = ""
    capped: tuple[str, ...] = ()
    down: tuple[str, ...] = ()
    strange: float = 0.0
    new_authors: float | None = None
    deletions: int | None = None
    misread: float = 0.0

    def __post_init__(self) -> None:
        if not self.uplift >= 1.0:
            raise ValueError(f"uplift must be 1 or more, got {self.uplift}")


PLAIN = Context()
"""Nothing is known."""
