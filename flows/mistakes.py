"""Which exceptions are a person's to mend, and which exit status they end in."""

from __future__ import annotations

import errno

__all__ = ["UsageError", "status"]

# A mistake in what the user gave: 2. Something that ran and cannot go on, said in a
# sentence: 1. By name, so that no library is imported only to be told apart.
STATUS = {
    "pipelines.loading.ConfigError": 2,
    "pipelines.records.rows.DataError": 2,
    "pipelines.inference.serving.ModelError": 2,
    "pipelines.inference.binding.InputError": 2,
    "pipelines.adapters.tracking.client.WorkspaceError": 2,
    "pipelines.adapters.tracking.registry.NoVersionError": 2,
    "pipelines.drift.profile.ProfileError": 2,
    "flows.mistakes.UsageError": 2,
    "flows.servers.UnreachableError": 2,
    "flows.servers.ServerError": 1,
    "pipelines.steps.train.TrainingError": 1,
    "pipelines.inference.parity.comparison.ParityError": 1,
    "pipelines.inference.runtimes.runtime.NoAnswerError": 1,
    "pipelines.inference.graph.ConversionError": 1,
}
ENVIRONMENT = (errno.ENOENT, errno.EACCES, errno.EROFS, errno.ENOSPC, errno.EMFILE, errno.ENOTDIR)


class UsageError(ValueError):
    """The command cannot do this with what it was given."""


def status(error: BaseException) -> int | None:
    """The exit status of an error that has its sentence, or None for a bug of ours."""
    for kind in type(error).__mro__:
        known = STATUS.get(f"{kind.__module__}.{kind.__qualname__}")
        if known is not None:
            return known
    if isinstance(error, OSError) and error.errno in ENVIRONMENT:
        return 1 if error.errno in (errno.ENOSPC, errno.EMFILE) else 2
    return None
