"""The pipeline: what the machine does with a mention, from the log to the outbox.

Read it in this order: `filing` (a batch of mentions becomes rows and counts, once), `judging`
(a closed bin becomes a level), `acting` (a level becomes an incident, an alert, a run), `work` (the
loop that drives it; `holding` is what it has in hand).
"""

from monitor.pipeline.filing import Filing, Taken
from monitor.pipeline.judging import Judging
from monitor.pipeline.lines import Line
from monitor.pipeline.work import Pipeline

__all__ = ["Filing", "Judging", "Line", "Pipeline", "Taken"]
