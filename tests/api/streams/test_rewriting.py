"""Links in proxied answers."""

from __future__ import annotations

import gzip
import zlib

import pytest

from minikube_lite.api.streams.rewriting import HTML_BYTES_MAX, Rewriter, forwarded_uri

PREFIX = "/api/v1/namespaces/default/pods/web/proxy"


@pytest.fixture
def rewriter() -> Rewriter:
    return Rewriter(PREFIX, "10.244.0.2:8080", "127.0.0.1:6443")


@pytest.mark.parametrize(
    ("given", "rewritten"),
    [
        ("/", f"{PREFIX}/"),
        ("/a/b?x=1#y", f"{PREFIX}/a/b?x=1#y"),
        ("/a/", f"{PREFIX}/a/"),
        ("/a/../b", f"{PREFIX}/b"),
        ("a/b", "a/b"),
        ("../up", "../up"),
        ("#top", "#top"),
        ("", ""),
        ("http://10.244.0.2:8080/a", f"{PREFIX}/a"),
        ("http://127.0.0.1:6443/a", f"http://127.0.0.1:6443{PREFIX}/a"),
        (f"http://127.0.0.1:6443{PREFIX}/a", f"http://127.0.0.1:6443{PREFIX}/a"),
        ("http://example.com/a", "http://example.com/a"),
        ("//example.com/a", "//example.com/a"),
        (f"{PREFIX}/a", f"{PREFIX}/a"),
        ("http://[broken", "http://[broken"),
        ("mailto:a@b", "mailto:a@b"),
    ],
)
def test_links(rewriter: Rewriter, given: str, rewritten: str) -> None:
    assert rewriter.url(given) == rewritten


@pytest.mark.parametrize(
    ("given", "rewritten"),
    [
        ('<a href="/x">go</a>', f'<a href="{PREFIX}/x">go</a>'),
        ("<A HREF='/x' id=me>", f'<a href="{PREFIX}/x" id="me">'),
        ("<a href=/x>", f'<a href="{PREFIX}/x">'),
        ('<img src="/x.png"/>', f'<img src="{PREFIX}/x.png"/>'),
        ('<img src="x.png" alt="a > b">', '<img src="x.png" alt="a &gt; b">'),
        ('<form action="/post" method="post">', f'<form action="{PREFIX}/post" method="post">'),
        ('<link rel=stylesheet href="/a.css">', f'<link rel="stylesheet" href="{PREFIX}/a.css">'),
        ("<input disabled>", '<input disabled="">'),
        ('<div title="/x">', '<div title="/x">'),
        ('<!-- <a href="/x"> -->', '<!-- <a href="/x"> -->'),
        ('<script>var a = "<a href=\'/x\'>";</script><a href="/y">', '<script>var a = "<a href=\'/x\'>";</script>'
         f'<a href="{PREFIX}/y">'),
        ('<script src="/a.js"></script>', f'<script src="{PREFIX}/a.js"></script>'),
        ("<!DOCTYPE html>\n1 < 2 & 3", "<!DOCTYPE html>\n1 < 2 & 3"),
        ('<a href="/?a=1&amp;b=2">', f'<a href="{PREFIX}/?a=1&amp;b=2">'),
    ],
)  # fmt: skip
def test_pages(rewriter: Rewriter, given: str, rewritten: str) -> None:
    assert rewriter.page(given) == rewritten
    assert rewriter.body(given.encode(), "") == rewritten.encode()
    zipped = rewriter.body(gzip.compress(given.encode()), "gzip")
    assert zipped is not None
    assert gzip.decompress(zipped) == rewritten.encode()


def test_a_page_that_is_no_text_stays_whole(rewriter: Rewriter) -> None:
    page = b"\xff\xfe<a href='/x'>\x80"
    assert rewriter.body(page, "") == f'<a href="{PREFIX}/x">'.encode().join((b"\xff\xfe", b"\x80"))


def test_deflated_pages(rewriter: Rewriter) -> None:
    deflating = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    sent = deflating.compress(b'<a href="/">') + deflating.flush()
    answer = rewriter.body(sent, "deflate")
    assert answer is not None
    assert zlib.decompress(answer, -zlib.MAX_WBITS) == f'<a href="{PREFIX}/">'.encode()


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_what_is_not_understood_stays_as_it_is(rewriter: Rewriter, encoding: str) -> None:
    assert rewriter.body(b"no such thing", encoding) is None


def test_a_bomb_is_not_unpacked(rewriter: Rewriter) -> None:
    assert rewriter.body(gzip.compress(b"\0" * (HTML_BYTES_MAX + 1)), "gzip") is None


@pytest.mark.parametrize(
    ("path", "uri"), [("/", f"{PREFIX}/"), ("/a b", f"{PREFIX}/a%20b"), ("/a/", f"{PREFIX}/a/"), ("", PREFIX)]
)
def test_what_the_backend_is_told(path: str, uri: str) -> None:
    assert forwarded_uri(PREFIX, path) == uri
