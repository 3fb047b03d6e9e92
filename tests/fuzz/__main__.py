"""Send very many requests, each by its own number: resumable, split in processes.

Whoever stops it goes on with ``--first``; one that fails is repeated alone with ``--only``.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from concurrent.futures import ProcessPoolExecutor

from tests.fuzz.chunks import CHUNK, chunk, quiet


def main() -> int:
    """Return 1 where any request broke something."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000, help="how many to send")
    parser.add_argument("--first", type=int, default=0, help="the first of them, a multiple of 2,000")
    parser.add_argument("--only", type=int, help="repeat the chunk of this one, as far as it")
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count(), help="processes side by side")
    options = parser.parse_args()
    quiet()
    if options.only is not None:
        start = options.only // CHUNK * CHUNK
        return _told(chunk(range(start, options.only + 1)))
    first = options.first // CHUNK * CHUNK
    starts = range(first, first + options.cases, CHUNK)
    begun, failed = time.monotonic(), 0
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.jobs, mp_context=spawn, initializer=quiet) as pool:
        work = [range(start, min(start + CHUNK, first + options.cases)) for start in starts]
        for done, broken in enumerate(pool.map(chunk, work), 1):
            failed += _told(broken)
            sent = work[done - 1].stop - first
            pace = sent / (time.monotonic() - begun)
            print(f"{sent:,} of {options.cases:,} requests, {failed} chunks failed, {pace:.0f} a second", flush=True)
    return int(failed > 0)


def _told(broken: str | None) -> int:
    if broken:
        print(broken, flush=True)
    return int(broken is not None)


if __name__ == "__main__":
    sys.exit(main())
