"""The texts themselves: key -> (German, English), by page."""
