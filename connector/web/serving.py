"""What the server in front of the pages needs: its own lines go where, and as, all others go."""

from __future__ import annotations

import os
from typing import Any

from gunicorn.glogging import Logger as GunicornLogger

from connector.settings import load
from connector.telemetry import logs


class Logger(GunicornLogger):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's logger without handlers of its own. Access is logged by the pages, by route (``web/metrics.py``)."""

    def setup(self, cfg: Any) -> None:
        """Configure this process's logs; called in the master and, after a reload, again."""
        super().setup(cfg)
        settings = load(os.environ)
        logs.configure(settings.log_level, settings.log_format)
        for logger in (self.error_log, self.access_log):
            logger.handlers.clear()
            logger.propagate = True
