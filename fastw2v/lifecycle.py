"""What happened to a model or to vectors, in a list that gensim calls `lifecycle_events`."""

from __future__ import annotations

import logging
import platform
import sys
from datetime import datetime
from typing import Any, Literal

from fastw2v._version import __version__

logger = logging.getLogger(__name__)


class Lifecycle:
    """Gives a class `lifecycle_events`, a list of dicts, once there is an event; None turns this off."""

    lifecycle_events: list[dict[str, Any]] | None

    def add_lifecycle_event(
        self, event_name: str, log_level: int | Literal[False] = logging.INFO, **event: Any
    ) -> None:
        """Remember (and log) what happened to this object; `lifecycle_events = None` turns this off."""
        event |= {
            "datetime": datetime.now().isoformat(),
            "fastw2v": __version__,
            "python": sys.version,
            "platform": platform.platform(),
            "event": event_name,
        }
        if not hasattr(self, "lifecycle_events"):
            self.lifecycle_events = []
        if self.lifecycle_events is not None:
            self.lifecycle_events.append(event)
        if log_level:
            logger.log(log_level, "%s lifecycle event %s", type(self).__name__, event)
