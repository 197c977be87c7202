"""Playbooks: an incident comes in; ranked playbooks with reasons and a run, step by step, go out.

`load` reads them from YAML, `match` ranks them, `run` works through one; all pure but the reading.
"""
