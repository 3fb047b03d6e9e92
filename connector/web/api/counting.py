"""Where budgets are counted in Redis: one question for what flask-limiter asks in two."""

from __future__ import annotations

import threading

from limits.storage import RedisStorage
from redis.exceptions import NoScriptError, RedisError

SCHEME = "one-trip+"
"""Before the address of a Redis server, it names this way of counting to the library."""
_Window = tuple[int, float, int, float]


class OneTripStorage(RedisStorage):
    """The library's own scripts, sent together.

    A request is counted before it is answered, and what is left is told in the answer's headers. Both are known when
    it is counted, so the second look is spared: each waits for another process.
    """

    STORAGE_SCHEME = [f"{SCHEME}{scheme}" for scheme in ("redis", "rediss", "redis+unix")]  # noqa: RUF012 # as there

    def __init__(self, uri: str, **options: float | str | bool) -> None:
        """Connect to the server behind the scheme."""
        self._seen = threading.local()
        super().__init__(uri.removeprefix(SCHEME), **options)  # type: ignore[arg-type]  # options are the client's

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count, and remember in this thread how the window stands then."""
        names = [self.prefixed_key(name) for name in (self._previous_window_key(key), self._current_window_key(key))]
        with self.storage.pipeline(transaction=False) as both:
            both.evalsha(self.lua_acquire_sliding_window.sha, 2, *names, limit, expiry, amount)
            both.evalsha(self.lua_sliding_window.sha, 2, *names, expiry)
            acquired, window = both.execute(raise_on_error=False)
        for answer in (acquired, window):
            if isinstance(answer, RedisError) and not isinstance(answer, NoScriptError):
                raise answer
        if isinstance(acquired, NoScriptError):
            # The server is a new one. Asked one by one, the library brings its scripts.
            return super().acquire_sliding_window_entry(key, limit, expiry, amount)
        if not isinstance(window, NoScriptError):
            before, before_ends, now, now_ends = window
            self._seen.window = key, (int(before or 0), _seconds(before_ends), int(now or 0), _seconds(now_ends))
        return bool(acquired)

    def get_sliding_window(self, key: str, expiry: int) -> _Window:
        """Tell how the window stood when this thread counted just now, else ask."""
        seen: tuple[str, _Window] | None = self._seen.__dict__.pop("window", None)
        return seen[1] if seen and seen[0] == key else super().get_sliding_window(key, expiry)


def _seconds(milliseconds: int) -> float:
    """Return the time left; it is negative for what is not there."""
    return max(0, milliseconds) / 1000
