"""How much of a quota objects use: shared by admission, which reserves it, and by the controller, which counts it.

Upstream: apiserver/pkg/quota and pkg/quota.
"""
