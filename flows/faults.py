"""Named points at which a test can make a run fail, as a crash or a full disk would.

`LOGITLINE_FAULT=after_register:kill` kills the process when it reaches `after_register`, and
`:stop` halts it there until it gets SIGCONT; unset, a point costs one look-up.
"""

from __future__ import annotations

import os
import signal

__all__ = ["failpoint"]

SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


def failpoint(name: str) -> None:
    """Kill or halt this process if LOGITLINE_FAULT asks for it here."""
    point, _, action = os.environ.get("LOGITLINE_FAULT", "").partition(":")
    if point == name and action in SIGNALS:
        os.kill(os.getpid(), SIGNALS[action])
