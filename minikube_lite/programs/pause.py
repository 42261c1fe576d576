"""The program that does nothing: of the image pause, and of images that nobody knows; upstream: registry.k8s.io/pause."""

from __future__ import annotations

import asyncio

from minikube_lite.programs.program import PodContext


async def pause(context: PodContext) -> int:
    """Do nothing until stopped."""
    try:
        await asyncio.get_running_loop().create_future()
    except asyncio.CancelledError:
        return 0
    return 0
