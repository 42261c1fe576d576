"""Schemas of custom resources, and what values become by them; upstream: apiextensions-apiserver/pkg/apiserver."""
