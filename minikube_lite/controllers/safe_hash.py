"""Hashes in names: FNV numbers, written with letters that make no words; upstream: SafeEncodeString of util/rand."""

from __future__ import annotations

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
_FNV_OFFSET, _FNV_PRIME = 2166136261, 16777619


def fnv1(data: bytes) -> int:
    """FNV-1 of 32 bits."""
    value = _FNV_OFFSET
    for byte in data:
        value = (value * _FNV_PRIME & 0xFFFFFFFF) ^ byte
    return value


def fnv1a(data: bytes) -> int:
    """FNV-1a of 32 bits."""
    value = _FNV_OFFSET
    for byte in data:
        value = (value ^ byte) * _FNV_PRIME & 0xFFFFFFFF
    return value


def safe_encode(number: int) -> str:
    """The number's decimal digits as safe letters."""
    return "".join(_ALPHABET[ord(digit) % len(_ALPHABET)] for digit in str(number))
