"""A file at an fsspec address (s3://, gs://, memory://, …), uploaded once it is whole.

An object store shows what is put there when the last byte has come, or never. Elsewhere the file
goes beside its place under a hidden name, and takes its own in one step.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path, PurePosixPath

import pyarrow as pa

from pipelines.adapters.sources.filesystems import file_system, reached, scheme_of
from pipelines.adapters.tables.writers import CSV, PARQUET
from pipelines.config import Address
from pipelines.records import DataError

__all__ = ["RemoteFile", "open_delivery"]

# Where a file that is put is there as a whole or not at all.
OBJECT_STORES = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss", "oci", "memory")
# Where nothing can be put, or only what nobody can be sure to find again.
READ_ONLY = ("http", "https", "data", "github", "git", "zip", "tar")


class RemoteFile:
    """The file at an address."""

    def __init__(self, address: Address) -> None:
        self.place = address.path or ""
        self.suffix = PurePosixPath(self.place.partition("?")[0]).suffix.lower()
        if self.suffix not in CSV | PARQUET:
            raise DataError(
                "is no name for a table. At an address it is one file: end it in .csv or .parquet.",
                path=self.place,
            )

    def require(self) -> None:
        """Refuse an address that takes no file."""
        scheme = scheme_of(self.place)
        if scheme in READ_ONLY or "::" in self.place:
            raise DataError(
                f"no file can be put to {scheme}://. Write to a file here, or to an object store.",
                path=self.place,
            )
        system, path = file_system(self.place)
        with reached(self.place, "looked at"):
            is_folder = system.isdir(path)
        if is_folder or path.endswith("/"):
            raise DataError("is a folder. Name a file in it.", path=self.place)

    def require_columns(self, schema: pa.Schema) -> None:
        """Nothing: a file takes any columns."""

    def deliver(self, path: Path) -> None:
        """Upload the file."""
        system, place = file_system(self.place)
        whole = PurePosixPath(place)
        beside = str(whole.with_name(f".{whole.name}.{secrets.token_hex(4)}.part"))
        with reached(self.place, "written"):
            if scheme_of(self.place) in OBJECT_STORES:
                system.put_file(str(path), place)
                return
            try:
                system.makedirs(str(whole.parent), exist_ok=True)
                system.put_file(str(path), beside)
                system.mv(beside, place)
            except BaseException:
                with suppress(Exception):
                    system.rm_file(beside)
                raise


def open_delivery(address: Address) -> RemoteFile:
    """The file at the address."""
    return RemoteFile(address)
