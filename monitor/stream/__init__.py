"""The durable log between sources and pipeline."""
