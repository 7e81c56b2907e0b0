"""A Chromium that the tests of a module share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.report.chromium import Chromium, chromium, program


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    binary = program()
    if binary is None:
        pytest.skip("there is no Chromium or Chrome on the PATH")
    with chromium(binary, tmp_path_factory.mktemp("profile")) as running:
        yield running
