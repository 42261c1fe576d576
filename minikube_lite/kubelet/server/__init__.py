"""The HTTP server of a kubelet: what the API server asks a node for; upstream: pkg/kubelet/server."""
