"""Desk: what people do. Each function is one transaction and returns the thing as stored.

`incidents` and `runs` move what the machine started; `errors` says what may stand in the way.
"""
