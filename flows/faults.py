"""Named points at which a test can make a run fail, as a crash or a full disk would.

`LOGITLINE_FAULT=after_register:kill` kills the process when it reaches `after_register`;
unset, a point costs one look-up.
"""

from __future__ import annotations

import os
import signal

__all__ = ["failpoint"]


def failpoint(name: str) -> None:
    """Kill this process if LOGITLINE_FAULT asks for it here."""
    if os.environ.get("LOGITLINE_FAULT") == f"{name}:kill":
        os.kill(os.getpid(), signal.SIGKILL)
