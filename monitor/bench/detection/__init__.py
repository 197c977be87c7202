"""`bench detection`: storms put into streams; found or not, how late, and at what price in false pages.

Everything here works on bins and rows, not on texts: how tones are misread is drawn as the shipped
scorer misreads labelled texts (`tone`). What is judged is the very code that watches topics.
"""
