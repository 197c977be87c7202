"""Addition: what corrections add to the shipped weights, small enough to be a row of a table."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.score.features import ROWS
from detectors.score.heads import SENTIMENT
from detectors.score.linear import TAUGHT_COLUMNS, Calibration, Weights

FORMAT: Final = 1
_ARRAYS: Final = ("rows", "table", "scale", "mix", "offset")


class AdditionError(ValueError):
    """Bytes that are no addition of this version."""


@dataclass(frozen=True, slots=True)
class Addition:
    """Three columns of weights for the tones, and what becomes of the shipped logits.

    ``rows`` int32 (n,) feature rows, ascending; ``table`` int8 (3, n) their weights, ``scale`` (3, 2) as in
    `Weights`; a text's logits are ``base @ (I + mix) + offset`` and the sum of its weights. ``langs``: read so in
    these languages, in others as before. ``name`` follows from the lessons.
    """

    name: str
    langs: tuple[str, ...]
    rows: NDArray[np.int32]
    table: NDArray[np.int8]
    scale: NDArray[np.float64]
    mix: NDArray[np.float64]
    offset: NDArray[np.float64]

    def dump(self) -> bytes:
        """Return it as bytes (.npz, compressed, no pickle): some 7 bytes a row before they are packed."""
        buffer = io.BytesIO()
        about = np.array([str(FORMAT), self.name, *self.langs])
        np.savez_compressed(buffer, about=about, **{n: getattr(self, n) for n in _ARRAYS})
        return buffer.getvalue()

    @classmethod
    def load(cls, content: bytes) -> Addition:
        """Return what `dump` was given; raises `AdditionError` for anything else."""
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as file:
                about = [str(word) for word in file["about"]]
                rows, table, scale, mix, offset = (file[name] for name in _ARRAYS)
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise AdditionError(f"no taught weights of ours ({error})") from error
        shapes = (table.shape, scale.shape, mix.shape, offset.shape)
        fits = shapes == ((3, len(rows)), (3, 2), (3, 3), (3,))
        if about[0] != str(FORMAT) or not fits or (len(rows) and not 0 <= rows.max() < ROWS):
            raise AdditionError(f"taught weights of format {about[0]}; expected {FORMAT}")
        return cls(about[1], tuple(about[2:]), rows, table, scale, mix, offset)

    def onto(self, weights: Weights) -> Weights:
        """Return the weights with this added, in place of what was added before."""
        table = np.zeros((3, ROWS), dtype=np.int8)
        table[:, self.rows] = self.table
        kept = [i for i, head in enumerate(weights.heads) if head not in TAUGHT_COLUMNS]
        mix = (np.eye(3) + self.mix).T
        calibration = dict(weights.calibration)
        for (family, lang), one in weights.calibration.items():
            if family == SENTIMENT.name and lang in self.langs:
                slope = np.hstack([mix @ one.slope[:, :3], np.eye(3)])
                offset = mix @ one.offset + self.offset
                calibration[family, lang] = Calibration(slope, offset, one.confusion)
        return replace(
            weights,
            version=f"{weights.version.partition('+')[0]}+{self.name}",
            heads=(*(weights.heads[i] for i in kept), *TAUGHT_COLUMNS),
            table=np.vstack([weights.table[kept], table]),
            scale=np.vstack([weights.scale[kept], self.scale]),
            bias=np.append(weights.bias[kept], np.zeros(3)),
            calibration=calibration,
        )
