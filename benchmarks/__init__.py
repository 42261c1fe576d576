"""How fast a Kubernetes API server is, ours or any other: `python -m benchmarks`."""
