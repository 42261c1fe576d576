"""The kinds of the apps group; upstream: pkg/registry/apps."""
