"""Applets that pack and sum: tar, gzip, base64, md5sum and their like; upstream: busybox's archival and coreutils."""

from __future__ import annotations

import base64 as base64_encoding
import binascii
import gzip as gzip_format
import hashlib
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

from minikube_lite.programs.applets.applet import PART_BYTES, Call, UsageError, applet
from minikube_lite.programs.files import close, refused
from minikube_lite.programs.program import PodContext, Program
from minikube_lite.programs.streams import Input

ARCHIVE_BYTES_MAX = 1 << 30
SPOOLED_BYTES = 8 << 20
"""An archive larger than that is kept in a file while it is read or made."""
BASE64_COLUMNS = 76


@applet(
    "ctxf:C:vzjpmhOkTX:o", long={"no-same-owner": "o", "file": "f", "directory": "C", "exclude": "X"}, usage_status=2
)
async def tar(call: Call) -> int | None:
    """tar c|x|t [-z] [-v] [-f FILE] [-C DIRECTORY] [FILE]…; also without the dash"""
    modes = [letter for letter in "ctx" if call.has(letter)]
    if len(modes) != 1:
        raise UsageError("must specify one of c, t and x" if not modes else "conflicting options")
    with tempfile.SpooledTemporaryFile(max_size=SPOOLED_BYTES) as spool:
        if modes == ["c"]:
            await _pack(call, spool)
            return None
        await _take_in(call, spool)
        try:
            with tarfile.open(fileobj=spool, mode="r:*") as archive:
                await _unpack(call, archive, extracts=modes == ["x"])
        except (tarfile.TarError, EOFError, gzip_format.BadGzipFile) as error:
            call.complain(f"{str(error) or 'short read'}")
            return 1
    return None


async def _take_in(call: Call, spool: IO[bytes]) -> None:
    source = call.open(call.value("f", "-"))
    size = 0
    try:
        while part := await source.read(PART_BYTES):
            size += len(part)
            if size > ARCHIVE_BYTES_MAX:
                raise UsageError("the archive is too large")
            spool.write(part)
    finally:
        close(source)
    spool.seek(0)


async def _pack(call: Call, spool: IO[bytes]) -> None:
    if not call.operands:
        raise UsageError("empty archive")
    base = call.value("C", ".")
    with tarfile.open(fileobj=spool, mode="w:gz" if call.has("z") else "w") as archive:
        for operand in call.operands:
            path = operand if operand.startswith("/") else f"{base.rstrip('/')}/{operand}"
            if not call.place(path).exists():
                call.complain(f"{operand}: No such file or directory")
                continue
            for place, name in _below(call, path, operand):
                _add(archive, place, name.lstrip("/"))
                if call.has("v"):
                    call.context.stderr.print(name)
                await call.context.clock.transport.sleep(0)
    spool.seek(0)
    target = call.value("f", "-")
    output = call.context.stdout if target == "-" else call.create(target)
    try:
        while part := spool.read(PART_BYTES):
            output.write(part)
            await output.drain()
    finally:
        close(output)


def _below(call: Call, path: str, name: str) -> Iterator[tuple[Path, str]]:
    """A file, or a directory and all in it, by the ways that the container sees."""
    place = call.place(path)
    yield place, name
    if place.is_dir() and not place.is_symlink():
        for entry in sorted(place.iterdir()):
            inner = f"{path.rstrip('/')}/{entry.name}"
            if entry.is_symlink():
                yield entry, f"{name.rstrip('/')}/{entry.name}"
            else:
                yield from _below(call, inner, f"{name.rstrip('/')}/{entry.name}")


def _add(archive: tarfile.TarFile, place: Path, name: str) -> None:
    info = archive.gettarinfo(place, name)
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    if info.isreg():
        with place.open("rb") as file:
            archive.addfile(info, file)
    else:
        archive.addfile(info)


async def _unpack(call: Call, archive: tarfile.TarFile, *, extracts: bool) -> None:
    base = call.value("C", ".")
    for member in archive:
        if call.operands and not any(member.name == one or member.name.startswith(f"{one}/") for one in call.operands):
            continue
        if not extracts:
            await call.write(f"{member.name}{'/' if member.isdir() else ''}\n")
            continue
        if call.has("v"):
            call.context.stderr.print(member.name)
        _extract(call, archive, member, f"{base.rstrip('/')}/{member.name}")
        await call.context.clock.transport.sleep(0)


def _extract(call: Call, archive: tarfile.TarFile, member: tarfile.TarInfo, path: str) -> None:
    parts = [part for part in path.split("/") if part]
    for count in range(1, len(parts) + member.isdir()):
        directory = ("/" if path.startswith("/") else "") + "/".join(parts[:count])
        if not call.place(directory).is_dir():
            call.writable(directory).mkdir()
    if member.isdir():
        return
    place = call.writable(path)
    if place.is_dir() and not place.is_symlink():
        raise refused(21, path)
    if place.is_symlink() or place.exists():
        place.unlink()
    if member.issym():
        place.symlink_to(member.linkname)
    elif member.isreg():
        source = archive.extractfile(member)
        assert source is not None
        with source, place.open("wb") as target:
            while part := source.read(PART_BYTES):
                target.write(part)
        place.chmod(member.mode | 0o600)
    else:
        call.complain(f"{member.name}: unsupported kind of file")


async def tar_with_any_first_word(context: PodContext) -> int | None:
    """The same, whose first word needs no dash: `tar xf -`."""
    name, *words = context.argv
    if words and not words[0].startswith("-"):
        words[0] = f"-{words[0]}"
    return await tar(replace(context, argv=[name, *words]))


@applet("dw:i", long={"decode": "d", "wrap": "w"})
async def base64(call: Call) -> int | None:
    """base64 [-d] [-w COLUMNS] [FILE]"""
    async for _, source in call.inputs():
        data = await source.read(-1)
        if call.has("d"):
            try:
                await call.write(base64_encoding.b64decode(b"".join(data.split()), validate=True))
            except binascii.Error:
                call.complain("truncated input")
                return 1
            continue
        width = call.number("w", BASE64_COLUMNS)
        encoded = base64_encoding.b64encode(data)
        lines = [encoded[at : at + width] for at in range(0, len(encoded), width)] if width else [encoded]
        await call.write(b"\n".join(lines) + (b"\n" if width and encoded else b""))
    return None


def _summing(name: str) -> Program:
    @applet("csbtw", long={"check": "c", "status": "s"})
    async def sum_(call: Call) -> None:
        if call.has("c"):
            await _check(call, name)
            return
        async for path, source in call.inputs():
            await call.write(f"{await _sum(name, source)}  {path}\n")

    return sum_


async def _sum(name: str, source: Input) -> str:
    digest = hashlib.new(name)
    while part := await source.read(PART_BYTES):
        digest.update(part)
    return digest.hexdigest()


async def _check(call: Call, name: str) -> None:
    failed = 0
    async for line in call.lines():
        wanted, _, path = line.decode(errors="replace").partition("  ")
        source = call.open(path)
        same = await _sum(name, source) == wanted
        close(source)
        failed += not same
        if not call.has("s"):
            await call.write(f"{path}: {'OK' if same else 'FAILED'}\n")
    if failed:
        call.complain(f"WARNING: {failed} of the computed checksums did NOT match")


@applet("dckf123456789", long={"decompress": "d", "stdout": "c"})
async def gzip(call: Call) -> None:
    """gzip [-dck] [FILE]…, gunzip, zcat"""
    unpacks = call.has("d") or call.name in ("gunzip", "zcat")
    work: Callable[[bytes], bytes] = gzip_format.decompress if unpacks else gzip_format.compress
    for path in call.operands or ["-"]:
        source = call.open(path)
        try:
            data = work(await source.read(-1))
        except (gzip_format.BadGzipFile, EOFError):
            call.complain("invalid magic")
            continue
        finally:
            close(source)
        if path == "-" or call.has("c") or call.name == "zcat":
            await call.write(data)
            continue
        if unpacks and not path.endswith(".gz"):
            call.complain(f"{path}: unknown suffix - ignored")
            continue
        target = call.create(path.removesuffix(".gz") if unpacks else f"{path}.gz")
        target.write(data)
        close(target)
        if not call.has("k"):
            call.writable(path).unlink()


ARCHIVE: dict[str, Program] = {
    "base64": base64,
    "gunzip": gzip,
    "gzip": gzip,
    "md5sum": _summing("md5"),
    "sha1sum": _summing("sha1"),
    "sha256sum": _summing("sha256"),
    "sha512sum": _summing("sha512"),
    "tar": tar_with_any_first_word,
    "zcat": gzip,
}
