"""What pipeline, desk and server need from outside, as small Protocols with their laws in words.

Store and stream are synchronous; asynchronous code calls them through threads.
"""

from monitor.ports.answers import (
    Answered,
    AnswerReads,
    AnswerWrites,
)
from monitor.ports.calibration import (
    CalibrationReads,
    CalibrationWrites,
    Missed,
    Moved,
)
from monitor.ports.corrections import (
    Correction,
    CorrectionReads,
    CorrectionWrites,
    Reading,
    Speaking,
    Taught,
)
from monitor.ports.duty import (
    DutyReads,
    DutyWrites,
)
from monitor.ports.errands import (
    ErrandReads,
    Errands,
    ErrandWrites,
)
from monitor.ports.errors import (
    Unavailable,
)
from monitor.ports.leases import (
    DELIVER,
    HUNG_TERMS,
    LEASE_S,
    OUTBOX_LEASE,
    SHARD,
    SOURCE,
    TOPICS,
    Alone,
    Fenced,
    Fences,
    Holding,
    Leases,
)
from monitor.ports.log import (
    GROUP,
    Backlog,
    Entry,
    EntryKind,
    Log,
    NewEntry,
    shard_of,
)
from monitor.ports.planned import (
    PlannedReads,
    PlannedWrites,
)
from monitor.ports.rows import (
    Answers,
    BinResult,
    Capped,
    CountKey,
    CurvePoint,
    Filed,
    Known,
    Parked,
    Post,
    Recent,
    SourceState,
    WatchState,
)
from monitor.ports.signals import (
    NoSignals,
    Signals,
)
from monitor.ports.silences import (
    Past,
    SilenceReads,
    SilenceWrites,
    Told,
)
from monitor.ports.store import (
    Housekeeper,
    KeptStore,
    Reader,
    Store,
    Transaction,
)
from monitor.ports.trials import (
    TrialReads,
    TrialWrites,
)
from monitor.ports.watching import (
    Beat,
    BeatReads,
    BeatWrites,
    Dead,
    Late,
    Outstanding,
    Waiting,
    WatchReads,
)

__all__ = [
    "DELIVER",
    "GROUP",
    "HUNG_TERMS",
    "LEASE_S",
    "OUTBOX_LEASE",
    "SHARD",
    "SOURCE",
    "TOPICS",
    "Alone",
    "AnswerReads",
    "AnswerWrites",
    "Answered",
    "Answers",
    "Backlog",
    "Beat",
    "BeatReads",
    "BeatWrites",
    "BinResult",
    "CalibrationReads",
    "CalibrationWrites",
    "Capped",
    "Correction",
    "CorrectionReads",
    "CorrectionWrites",
    "CountKey",
    "CurvePoint",
    "Dead",
    "DutyReads",
    "DutyWrites",
    "Entry",
    "EntryKind",
    "ErrandReads",
    "ErrandWrites",
    "Errands",
    "Fenced",
    "Fences",
    "Filed",
    "Holding",
    "Housekeeper",
    "KeptStore",
    "Known",
    "Late",
    "Leases",
    "Log",
    "Missed",
    "Moved",
    "NewEntry",
    "NoSignals",
    "Outstanding",
    "Parked",
    "Past",
    "PlannedReads",
    "PlannedWrites",
    "Post",
    "Reader",
    "Reading",
    "Recent",
    "Signals",
    "SilenceReads",
    "SilenceWrites",
    "SourceState",
    "Speaking",
    "Store",
    "Taught",
    "Told",
    "Transaction",
    "TrialReads",
    "TrialWrites",
    "Unavailable",
    "Waiting",
    "WatchReads",
    "WatchState",
    "shard_of",
]
