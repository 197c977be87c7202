"""Sources: where mentions come from. Each turns a foreign format into `detectors.mention.Mention`.

What a source is: `base`. Live: `feeds`, `mastodon`, `files`, `synthetic`. From files at once:
`replay` (our own format) and `importer` (exports of other tools). What is not seen: `monitor.desk.coverage`.
"""
