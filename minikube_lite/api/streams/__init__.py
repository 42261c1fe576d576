"""Requests that go on to nodes and pods: logs, exec, attach, port-forward and proxies."""
