"""Links in what pods answer, made to lead through the proxy again; upstream: apimachinery/pkg/util/proxy/transport.go."""

from __future__ import annotations

import gzip
import html
import posixpath
import re
import zlib
from urllib.parse import urlsplit, urlunsplit

from minikube_lite.api.streams.backends import escape_path

HTML_BYTES_MAX = 16 << 20
"""A larger page is passed on as it is."""
URL_ATTRIBUTES = {
    "a": ("href",),
    "applet": ("codebase",),
    "area": ("href",),
    "audio": ("src",),
    "base": ("href",),
    "blockquote": ("cite",),
    "body": ("background",),
    "button": ("formaction",),
    "command": ("icon",),
    "del": ("cite",),
    "embed": ("src",),
    "form": ("action",),
    "frame": ("longdesc", "src"),
    "head": ("profile",),
    "html": ("manifest",),
    "iframe": ("longdesc", "src"),
    "img": ("longdesc", "src", "usemap"),
    "input": ("src", "usemap", "formaction"),
    "ins": ("cite",),
    "link": ("href",),
    "object": ("classid", "codebase", "data", "usemap"),
    "q": ("cite",),
    "script": ("src",),
    "source": ("src",),
    "video": ("poster", "src"),
}
"""Which attributes of which elements are links (HTML 4 and 5)."""
_RAW_TEXT = ("script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "noscript", "plaintext")
_TOKEN = re.compile(r"<!--.*?-->|<[!?/][^>]*>|<([a-zA-Z][^\s/>]*)((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>", re.DOTALL)
_ATTRIBUTE = re.compile(r"([^\s=/>\"']+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s>]+))?")


class Rewriter:
    """Rewrites the links of one answer. `prefix` is the proxy's path, up to what stands for the backend's root."""

    def __init__(self, prefix: str, backend_host: str, request_host: str) -> None:
        self._prefix = prefix
        self._hosts = ("", backend_host, request_host)

    def url(self, text: str) -> str:
        """A link: one that leads to another host, or is relative to its page, stays as it is."""
        try:
            parts = urlsplit(text)
        except ValueError:
            return text
        if parts.netloc not in self._hosts or not parts.path.startswith("/"):
            return text
        if parts.netloc != self._hosts[2]:
            parts = parts._replace(scheme="", netloc="")
        if not parts.path.startswith(self._prefix):
            path = posixpath.normpath(f"{self._prefix}/{parts.path}")
            parts = parts._replace(path=path + "/" if parts.path.endswith("/") and not path.endswith("/") else path)
        return urlunsplit(parts)

    def page(self, text: str) -> str:
        """A page of HTML."""
        out: list[str] = []
        position = 0
        while match := _TOKEN.search(text, position):
            out.append(text[position : match.start()])
            name = (match[1] or "").lower()
            out.append(self._tag(name, match[2]) if name else match[0])
            position = match.end()
            if name in _RAW_TEXT and not match[0].endswith("/>"):
                end = re.compile(rf"</{name}", re.IGNORECASE).search(text, position)
                stop = end.start() if end else len(text)
                out.append(text[position:stop])
                position = stop
        out.append(text[position:])
        return "".join(out)

    def _tag(self, name: str, rest: str) -> str:
        """An element's start as Go's tokenizer writes it."""
        links = URL_ATTRIBUTES.get(name, ())
        written = [name]
        for attribute, quoted in _ATTRIBUTE.findall(rest):
            value = html.unescape(quoted[1:-1] if quoted[:1] in ("'", '"') else quoted)
            key = attribute.lower()
            written.append(f'{key}="{_escaped(self.url(value) if key in links else value)}"')
        return f"<{' '.join(written)}{'/' if rest.endswith('/') else ''}>"

    def body(self, body: bytes, encoding: str) -> bytes | None:
        """A page as it was sent, compressed or not; None where it is not understood, and stays as it is."""
        try:
            match encoding:
                case "":
                    return self.page(body.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
                case "gzip":
                    plain = _inflated(body, 16 + zlib.MAX_WBITS)
                    return None if plain is None else gzip.compress(self.body(plain, "") or b"", mtime=0)
                case "deflate":
                    plain = _inflated(body, -zlib.MAX_WBITS)
                    if plain is None:
                        return None
                    deflating = zlib.compressobj(zlib.Z_BEST_COMPRESSION, zlib.DEFLATED, -zlib.MAX_WBITS)
                    return deflating.compress(self.body(plain, "") or b"") + deflating.flush()
        except zlib.error:
            return None
        return None


def forwarded_uri(prefix: str, path: str) -> str:
    """The path under which a client sees what the backend sees as `path`."""
    joined = posixpath.normpath(f"{prefix}/{escape_path(path)}")
    return joined + "/" if path.endswith("/") and not joined.endswith("/") else joined


def _inflated(body: bytes, window: int) -> bytes | None:
    """What was compressed, unless that is more than a page may have."""
    inflating = zlib.decompressobj(window)
    plain = inflating.decompress(body, HTML_BYTES_MAX)
    return None if inflating.unconsumed_tail else plain


def _escaped(value: str) -> str:
    text = value.replace("&", "&amp;").replace("'", "&#39;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace('"', "&#34;").replace("\r", "&#13;")
