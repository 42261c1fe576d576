"""Emulated addresses, links that faults can cut, streams in memory, and doors to the host."""
