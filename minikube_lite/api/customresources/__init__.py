"""Custom resources: what definitions make the API serve; upstream: apiextensions-apiserver."""
