"""Fault 33: a class that a part would lack is refused by name, or kept in every part."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from pipelines.config import Config
from pipelines.records import DataError
from pipelines.steps.ingest import ingest
from pipelines.steps.split import split
from tests.flows.workspaces import logitline, train_json, workspace

SPLITS = {
    "hash": "test = 0.3\nsalt = 0",
    "group": 'kind = "group"\ncolumn = "bed"\ntest = 0.3\nsalt = 0',
    "time": 'kind = "time"\ncolumn = "day"\ntest = 0.3',
}


def prepared(folder: Path, kind: str) -> Path:
    """A workspace whose class 'tulip' has four rows, early in time and in as many beds."""
    config = workspace(folder)
    path = config.with_name("flowers.csv")
    rows = pd.read_csv(path)
    rows = pd.concat([rows[rows["kind"] == "tulip"][:4], rows[rows["kind"] != "tulip"]])
    rows["bed"] = [f"bed {i // 2 if i > 3 else -i}" for i in range(len(rows))]
    rows["day"] = pd.date_range("2024-01-01", periods=len(rows)).strftime("%Y-%m-%d")
    rows.to_csv(path, index=False)
    text = config.read_text().replace("folds = 3", "folds = 2")
    text = text.replace(SPLITS["hash"], f'{SPLITS[kind]}\nabsent = "refuse"')
    for salt in range(100):
        config.write_text(text.replace("salt = 0", f"salt = {salt}"))
        if lacks(config, rows):
            return config
    raise AssertionError("no salt leaves the class out")


def lacks(config: Path, rows: pd.DataFrame) -> bool:
    settings = Config.model_validate(tomllib.loads(config.read_text()))
    text = rows.astype(object).where(rows.notna(), "").astype(str)
    try:
        split(ingest(pa.table(dict(text.items())), settings), settings.split)
    except DataError:
        return True
    return False


@pytest.mark.parametrize("kind", list(SPLITS))
def test_fault_33_a_class_that_a_part_would_lack_is_refused_or_kept(
    tmp_path: Path, prefect_api: str, kind: str
) -> None:
    config = prepared(tmp_path, kind)
    done = logitline("train", config, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert "class 'tulip' has no row in test" in done.stderr
    assert 'absent = "keep"' in done.stderr
    assert "Traceback" not in done.stderr
    config.write_text(config.read_text().replace('"refuse"', '"keep"'))
    result = train_json(config, tmp_path)
    rows = pd.read_csv(config.with_name("flowers.csv"))
    rows["part"] = pd.read_parquet(result["split"]).set_index("row")["part"]
    for part in ("train", "test"):
        assert set(rows.loc[rows["part"] == part, "kind"]) == {"daisy", "rose", "tulip"}
    assert rows.groupby("bed")["part"].nunique().max() == 1 or kind != "group"
    page = Path(result["report"]).read_text()
    assert "1 row was moved into test, which had no class &#x27;tulip&#x27;" in page
