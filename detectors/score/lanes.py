"""Weights of three heads in one 64-bit integer, 21 bits each, so that one gather and one sum serve three heads.

Sums of integers are exact, hence the same alone and in any batch.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

LANES: Final = 3
_LANE_BITS: Final = np.int64(21)
_LANE_HALF: Final = np.int64(1 << 20)
_LANE_MASK: Final = np.int64((1 << 21) - 1)
_LANE_SHIFTS: Final = (_LANE_BITS * np.arange(LANES))[:, None]
_LANES_HALF: Final = (_LANE_HALF << _LANE_SHIFTS).sum()


def packed(table: NDArray[np.int8]) -> NDArray[np.int64]:
    """Return the weights of each three heads in one 64-bit integer, shape (rows, groups).

    The weights of one row lie side by side, so that a row costs one look into memory.
    """
    groups = np.zeros((table.shape[1], -(-len(table) // LANES)), dtype=np.int64)
    for i, head in enumerate(table):
        groups[:, i // LANES] += head.astype(np.int64) << (i % LANES * int(_LANE_BITS))
    groups[0] = 0
    return groups


def summed(
    groups: NDArray[np.int64], rows: NDArray[np.intp], heads: NDArray[np.intp]
) -> NDArray[np.int64]:
    """Return the sums of packed weights of each text, shape (groups, texts).

    ``rows`` (kinds, places): the feature rows at each character or token; ``heads``: where each
    text begins among the places.
    """
    weights = groups.take(rows[0], axis=0)
    for kind in rows[1:]:
        weights += groups.take(kind, axis=0)
    sums: NDArray[np.int64] = np.add.reduceat(weights, heads, axis=0).T
    return sums


def unpacked(sums: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the sum of each lane, as a new axis before the last one.

    Exact while a lane stays within +-2^20: `features` reads at most 2,000 characters, and three
    rows for each of them, or for each token: 6,000 * 127 < 2^20.
    """
    # Half of a lane's range in each makes all lanes positive, so that none borrows from the next.
    lanes: NDArray[np.int64] = (sums[..., None, :] + _LANES_HALF) >> _LANE_SHIFTS
    lanes &= _LANE_MASK
    lanes -= _LANE_HALF
    return lanes
