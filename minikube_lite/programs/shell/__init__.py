"""A POSIX shell for fake containers, on their own files and network; upstream: busybox's ash."""
