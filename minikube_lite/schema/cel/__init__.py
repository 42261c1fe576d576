"""The Common Expression Language as Kubernetes speaks it: parse, check, evaluate; upstream: cel-go and apiserver/pkg/cel.

Imported when the first expression is met.
"""
