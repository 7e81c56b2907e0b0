"""The page: complete, inert, self-contained, readable without its pictures."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest

from pipelines.metrics import METRICS, Interval, McNemar, Paired, SliceComparison, SliceScores
from pipelines.records import CandidateFit, Decision, Leak, Trial
from pipelines.records.explanation import Explanation, Importance
from pipelines.report.html import ReportData, report
from pipelines.report.style import CSS
from tests.report.predictions import report_data

HOSTILE = "<script>alert('x')</script>\"&'"


class Page(HTMLParser):
    """The tags with their attributes, and the text, of a page; tags must nest."""

    VOID = frozenset({"meta", "link", "img", "br", "use"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def three() -> ReportData:
    return report_data(("Adelie", "Chinstrap", "Gentoo"))


@pytest.fixture(scope="module")
def text(three: ReportData) -> str:
    return report(three)


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def hostile_explanation(data: ReportData) -> Explanation:
    told = data.explanation
    assert told.plane is not None
    surfaces = tuple(
        dataclasses.replace(s, candidate=HOSTILE, estimator=HOSTILE) for s in told.plane.surfaces
    )
    return dataclasses.replace(
        told,
        importances=tuple(dataclasses.replace(i, column=HOSTILE) for i in told.importances),
        plane=dataclasses.replace(told.plane, x=HOSTILE, y=HOSTILE, surfaces=surfaces),
        coefficients=tuple(
            dataclasses.replace(c, term=HOSTILE, label=HOSTILE) for c in told.coefficients
        ),
        linear=HOSTILE,
        coefficients_note=HOSTILE,
    )


def hostile() -> ReportData:
    data = report_data((HOSTILE, "=cmd()"))
    scores = {HOSTILE: data.evaluation.scores["net"]}
    probabilities = {HOSTILE: data.evaluation.probabilities["net"]}
    evaluation = dataclasses.replace(
        data.evaluation,
        winner=HOSTILE,
        scores=scores,
        probabilities=probabilities,
        labels={HOSTILE: data.evaluation.labels["net"]},
        slices=(SliceScores(HOSTILE, HOSTILE, 3, note=HOSTILE),),
        champion_slices=(SliceComparison(HOSTILE, HOSTILE, 3, note=HOSTILE),),
        notes=(HOSTILE,),
        champion_note=HOSTILE,
    )
    fitted = CandidateFit(
        HOSTILE, HOSTILE, warnings=(HOSTILE,), curve=(1.0, 0.5), parameters={HOSTILE: HOSTILE}
    )
    texts = {HOSTILE: HOSTILE}
    return dataclasses.replace(
        data,
        model=HOSTILE,
        version=HOSTILE,
        target=HOSTILE,
        decision=Decision(False, HOSTILE),
        fits=[fitted, CandidateFit("bad", HOSTILE, reason=HOSTILE)],
        evaluation=evaluation,
        rows={HOSTILE: 3},
        notes=(HOSTILE,),
        leaks=((Leak("target", (HOSTILE,), HOSTILE), HOSTILE),),
        lineage=texts,
        places=texts,
        timings={HOSTILE: 1.0},
        moves=[(HOSTILE,) * 4],
        use=HOSTILE,
        explanation=hostile_explanation(data),
    )


def test_markup_in_any_text_from_data_is_inert() -> None:
    text = report(hostile())
    assert "<script" not in text.lower()
    page = Page(text)
    assert not page.all("script")
    assert page.text.count(HOSTILE) > 10
    allowed = {tag for tag, _ in Page(report(report_data(("a", "b")))).tags}
    assert {tag for tag, _ in page.tags} <= allowed | {"h3", "li", "ul", "strong"}


def test_a_search_tells_its_best_parameters_and_how_many_trials_were_made() -> None:
    data = report_data(("a", "b"))
    assert "Searched parameters" not in report(data)
    trials = (
        Trial(0, {"C": 0.5}, "complete", loss=0.3),
        Trial(1, {"C": 9.0}, "pruned"),
        Trial(2, {"C": 7.0}, "failed", HOSTILE),
    )
    found = CandidateFit("net", "logistic", parameters={"tol": 0.1, "C": 0.5}, trials=trials)
    failed = CandidateFit("bad", "logistic", reason="none", trials=trials[2:])
    page = Page(report(dataclasses.replace(data, fits=[found, failed])))
    (table,) = re.findall("Searched parameters(.*?)Classes", page.text, re.DOTALL)
    cells = "".join(table.split("Failed")[1].split())
    assert cells == "netC=0.5" + "111" + "badnone" + "001"


def test_a_class_that_begins_with_a_formulas_sign_stays_as_it_is() -> None:
    assert "=cmd()" in Page(report(hostile())).text


def test_control_characters_and_lone_surrogates_can_be_written() -> None:
    text = report(report_data(("a\x00\x1b[31m", "b\ud800\u202e"), rows=40))
    text.encode()
    assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", text)


def test_no_tag_or_style_reaches_outside_the_page(three: ReportData) -> None:
    text = report(three)
    for tag, attributes in Page(text).tags:
        for key, value in attributes.items():
            if not key.startswith("xmlns"):
                assert "//" not in (value or ""), (tag, key)
            if key in ("src", "href", "xlink:href"):
                assert (value or "").startswith("#")
    assert "url(" not in CSS
    assert "@import" not in text
    assert set(re.findall(r"https?://[^\s\"<]*", text)) == {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
        "http://127.0.0.1:5000/#/runs/1",
    }


def test_the_content_policy_forbids_scripts_and_requests(page: Page) -> None:
    policy = [it["content"] for it in page.all("meta") if "http-equiv" in it]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]


def test_every_figure_has_a_text_in_its_place_with_numbers(page: Page) -> None:
    pictures = page.all("svg")
    assert len(pictures) == len(page.all("figure")) == 13
    assert not page.all("img")
    for each in pictures:
        assert each["role"] == "img"
        assert re.search(r"\d", each["aria-label"] or "")
    assert len({each["aria-label"] for each in pictures}) == 13


def test_ids_are_unique_and_references_meet_them(page: Page) -> None:
    ids = Counter(it["id"] for _, it in page.tags if "id" in it)
    assert max(ids.values()) == 1
    wanted = {(it["xlink:href"] or "")[1:] for it in page.all("use")}
    assert wanted
    assert wanted <= set(ids)


def test_the_decision_comes_first_and_the_sections_in_their_order(text: str) -> None:
    assert re.findall("<h2>(.*?)</h2>", text) == [
        "Decision: promoted",
        "Candidates",
        "Classes",
        "Curves of net",
        "Calibration",
        "Confusion",
        "Slices",
        "Decision boundaries",
        "What the answers rest on",
        "Data and leak check",
        "Lineage",
        "Timings",
    ]


def test_no_level_of_headings_is_left_out(text: str) -> None:
    levels = [int(level) for level in re.findall(r"<h(\d)", text)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_what_is_not_promoted_says_so() -> None:
    text = report(report_data(("a", "b"), decision=Decision(False, "Not promoted: no better.")))
    assert "Decision: not promoted" in text
    assert "Decision: promoted" not in text


def test_failed_candidates_stand_with_their_reasons(page: Page) -> None:
    assert "Failed: ran longer than 60 s." in page.text


def test_every_metric_of_a_candidate_stands_with_its_interval(
    page: Page, three: ReportData
) -> None:
    for key in METRICS:
        it = three.evaluation.scores["net"][key]
        expected = f"{it.value:.4f}{it.low:.4f} to {it.high:.4f}".replace("-", "−")
        assert expected in page.text


def test_metrics_without_a_value_are_dashes() -> None:
    data = report_data(("a", "b"))
    nothing = {key: Interval(np.nan, np.nan, np.nan) for key in METRICS}
    evaluation = dataclasses.replace(data.evaluation, scores={"net": nothing, "prior": nothing})
    page = Page(report(dataclasses.replace(data, evaluation=evaluation)))
    assert "nan" not in page.text.lower()
    assert page.text.count("–") >= 2 * len(METRICS)


def test_the_comparison_with_the_champion_is_shown_where_there_is_one() -> None:
    data = report_data(("a", "b"))
    evaluation = dataclasses.replace(
        data.evaluation,
        against_champion=Paired(Interval(-0.0421, -0.0555, -0.0333), 0.987, 77, 77),
        champion_scores=data.evaluation.scores["prior"],
        champion_note="compared on 77 of 200 test rows.",
        mcnemar=McNemar(5, 2, 0.45),
    )
    page = Page(report(dataclasses.replace(data, evaluation=evaluation)))
    assert "the present champion−0.0421−0.0555 to −0.033398.70 %77" in page.text
    assert "5 of these test rows are right with this version only, 2 with the champion" in page.text
    assert "Compared on 77 of 200 test rows." in page.text
    assert "the present champion" not in Page(report(data)).text


def test_the_two_calibration_errors_are_told_apart(page: Page) -> None:
    assert "Calibration error" in page.text
    assert "Expected calibration error" in page.text
    assert "bins of equal width, so that the two differ" in page.text


def sliced_page(*slices: SliceScores) -> str:
    data = report_data(("no", "yes"))
    evaluation = dataclasses.replace(data.evaluation, slices=slices)
    return Page(report(dataclasses.replace(data, evaluation=evaluation))).text


def test_of_slices_that_were_not_judged_nothing_is_claimed() -> None:
    small = SliceScores("site", "north", 9, note="too small: 9 of the 30 rows that it takes")
    fine = SliceScores("site", "south", 90, rest=Interval(0.1, -0.1, 0.3), p=0.4)
    alone = sliced_page(small)
    assert "No slice could be judged; the table says why." in alone
    assert "no worse" not in alone.split("Slices")[1].split("Holm")[1]
    assert "No slice is worse than all other test rows beyond doubt." in sliced_page(fine)
    assert "1 of 2 slices were judged; no slice is worse" in sliced_page(small, fine)
    bad = dataclasses.replace(fine, worse=True, p=0.001)
    assert "1 of 2 slices is worse than all other test rows" in sliced_page(bad, fine)


def test_slices_are_said_to_be_judged_by_the_log_loss_where_the_metric_moves_with_the_classes() -> (
    None
):
    data = report_data(("no", "yes"))
    for metric, told in {"f1": True, "log_loss": False, "roc_auc": False}.items():
        evaluation = dataclasses.replace(data.evaluation, metric=metric)
        text = Page(report(dataclasses.replace(data, evaluation=evaluation))).text
        assert ("Judged by log loss, each row by the same measure: F1 moves" in text) is told
        assert ("Log loss, minus the others" in text) is told


def test_a_note_on_the_test_rows_stands_right_below_the_decision_s_sentence() -> None:
    data = report_data(("no", "yes"))
    evaluation = dataclasses.replace(data.evaluation, notes=("Only 12 test rows: too few.",))
    text = Page(report(dataclasses.replace(data, evaluation=evaluation))).text
    after = text.partition(data.decision.sentence)[2]
    assert after.split("Best candidate")[0].strip().endswith("Only 12 test rows: too few.")


@pytest.mark.parametrize(
    ("low", "said"),
    [
        ((0.3, 0.1), "The two columns of numbers that net rests on most, bill and wing;"),
        ((0.3, 0.0), "bill and wing, though the interval of wing is not above zero;"),
        ((-0.1, -0.2), "bill and wing, though neither's interval is above zero;"),
    ],
)
def test_boundaries_claim_no_more_of_their_columns_than_the_importances_do(
    low: tuple[float, float], said: str
) -> None:
    data = report_data(("no", "yes"))
    importances = tuple(
        Importance(name, Interval(0.4, each, 0.5))
        for name, each in zip(("bill", "wing"), low, strict=True)
    )
    explanation = dataclasses.replace(data.explanation, importances=importances)
    text = Page(report(dataclasses.replace(data, explanation=explanation))).text
    assert said in text
    assert ("rests on most" in text) is (min(low) > 0)


def test_a_slice_with_a_metric_that_it_does_not_define_keeps_its_judgement() -> None:
    note = "not defined here, a class is missing: roc_auc"
    told = sliced_page(SliceScores("site", "x", 90, {}, Interval(0.1, -0.1, 0.3), 0.41, note=note))
    assert f"no worse; {note}" in told
    assert "0.41" in told


def test_data_lineage_timings_and_places_are_shown(page: Page) -> None:
    for each in (
        "2 rows without a label were left out.",
        "test20022.2 %",
        "git commit4be3c0f",
        "ingest20 ms",
        "all12.0 s",
        "MLflow runhttp://127.0.0.1:5000/#/runs/1",
    ):
        assert each in page.text


def test_leaks_stand_with_the_reasons_that_allow_them(page: Page) -> None:
    assert "Looked for: single columns" in page.text
    assert "Nothing found." in page.text
    found = Leak("target", ("x",), "The column 'x' is the label in other words.")
    copies = Leak("duplicates", (), "3 of 9 test rows stand among the rows learned from too.")
    leaks = ((found, None), (copies, "two orders may be alike"))
    shown = Page(report(report_data(("a", "b"), leaks=leaks))).text
    assert "targetThe column 'x' is the label in other words.no" in shown
    assert "learned from too.two orders may be alike" in shown
    assert "Nothing found." not in shown


def test_headers_have_a_scope_and_the_page_a_language(page: Page) -> None:
    assert page.all("html") == [{"lang": "en"}]
    assert {it.get("scope") for it in page.all("th")} == {"col", "row"}
    assert len(page.all("caption")) == len(page.all("table"))


def test_the_same_training_gives_the_same_page(three: ReportData) -> None:
    assert report(three) == report(three)


def test_thirty_classes_stay_under_3_mb() -> None:
    text = report(report_data(tuple(f"class {k}" for k in range(30)), rows=20_000))
    assert len(text.encode()) < 3_000_000
    assert "class 29" in text


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [it / 12.92 if it <= 0.04045 else ((it + 0.055) / 1.055) ** 2.4 for it in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1, 2])
def test_texts_have_a_contrast_of_at_least_four_and_a_half(scheme: int) -> None:
    colours = dict(
        re.findall(r"--([\w-]+): (#\w{6})", re.findall(r":root \{(.*?)\}", CSS, re.S)[scheme])
    )
    pairs = [(text, card) for text in ("ink", "soft") for card in ("page", "card", "row")]
    pairs += [("good", "good-card"), ("hold", "hold-card"), ("hold", "card"), ("soft", "good-card")]
    pairs += [("soft", "hold-card")]
    for text, card in pairs:
        light, dark = sorted((luminance(colours[text]), luminance(colours[card])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, card)
