"""The results of a batch job: a gzip'ed tar of JSON files, read as it streams in.

Nothing is unpacked to disk, and sizes are capped, so that neither a path nor a bomb in it does harm.
"""

from __future__ import annotations

import gzip
import json
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from connector.adapters.mailchimp.transport import parsed
from connector.adapters.mailchimp.values import Json

LARGEST_FILE = 64 * 2**20
LARGEST_ARCHIVE = 256 * 2**20
"""Bytes, unpacked. 500 answers with members of a megabyte each would not fit; real ones have a few kB."""

_CHUNK = 2**16


class BrokenArchiveError(Exception):
    """The archive ended too early, is none, or is too large; what came before it was read."""


@dataclass(frozen=True, slots=True)
class Result:
    """The answer to one operation of a batch job."""

    operation_id: str
    status: int
    body: Json


def results(stream: IO[bytes]) -> Iterator[Result]:
    """Yield the answers in an archive, in no order; raise ``BrokenArchiveError`` where it can't be read on."""
    left = LARGEST_ARCHIVE
    try:
        # tarfile's own gzip reading takes an archive that was cut off for one that ended.
        with gzip.GzipFile(fileobj=stream) as plain, tarfile.open(fileobj=plain, mode="r|") as tar:
            for entry in tar:
                if not entry.isfile():
                    continue
                left -= entry.size
                if entry.size > LARGEST_FILE or left < 0:
                    raise BrokenArchiveError("the archive is too large")
                file = tar.extractfile(entry)
                content = b"" if file is None else file.read()
                if len(content) < entry.size:
                    raise BrokenArchiveError("the archive ended too early")
                yield from _of_file(content)
            while rest := plain.read(_CHUNK):
                left -= len(rest)
                if left < 0:
                    raise BrokenArchiveError("the archive is too large")
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise BrokenArchiveError("the archive can't be read") from error


def _of_file(content: bytes) -> Iterator[Result]:
    if not content.strip():
        return
    try:
        entries: Any = json.loads(content)
    except (ValueError, RecursionError):
        raise BrokenArchiveError("a file of the archive is no JSON") from None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("status_code"), int):
            # The answer is JSON within JSON: a text.
            response = entry.get("response")
            body = parsed(response) if isinstance(response, str) else None
            yield Result(str(entry.get("operation_id")), entry["status_code"], body or {})
