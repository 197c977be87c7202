"""What goes wrong with Redis, in our words: `Unavailable` or `WrongServer`, and never a secret."""

from __future__ import annotations

from redis import exceptions as errors

from monitor.ports import Unavailable
from monitor.stream import WrongServer

TROUBLE = (errors.RedisError, errors.RedisClusterException, OSError)
"""What the client library raises when something is wrong outside."""


_WORDS: dict[str, str] = {
    "OOM": "is out of memory: raise maxmemory, or let the workers catch up",
    "LOADING": "is loading its data from disk",
    "READONLY": "is a replica now; its primary is being replaced",
    "MASTERDOWN": "has lost its primary",
    "CLUSTERDOWN": "says that the cluster is down: a part of it has no primary",
    "MISCONF": "cannot write to its disk",
    "TRYAGAIN": "is moving this shard to another node",
    "ASK": "is moving this shard to another node",
    "MOVED": "has moved this shard to another node",
    "BUSY": "is busy with somebody's script",
    "NOREPLICAS": "has too few replicas in sync (min-replicas-to-write)",
    "NOAUTH": "wants a password",
    "WRONGPASS": "refuses user or password",
    "NOPERM": "does not allow its user what the log needs",
}
_REFUSALS = {"NOAUTH", "WRONGPASS", "NOPERM"}


def code(error: Exception) -> str:
    """Return the word with which Redis begins an error, as far as it is known here."""
    by_type: list[tuple[type[Exception], str]] = [
        (errors.OutOfMemoryError, "OOM"),
        (errors.MovedError, "MOVED"),
        (errors.AskError, "ASK"),
        (errors.TryAgainError, "TRYAGAIN"),
        (errors.BusyLoadingError, "LOADING"),
        (errors.ReadOnlyError, "READONLY"),
        (errors.MasterDownError, "MASTERDOWN"),
        (errors.ClusterDownError, "CLUSTERDOWN"),
        (errors.SlotNotCoveredError, "CLUSTERDOWN"),
        (errors.NoPermissionError, "NOPERM"),
        (errors.AuthenticationWrongNumberOfArgsError, "WRONGPASS"),
    ]
    for kind, word in by_type:
        if isinstance(error, kind):
            return word
    text = str(error)
    if isinstance(error, errors.AuthenticationError):
        return "NOAUTH" if "required" in text else "WRONGPASS"
    if "user executing the script" in text:
        return "NOPERM"
    first = text.lstrip("-").partition(" ")[0]
    return first if first in _WORDS else ""


def told(error: Exception, place: str) -> Exception:
    """Return what to raise for an error of the client library: ours, without a secret in it."""
    if isinstance(error, errors.RedisClusterException) and error.__cause__ is not None:
        return told(_cause(error), place)
    word = code(error)
    if word in _REFUSALS:
        return WrongServer(f"redis at {place} {_WORDS[word]}; look at the URL of the log")
    if word:
        return Unavailable(f"redis at {place} {_WORDS[word]}", retry_after_s=2.0)
    if isinstance(error, errors.TimeoutError):
        return Unavailable(f"redis at {place} does not answer in time")
    if isinstance(error, errors.ResponseError):
        if "WRONGTYPE" in str(error):
            return WrongServer(
                f"redis at {place} keeps something else under our keys; set a prefix"
            )
        return error
    if isinstance(error, errors.RedisClusterException) and "not enabled" in str(error):
        return WrongServer(f"redis at {place} is no cluster; write redis:// instead")
    if isinstance(error, TROUBLE):
        if "CERTIFICATE" in str(error):
            return WrongServer(
                f"redis at {place} shows a certificate that is not trusted; name its authority in"
                " the URL: ?ssl_ca_certs=FILE"
            )
        return Unavailable(f"redis at {place} cannot be reached")
    return error


def _cause(error: BaseException) -> Exception:
    """Return what a cluster client wrapped, as far as that goes."""
    while isinstance(error, errors.RedisClusterException) and error.__cause__ is not None:
        error = error.__cause__
    return error if isinstance(error, Exception) else OSError(str(error))


def later(error: Exception, place: str) -> Exception:
    """Return `told`, but a refusal is for now only: somebody may set the password right again."""
    if code(error) in _REFUSALS:
        return Unavailable(str(told(error, place)), retry_after_s=30.0)
    return told(error, place)
