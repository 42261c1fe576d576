"""Fake nodes; upstream: the kubelet."""
