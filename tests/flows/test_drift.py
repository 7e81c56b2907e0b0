"""`logitline drift` as a user types it, against a real MLflow database and Prefect server."""

from __future__ import annotations

import hashlib
import json
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest

from flows import profiles
from flows.mistakes import status
from flows.monitoring import Monitored
from flows.running import UsageError, run_drift, run_scoring
from flows.servers import UnreachableError
from pipelines.adapters.tracking import client as tracking
from pipelines.adapters.tracking import registry
from pipelines.drift.profile import ProfileError
from pipelines.records import DataError
from tests.flows.workspaces import flowers, logitline, train_json, workspace

Trained = tuple[Path, Path]
SAME, MOVED = flowers(400, seed=7), flowers(400, seed=7).replace(",red,", ",yellow,")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, prefect_api: str) -> Trained:
    """A workspace with a champion: its folder and its config."""
    folder = tmp_path_factory.mktemp("drift")
    config = workspace(folder, rows=300)
    train_json(config, folder)
    return folder, config


@pytest.fixture
def champion(trained: Trained) -> registry.Version:
    found = registry.champion(tracking.connect(trained[0]), "flowers")
    assert found is not None
    return found


@pytest.fixture
def untagged(trained: Trained, champion: registry.Version) -> Iterator[None]:
    """The champion as a logitline that kept no profile would have left it."""
    client = tracking.connect(trained[0])
    client.delete_model_version_tag("flowers", champion.number, profiles.TAG)
    yield
    tags = {profiles.TAG: champion.tags[profiles.TAG]}
    registry.set_version_tags(client, champion, tags)


def written(folder: Path, text: str, name: str = "new.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def checked(trained: Trained, source: Path, page: Path | None = None) -> Monitored:
    """The flow's result, as the command calls it."""
    folder, config = trained
    result: Monitored = run_drift(config, str(source), page, folder)
    return result


def kept_file(folder: Path) -> Path:
    (path,) = (folder / "mlruns").rglob(profiles.FILE)
    return path


def test_rows_of_the_same_kind_are_calm_with_status_0(trained: Trained, tmp_path: Path) -> None:
    folder, config = trained
    done = logitline("drift", config, written(tmp_path, SAME), cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "No drift in 4 columns (400 rows now, 300 then)." in done.stdout
    for name in ("height", "petals", "colour", "kind"):
        assert name in done.stdout


def test_a_drift_ends_in_status_3_with_the_column_first_in_the_table(
    trained: Trained, tmp_path: Path
) -> None:
    folder, config = trained
    done = logitline("drift", config, written(tmp_path, MOVED), cwd=folder)
    assert done.returncode == 3, done.stderr
    assert "Drift in 1 of 4 columns: 'colour'" in done.stdout
    lines = done.stdout.splitlines()
    first = next(line for line in lines if line.startswith("│"))
    assert first.split("│")[1].strip() == "colour"


def test_json_is_one_object_of_the_verdict_and_every_column(
    trained: Trained, tmp_path: Path
) -> None:
    folder, config = trained
    done = logitline("drift", config, written(tmp_path, MOVED), "--json", cwd=folder)
    assert done.returncode == 3, done.stderr
    result = json.loads(done.stdout)
    assert (result["drifted"], result["rows"], result["reference_rows"]) == (True, 400, 300)
    assert (result["model"], result["version"]) == ("flowers", "1")
    columns = {each["name"]: each for each in result["columns"]}
    assert {name for name, each in columns.items() if each["drifted"]} == {"colour"}
    assert columns["kind"]["type"] == "target"
    assert columns["colour"]["p_value"] < 0.05 <= columns["height"]["p_value"]
    assert columns["colour"]["psi"] > 0.1 > columns["height"]["psi"]


def test_a_file_and_a_folder_of_parquet_give_what_csv_gives(
    trained: Trained, tmp_path: Path
) -> None:
    source = written(tmp_path, MOVED)
    types = {"height": "float64", "petals": "int64", "colour": "string", "kind": "string"}
    table = pcsv.read_csv(source, convert_options=pcsv.ConvertOptions(column_types=types))
    pq.write_table(table, tmp_path / "new.parquet")
    (tmp_path / "parts").mkdir()
    for start in (0, 150):
        part = table.slice(start, 150 if not start else None)
        pq.write_table(part, tmp_path / "parts" / f"{start}.parquet")
    sources = (source, tmp_path / "new.parquet", tmp_path / "parts")
    plain, *others = (checked(trained, each).as_json for each in sources)
    assert others == [plain, plain]


def test_rows_without_the_label_and_with_other_columns_are_compared_all_the_same(
    trained: Trained, tmp_path: Path
) -> None:
    table = pcsv.read_csv(written(tmp_path, SAME)).drop_columns(["kind"])
    table = table.append_column("note", [["=1+1"] * table.num_rows])
    pq.write_table(table.select(["note", "colour", "petals", "height"]), tmp_path / "new.parquet")
    found = checked(trained, tmp_path / "new.parquet").comparison
    assert not found.drifted
    assert {each.name for each in found.columns} == {"height", "petals", "colour"}


def test_values_outside_the_contract_are_measured_and_not_refused(
    trained: Trained, tmp_path: Path
) -> None:
    lines = SAME.splitlines()
    odd = [lines[0], *(line.replace(",white,", ",azure,") for line in lines[1:]), "-5,,red,rose"]
    found = checked(trained, written(tmp_path, "\n".join(odd))).comparison
    columns = {each.name: each for each in found.columns}
    assert columns["colour"].drifted
    assert columns["colour"].unseen == {"azure": SAME.count(",white,")}
    assert columns["petals"].missing_now == pytest.approx(1 / 401)


def test_the_page_is_one_file_of_the_result(trained: Trained, tmp_path: Path) -> None:
    page = tmp_path / "drift.html"
    found = checked(trained, written(tmp_path, MOVED), page)
    assert found.as_json["html"] == str(page)
    text = page.read_text(encoding="utf-8")
    assert "Drift in 1 of 4 columns" in text
    assert text.count("<svg") == 1
    assert sorted(each.name for each in tmp_path.iterdir()) == ["drift.html", "new.csv"]


def test_a_page_never_overwrites_what_is_read(trained: Trained, tmp_path: Path) -> None:
    _, config = trained
    source = written(tmp_path, SAME)
    for page in (source, config, config.with_name("flowers.csv"), tmp_path, tmp_path / "a" / "b"):
        before = page.read_bytes() if page.is_file() else b""
        with pytest.raises(UsageError, match="Name a") as refused:
            checked(trained, source, page)
        assert status(refused.value) == 2
        assert not page.is_file() or page.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("height,petals,colour\n", "no rows"),
        ("height,colour\n1,red\n", "'petals'"),
        ("height,petals,colour\n1,2,red\n2,many,red\n", "line 3 'many'"),
        ("height,petals,colour\n1,2.5,red\n", "'petals'"),
    ],
)
def test_what_cannot_be_compared_is_refused_with_status_2(
    trained: Trained, tmp_path: Path, text: str, words: str
) -> None:
    source, page = written(tmp_path, text), tmp_path / "page.html"
    with pytest.raises(DataError) as refused:
        checked(trained, source, page)
    assert status(refused.value) == 2
    assert words in str(refused.value)
    assert str(source) in str(refused.value)
    assert not page.exists()


def test_cells_of_another_type_are_told_together_however_far_apart_they_stand(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.monitoring.ROWS", 2)
    rows = ["height,petals,colour", "1,2,red", "2,many,red", *["1,2,red"] * 300, "tall,few,red"]
    with pytest.raises(DataError) as refused:
        checked(trained, written(tmp_path, "\n".join(rows)))
    first, *told = str(refused.value).splitlines()
    assert first.endswith("new.csv: 2 problems, nothing was compared.")
    assert any("'petals': 2 values are" in line and "line 304 'few'" in line for line in told)
    assert any("'height': 1 value is" in line and "line 304 'tall'" in line for line in told)


def test_a_day_a_tenth_of_its_size_is_a_drift_where_the_config_says_so(
    trained: Trained, tmp_path: Path
) -> None:
    folder, config = trained
    few = written(tmp_path, "\n".join(SAME.splitlines()[:31]) + "\n")
    strict = config.with_name("strict.toml")
    strict.write_text(config.read_text() + "\n[drift]\nmin_volume = 0.5\n")
    for path, drifted in ((config, False), (strict, True)):
        found = checked((folder, path), few).comparison
        assert found.drifted is found.volume_drifted is drifted


def test_without_a_champion_it_says_what_score_says(tmp_path: Path, prefect_api: str) -> None:
    config = workspace(tmp_path)
    table = config.with_name("flowers.csv")
    with pytest.raises(registry.NoVersionError, match="models:/flowers@champion") as drifting:
        checked((tmp_path, config), table)
    with pytest.raises(registry.NoVersionError) as scoring:
        run_scoring(config, str(table), tmp_path / "out.csv", tmp_path)
    assert str(drifting.value) == str(scoring.value)
    assert status(drifting.value) == 2


def test_a_tracking_server_that_is_away_is_named(
    trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = "http://127.0.0.1:9"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", away)
    with pytest.raises(UnreachableError, match=away) as refused:
        checked(trained, written(tmp_path, SAME))
    assert status(refused.value) == 2


@pytest.mark.usefixtures("untagged")
def test_a_champion_without_a_profile_is_told_so(trained: Trained, tmp_path: Path) -> None:
    words = "models:/flowers/1 has no drift profile.*Train once more"
    with pytest.raises(ProfileError, match=words) as refused:
        checked(trained, written(tmp_path, SAME))
    assert status(refused.value) == 2


@pytest.mark.usefixtures("untagged")
def test_a_version_without_a_profile_gets_it_when_register_runs_again(
    trained: Trained, champion: registry.Version
) -> None:
    folder, config = trained
    shutil.rmtree(folder / "data" / "derived" / "store" / "register")
    again = train_json(config, folder)
    assert again["model"]["version"] == champion.number
    now = registry.champion(tracking.connect(folder), "flowers")
    assert now is not None
    assert now.tags[profiles.TAG] == hashlib.sha256(kept_file(folder).read_bytes()).hexdigest()


def test_a_profile_that_was_changed_or_lost_is_told_and_not_used(
    trained: Trained, tmp_path: Path
) -> None:
    path, source = kept_file(trained[0]), written(tmp_path, SAME)
    content = path.read_bytes()
    try:
        path.write_bytes(content.replace(b'"rows": 300', b'"rows": 301'))
        with pytest.raises(ProfileError, match="digest differs"):
            checked(trained, source)
        path.unlink()
        with pytest.raises(ProfileError, match="cannot be had") as lost:
            checked(trained, source)
    finally:
        path.write_bytes(content)
    assert status(lost.value) == 2


def test_the_profile_has_the_whole_table_of_the_training(trained: Trained) -> None:
    folder, config = trained
    facts: dict[str, Any] = json.loads(kept_file(folder).read_bytes())
    table = pcsv.read_csv(config.with_name("flowers.csv"))
    assert facts["rows"] == table.num_rows == 300
    assert facts["target"]["counts"] == {"daisy": 100, "rose": 100, "tulip": 100}
    petals = facts["columns"]["petals"]
    values, counts = np.unique(table["petals"].to_numpy(), return_counts=True)
    assert (petals["points"], petals["at"]) == (values.tolist(), counts.tolist())


def test_prefect_has_the_result_as_an_artifact(
    trained: Trained, tmp_path: Path, prefect_api: str
) -> None:
    checked(trained, written(tmp_path, MOVED))
    body = {"artifacts": {"key": {"any_": ["drift-flowers"]}}, "sort": "CREATED_DESC"}
    request = urllib.request.Request(
        f"{prefect_api}/artifacts/filter",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        found = json.load(answer)
    assert found[0]["type"] == "markdown"
    assert "| colour | yes |" in found[0]["data"]
