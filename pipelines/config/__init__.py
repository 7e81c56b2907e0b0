"""The configuration of one data set as frozen models; pipelines/loading.py reads the file."""

from __future__ import annotations

from pipelines.config.candidates import Candidate, Compute, Selection
from pipelines.config.columns import Boolean, Category, Column, Date, Integer, Number
from pipelines.config.release import Promotion, Registry, Schedule
from pipelines.config.search import Search
from pipelines.config.source import Address, Source
from pipelines.config.split import ColumnSplit, GroupSplit, HashSplit, Split, TimeSplit
from pipelines.config.trust import Drift, Leaks
from pipelines.config.whole import Config, contract

__all__ = [
    "Address",
    "Boolean",
    "Candidate",
    "Category",
    "Column",
    "ColumnSplit",
    "Compute",
    "Config",
    "Date",
    "Drift",
    "GroupSplit",
    "HashSplit",
    "Integer",
    "Leaks",
    "Number",
    "Promotion",
    "Registry",
    "Schedule",
    "Search",
    "Selection",
    "Source",
    "Split",
    "TimeSplit",
    "contract",
]
