"""The durable state: what was said, what was counted, what was concluded, what must go out."""
