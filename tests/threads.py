"""Work at the same time: what a race is made of."""

from __future__ import annotations

import threading
from collections.abc import Callable


def together(*work: Callable[[], object]) -> None:
    """Run functions at the same time; what one of them raises is raised here."""
    errors: list[BaseException] = []

    def guarded(one: Callable[[], object]) -> None:
        try:
            one()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(one,)) for one in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
