"""The table that a Python function of the user's returns."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa

from pipelines.adapters.sources.environment import one_line, zones_counted
from pipelines.adapters.sources.origin import Answer
from pipelines.adapters.tables import Raw
from pipelines.config import Address
from pipelines.records import DataError

__all__ = ["Function", "open_source"]


class Function(Answer):
    """`module:function`, its module found beside the config or among the installed ones."""

    kind = "function"

    def __init__(self, address: Address, base: Path) -> None:
        place = address.callable or ""
        super().__init__(place, place.partition(":")[2])
        self._base = base
        self._parameters = dict(address.parameters)

    def names(self) -> None:
        """Not known before it has run: only that it is there and takes the parameters."""
        function = self._function()
        try:
            signature = inspect.signature(function)
        except (ValueError, TypeError):  # a builtin that tells nothing of itself
            return
        try:
            signature.bind(**self._parameters)
        except TypeError as error:
            raise DataError(
                f"does not take source.parameters as they are: {error}. Its parameters are "
                f"{signature}.",
                path=self.place,
            ) from None

    def ask(self) -> pa.Table:
        """What it returns now; what it prints goes to stderr."""
        function = self._function()
        with self._blamed("raised"), contextlib.redirect_stdout(sys.stderr):
            value = function(**self._parameters)
        convert = next((convert for is_it, convert in TABLES if is_it(value)), None)
        if convert is None:
            kind = type(value)
            raise DataError(
                f"returned {kind.__module__}.{kind.__qualname__}. Return a pandas DataFrame, a "
                "pyarrow Table or RecordBatchReader, a dict of arrays, or a frame that Arrow "
                "can read, as polars' are.",
                path=self.place,
            )
        with zones_counted():
            table = convert(value)
        table.validate(full=True)  # what another library gave may point anywhere
        return table

    def _asked(self) -> Raw:
        try:
            return super()._asked()
        except (DataError, MemoryError):
            raise
        except Exception as error:  # an object of any library may raise anything when it is read
            raise DataError(
                f"returned a table that Arrow cannot hold ({one_line(error, '')}). Give each "
                "column a name of its own and values of one type.",
                path=self.place,
            ) from None

    def _function(self) -> Callable[..., Any]:
        module_name, _, name = self.place.partition(":")
        module = self._module(module_name)
        function = getattr(module, name, None)
        if not callable(function):
            known = [each for each, value in vars(module).items() if inspect.isfunction(value)]
            raise DataError(
                f"the module {module_name!r} has no function {name!r}. It has "
                f"{', '.join(map(repr, known)) or 'none'}.",
                path=self.place,
            )
        found: Callable[..., Any] = function
        return found

    def _module(self, name: str) -> ModuleType:
        """The module, looked for in the config's folder first."""
        top = name.partition(".")[0]
        importlib.invalidate_caches()
        here, loaded = PathFinder.find_spec(top, [str(self._base)]), sys.modules.get(top)
        if here and loaded and _file(here) != _file(loaded.__spec__):
            raise DataError(
                f"another module of the name {top!r} is in use already, from "
                f"{_file(loaded.__spec__)}. Rename yours.",
                path=self.place,
            )
        try:
            with self._blamed("cannot be imported: it raised"), self._first_on_the_path():
                return importlib.import_module(name)
        except ModuleNotFoundError as error:
            wanted = error.name or name
            if f"{name}.".startswith(f"{wanted}."):
                what = f"there is no module {wanted!r} in {self._base} or among the installed ones"
                remedy = "Check the name; source.callable is looked for in the config's folder."
            else:
                what, remedy = f"its module imports {wanted!r}, which is not there", "Install it."
            raise DataError(f"{what}. {remedy}", path=self.place) from None

    @contextlib.contextmanager
    def _first_on_the_path(self) -> Iterator[None]:
        """Imports look in the config's folder first, and write no bytecode there."""
        folder, writes = str(self._base.resolve()), sys.dont_write_bytecode
        sys.path.insert(0, folder)
        sys.dont_write_bytecode = True
        try:
            yield
        finally:
            sys.path.remove(folder)
            sys.dont_write_bytecode = writes

    @contextlib.contextmanager
    def _blamed(self, what: str) -> Iterator[None]:
        """An error of the user's code as its last line and where in that code it came up."""
        try:
            yield
        except ModuleNotFoundError as error:
            if what == "raised":
                raise self._blame(what, error) from None
            raise
        except (Exception, SystemExit) as error:
            raise self._blame(what, error) from None

    def _blame(self, what: str, error: BaseException) -> DataError:
        frames = traceback.extract_tb(error.__traceback__)
        own = [f for f in frames if Path(f.filename).is_relative_to(self._base.resolve())]
        last = (own or frames)[-1]
        kind, said = type(error).__name__, one_line(error, "")
        said = "" if said == kind else f": {said}"
        return DataError(
            f"{what} {kind}{said} ({last.filename}, line {last.lineno}). Mend the function.",
            path=self.place,
        )


def open_source(address: Address, base: Path) -> Function:
    """The function that the address names, beside the folder `base`."""
    return Function(address, base)


def _file(spec: ModuleSpec | None) -> object:
    if spec is None:
        return None
    return spec.origin or tuple(spec.submodule_search_locations or ())


def _is_pandas(value: object) -> bool:
    pandas = sys.modules.get("pandas")  # no frame of pandas comes from elsewhere
    return pandas is not None and isinstance(value, pandas.DataFrame)


def _from_mapping(value: Mapping[Any, Any]) -> pa.Table:
    strange = [name for name in value if not isinstance(name, str)]
    if strange:
        raise TypeError(f"the name {strange[0]!r} is no text")
    return pa.table(dict(value))


# Whether a value is of the kind, and how it becomes a table; the first that fits.
TABLES: tuple[tuple[Callable[[Any], bool], Callable[[Any], pa.Table]], ...] = (
    (_is_pandas, pa.Table.from_pandas),
    (lambda value: isinstance(value, Mapping), _from_mapping),
    (lambda value: isinstance(value, pa.RecordBatch), lambda each: pa.Table.from_batches([each])),
    (
        lambda value: hasattr(value, "__arrow_c_stream__"),
        lambda value: pa.RecordBatchReader.from_stream(value).read_all(),
    ),
)
