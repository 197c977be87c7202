"""The composition root: the only place that names an adapter.

`wiring` builds the parts from settings, `runtime` runs them as a service, `replaying` sends a
recording through them on its own clock, `demo` does both with an invented world.
"""
