"""SPDY/3.1 as Kubernetes' streaming uses it: streams of bytes in one connection; upstream: moby/spdystream."""
