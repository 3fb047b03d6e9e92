"""The word that this worker is being stopped, for its main process and every process that it forked.

One byte of shared memory: it is set inside a signal handler, where a lock could wait for its own thread.
"""

from __future__ import annotations

import mmap

_word = mmap.mmap(-1, 1)
_SAID = 1


def stop() -> None:
    """Say it; nobody takes it back."""
    _word[0] = _SAID


def stopping() -> bool:
    """Whether it was said."""
    return _word[0] == _SAID
