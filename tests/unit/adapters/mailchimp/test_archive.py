"""The results of batch jobs, as hostile as an archive can be."""

from __future__ import annotations

import gzip
import io
import json
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.mailchimp import archive
from connector.adapters.mailchimp.archive import BrokenArchiveError, Result, results


def entry(key: str, status: int = 200, response: object = None) -> dict[str, object]:
    """Return one operation's answer."""
    return {"status_code": status, "operation_id": key, "response": json.dumps(response or {"id": key})}


def packed(*files: bytes, links: bool = False) -> bytes:
    """Return a gzip'ed tar of ``files``, a folder before them and, if asked for, links that lead out of it."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        folder = tarfile.TarInfo("./")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        if links:
            link = tarfile.TarInfo("../../etc/passwd")
            link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(link)
        for number, content in enumerate(files):
            info = tarfile.TarInfo(f"../{number}.json")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return gzip.compress(stream.getvalue())


FILES = [json.dumps([entry(f"{file}-{n}") for n in range(20)]).encode() for file in range(3)]


def test_all_files_are_read_in_whatever_order() -> None:
    """Folders, links and empty files are passed over; nothing is written anywhere."""
    found = list(results(io.BytesIO(packed(FILES[0], b"", *FILES[1:], links=True))))
    assert [result.operation_id for result in found] == [f"{file}-{n}" for file in range(3) for n in range(20)]
    assert found[0] == Result("0-0", 200, {"id": "0-0"})


@given(st.floats(0, 0.999))
def test_an_archive_that_ends_early_is_noticed(share: float) -> None:
    """What came before is good; that it is not all is said."""
    whole = packed(*FILES)
    found = []
    with pytest.raises(BrokenArchiveError):
        found.extend(_collect(whole[: int(len(whole) * share)], found))
    assert all(result.status == 200 for result in found)


def _collect(content: bytes, found: list[Result]) -> list[Result]:
    for result in results(io.BytesIO(content)):
        found.append(result)
    return []


@given(st.binary(max_size=300))
def test_no_archive_at_all_is_noticed(content: bytes) -> None:
    """An error page of the storage, for one."""
    with pytest.raises(BrokenArchiveError):
        list(results(io.BytesIO(content)))


def test_an_archive_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the sizes that it tells, before it is unpacked."""
    monkeypatch.setattr(archive, "LARGEST_FILE", 1000)
    with pytest.raises(BrokenArchiveError, match="too large"):
        list(results(io.BytesIO(packed(b" " * 1001))))
    monkeypatch.setattr(archive, "LARGEST_ARCHIVE", 1500)
    with pytest.raises(BrokenArchiveError, match="too large"):
        list(results(io.BytesIO(packed(b" " * 900, b" " * 900))))


def test_odd_entries_do_not_hide_the_good_ones() -> None:
    """An answer that is no JSON has no body; what is no answer is passed over."""
    odd = [None, 7, {"status_code": "200"}, {"status_code": 500, "operation_id": "x", "response": "<html>"}, entry("y")]
    assert list(results(io.BytesIO(packed(json.dumps(odd).encode())))) == [
        Result("x", 500, {}),
        Result("y", 200, {"id": "y"}),
    ]
