"""kube-scheduler: gives pods their nodes; upstream: pkg/scheduler.

Filters and scores are pure; `cache.py` keeps what they need of each node without counting it anew.
"""

from __future__ import annotations

from minikube_lite.controllers.scheduler.controller import Scheduler

__all__ = ["Scheduler"]
