"""The kinds of the batch group; upstream: pkg/registry/batch."""
