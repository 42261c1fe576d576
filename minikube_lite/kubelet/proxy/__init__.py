"""kube-proxy: how the virtual addresses of Services lead to their endpoints."""
