from __future__ import annotations

from collections.abc import Iterator

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small tables are fitted faster alone than by threads that wait for each other."""
    with threadpool_limits(1):
        yield
