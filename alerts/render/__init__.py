"""Render: an alert in the words and the shape of each receiver. Data in, data out; nothing is sent.

`message` chooses what is said, once for all receivers; one module per receiver gives it its shape.
"""
