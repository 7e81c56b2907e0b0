"""The file system behind an fsspec address, and what its library complains of as a sentence."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fsspec.core import url_to_fs

from pipelines.adapters.sources.environment import expanded, one_line
from pipelines.records import DataError

__all__ = ["file_system", "reached", "scheme_of"]

# What to install for a scheme whose library is not there.
PACKAGES = {
    "s3": '"logitline[s3]"',
    "s3a": '"logitline[s3]"',
    "gs": '"logitline[gcs]"',
    "gcs": '"logitline[gcs]"',
    "az": "adlfs",
    "abfs": "adlfs",
    "abfss": "adlfs",
    "http": "aiohttp",
    "https": "aiohttp",
    "sftp": "paramiko",
    "ssh": "paramiko",
    "hf": "huggingface_hub",
}
# The schemes of an address, of which a chain (simplecache::s3://…) has several.
SCHEME = re.compile(r"(?:\A|(?<=::))[A-Za-z][\w+.-]*(?=://|::)")


def file_system(place: str) -> tuple[Any, str]:
    """The file system at an address, `${NAME}` put in, and the path in it.

    Raises
    ------
    DataError
        When it cannot be reached.
    """
    address = SCHEME.sub(lambda each: each[0].lower(), expanded(place, place))
    with reached(place):
        system, path = url_to_fs(address)
        system.invalidate_cache()  # an earlier listing may be kept
    return system, path


def scheme_of(place: str) -> str:
    """The scheme of an address, the last of a chain (simplecache::s3://…)."""
    return expanded(place, place).partition("://")[0].rpartition("::")[2].lower()


@contextmanager
def reached(place: str, what: str = "read") -> Iterator[None]:
    """What a file system's library raises, as a sentence without secrets: it cannot be `what`."""
    scheme = scheme_of(place)
    try:
        yield
    except ImportError as error:
        package = PACKAGES.get(scheme, getattr(error, "name", None) or f"fsspec's {scheme}")
        raise DataError(
            f"a library for {scheme}:// is not installed. Install it: pip install {package}",
            path=place,
        ) from None
    except FileNotFoundError:
        raise DataError(
            "there is no such file or folder, or its server does not answer. Check the address.",
            path=place,
        ) from None
    except Exception as error:  # each library has errors of its own
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EMFILE):
            raise
        raise DataError(
            f"cannot be {what} ({type(error).__name__}: {one_line(error, place)}). Check the "
            "address, the network, and the credentials in the environment.",
            path=place,
        ) from None
