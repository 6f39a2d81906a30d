"""What happened to a model or to vectors, remembered in a list that gensim calls `lifecycle_events`."""

from __future__ import annotations

import logging
import platform
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from fastw2v._version import __version__

logger = logging.getLogger(__name__)


if TYPE_CHECKING:  # to type checkers only classmethod itself makes class methods
    class_only = classmethod
else:

    class class_only(classmethod):
        """A classmethod that an instance does not have: `model.load(path)` would leave `model` as it was."""

        def __set_name__(self, owner: type, name: str) -> None:
            self._name = name

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            if instance is not None:
                kind, name = type(instance).__name__, self._name
                raise AttributeError(
                    f"{name} makes a new {kind} and leaves this one as it is, so it is called on the class: "
                    f"new = {kind}.{name}(...)"
                )
            return super().__get__(None, owner)


class Lifecycle:
    """A base class whose objects remember what happened to them.

    Attributes:
        lifecycle_events (list of dict, or None): one dict per event; None remembers nothing.
    """

    lifecycle_events: list[dict[str, Any]] | None

    def add_lifecycle_event(
        self, event_name: str, log_level: int | Literal[False] = logging.INFO, **event: Any
    ) -> None:
        """Remember and log that something happened to this object; `lifecycle_events = None` only logs.

        Args:
            event_name (str): what happened.
            log_level (int or False): level of the log line; False logs nothing.
            **event: details to remember. Time, versions and platform are added.
        """
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
