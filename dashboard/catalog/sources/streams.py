"""Import files as bytes and as text: unpacked within limits, and decoded by what they hold."""

import codecs
import gzip
import io
import zipfile
import zlib
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, TextIO

from dashboard.catalog.sources.limits import MEGABYTE, ReadLimits, SourceError

_CHUNK = 256 * 1024
_UNDEFINED_IN_CP1252 = bytes((0x81, 0x8D, 0x8F, 0x90, 0x9D))
# Bytes of a zip file's directory: far beyond the one entry that is accepted, far below what could hurt.
_MAX_DIRECTORY = MEGABYTE
_BROKEN = (EOFError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)
_DAMAGED = "The archive is damaged, encrypted or packed in an unknown way."
_MAGIC = {
    b"\x1f\x8b": "is packed twice; pack it once",
    b"PK\x03\x04": "is packed twice; pack it once",
    b"\xd0\xcf\x11\xe0": "is an Excel workbook; save it as CSV",
    b"%PDF": "is a PDF; export the table as CSV",
}


@dataclass(frozen=True, slots=True)
class TextFacts:
    """What one reading of the bytes tells: encoding and why, unpacked size in bytes, packing ("", "gzip",
    "zip").
    """

    encoding: str
    size: int
    packing: str
    note: str


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class _Bounded(io.RawIOBase):
    """A stream that refuses to give more than the limits allow, and says so in one kind of error."""

    def __init__(self, inner: _Readable, packed_size: int | None, limits: ReadLimits) -> None:
        super().__init__()
        self._inner = inner
        self._packed_size = packed_size
        self._limits = limits
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview, /) -> int:  # pyright: ignore[reportIncompatibleMethodOverride]
        try:
            data = self._inner.read(len(buffer))
        except _BROKEN as error:
            raise SourceError(_DAMAGED) from error
        self._given += len(data)
        self._check()
        buffer[: len(data)] = data
        return len(data)

    def _check(self) -> None:
        limits = self._limits
        if self._given > limits.max_bytes:
            raise SourceError(f"The file holds more than {_megabytes(limits.max_bytes)} MB; split it.")
        allowed = max(limits.ratio_from_bytes, (self._packed_size or 0) * limits.max_ratio)
        if self._packed_size is not None and self._given > allowed:
            raise SourceError(
                f"The archive unpacks to more than {limits.max_ratio} times its size and is not read further."
            )


@contextmanager
def open_bytes(path: Path, limits: ReadLimits) -> Generator[tuple[IO[bytes], str]]:
    """The file's bytes, unpacked from .gz or a .zip of one file, and how it was packed.

    Raises SourceError, also while reading, for what is too large, unpacks too far, is damaged or not one
    file.
    """
    size = path.stat().st_size
    if size > limits.max_bytes:
        raise SourceError(f"The file is larger than {_megabytes(limits.max_bytes)} MB; split it.")
    with path.open("rb") as stored:
        magic = stored.read(4)
        stored.seek(0)
        if magic.startswith(b"\x1f\x8b"):
            with gzip.GzipFile(fileobj=stored) as unpacked:
                yield io.BufferedReader(_Bounded(unpacked, size, limits), _CHUNK), "gzip"
        elif magic in (b"PK\x03\x04", b"PK\x05\x06"):
            with _open_zip(stored, limits) as (member, packed_size):
                yield io.BufferedReader(_Bounded(member, packed_size, limits), _CHUNK), "zip"
        else:
            yield io.BufferedReader(_Bounded(stored, None, limits), _CHUNK), ""


@contextmanager
def open_text(path: Path, encoding: str, limits: ReadLimits) -> Generator[TextIO]:
    """The file as text in `encoding`, line ends as they are."""
    with (
        open_bytes(path, limits) as (data, _),
        io.TextIOWrapper(data, encoding=encoding, newline="") as text,
    ):
        yield text


def inspect_text(path: Path, limits: ReadLimits) -> TextFacts:
    """Read all bytes once: that they are text, within limits, and in which encoding. Raises SourceError."""
    with open_bytes(path, limits) as (data, packing):
        first = data.read(_CHUNK)
        if not first.strip():
            raise SourceError("The file is empty.")
        for magic, reason in _MAGIC.items():
            if first.startswith(magic):
                raise SourceError(f"The file {reason}.")
        if first.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
            raise SourceError("The file is in UTF-32, which is not read; save it as UTF-8.")
        if first.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return TextFacts("utf-16", _check_utf16(first, data), packing, "UTF-16, as its first bytes say")
        encoding, size, note = _scan(first, data)
        return TextFacts(encoding, size, packing, note)


def _check_utf16(first: bytes, data: IO[bytes]) -> int:
    decoder = codecs.getincrementaldecoder("utf-16")()
    size = 0
    chunk = first
    try:
        while chunk:
            size += len(chunk)
            if "\0" in decoder.decode(chunk):
                raise SourceError("The file contains NUL characters, so it is not a text file.")
            chunk = data.read(_CHUNK)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise SourceError("The file says it is UTF-16 but is not; save it as UTF-8.") from error
    return size


def _scan(first: bytes, data: IO[bytes]) -> tuple[str, int, str]:
    """Encoding, size and note of text that has no UTF-16 mark: UTF-8 if every byte fits, else Windows or
    Latin-1.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, is_windows = True, True
    size = 0
    chunk = first
    while chunk:
        if b"\0" in chunk:
            raise SourceError(
                f"The file contains NUL bytes (the first is byte {size + chunk.index(0) + 1:,}): it is not "
                "text, or UTF-16 without its mark; save it as UTF-8."
            )
        size += len(chunk)
        is_utf8 = is_utf8 and _decodes(decoder, chunk)
        is_windows = is_windows and chunk.translate(None, _UNDEFINED_IN_CP1252) == chunk
        chunk = data.read(_CHUNK)
    if is_utf8 and _decodes(decoder, b"", final=True):
        if first.startswith(codecs.BOM_UTF8):
            return "utf-8-sig", size, "UTF-8, as its first bytes say"
        return "utf-8", size, "UTF-8"
    if is_windows:
        return "cp1252", size, "not UTF-8, so read as Windows-1252 (western European)"
    return "latin-1", size, "neither UTF-8 nor Windows-1252, so read as Latin-1"


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


@contextmanager
def _open_zip(stored: IO[bytes], limits: ReadLimits) -> Generator[tuple[IO[bytes], int]]:
    _check_directory(stored)
    with ExitStack() as opened:
        try:
            archive = opened.enter_context(zipfile.ZipFile(stored))
            member = _only_member(archive)
            unpacked = opened.enter_context(archive.open(member))
        except _BROKEN as error:
            raise SourceError(_DAMAGED) from error
        if member.file_size > limits.max_bytes:
            raise SourceError(f"The file holds more than {_megabytes(limits.max_bytes)} MB; split it.")
        yield unpacked, member.compress_size


def _check_directory(stored: IO[bytes]) -> None:
    """Refuse an archive of very many entries before its directory is loaded."""
    stored.seek(0, io.SEEK_END)
    stored.seek(max(0, stored.tell() - 65_557))
    tail = stored.read()
    end = tail.rfind(b"PK\x05\x06")
    if end >= 0 and int.from_bytes(tail[end + 12 : end + 16], "little") > _MAX_DIRECTORY:
        raise SourceError("The archive holds too many files; pack only the one to import.")
    stored.seek(0)


def _only_member(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    names = set(archive.namelist())
    if "[Content_Types].xml" in names:
        raise SourceError("The file is an Excel workbook or other office document; save it as CSV.")
    members = [
        member
        for member in archive.infolist()
        if not member.is_dir()
        and not member.filename.startswith("__MACOSX/")
        and not member.filename.endswith(".DS_Store")
    ]
    if len(members) != 1:
        raise SourceError(f"The archive holds {len(members)} files; pack only the one to import.")
    if members[0].flag_bits & 1:
        raise SourceError("The archive is encrypted; pack it without a password.")
    return members[0]


def _megabytes(size: int) -> str:
    return f"{size / MEGABYTE:,.0f}"
