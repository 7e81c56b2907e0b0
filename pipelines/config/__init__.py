"""The configuration of one data set as frozen models; pipelines/loading.py reads the file."""

from __future__ import annotations

from pipelines.config.candidates import Candidate, Compute, Selection
from pipelines.config.columns import Boolean, Category, Column, Date, Integer, Number
from pipelines.config.decision import Calibration, Threshold
from pipelines.config.evaluation import Evaluation, Slice
from pipelines.config.release import Promotion, Registry, Schedule
from pipelines.config.search import Search
from pipelines.config.source import Address, Source, is_database
from pipelines.config.split import ColumnSplit, GroupSplit, HashSplit, Split, TimeSplit
from pipelines.config.trust import Drift, Leaks
from pipelines.config.whole import Config, contract

__all__ = [
    "Address",
    "Boolean",
    "Calibration",
    "Candidate",
    "Category",
    "Column",
    "ColumnSplit",
    "Compute",
    "Config",
    "Date",
    "Drift",
    "Evaluation",
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
    "Slice",
    "Source",
    "Split",
    "Threshold",
    "TimeSplit",
    "contract",
    "is_database",
]
