"""How long things take of which some have not ended: known examples, and the same as the view `delays` says.

The examples are the weeks of remission of Freireich et al. (Blood 21, 1963, p. 699), as in Cox and Oakes, Analysis of
Survival Data (1984), table 1.1, whose standard errors after Greenwood SAS PROC LIFETEST and R's `survfit` print.
"""

from __future__ import annotations

import warnings
from math import exp, log

import numpy as np
import pytest
from histories import batches, history
from joined import Random, emptied, filled, product_hash
from measured import MEASURES
from scipy.stats import CensoredData, ecdf

from throughline.sinks.measures import survival
from throughline.sinks.measures.answer import answer
from throughline.sinks.measures.facts import facts
from throughline.sinks.measures.survival import Survival

# still in remission where it says +: 6, 6, 6, 6+, 7, 9+, 10, 10+, 11+ …
TREATED = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
CONTROL = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"
# week: share not yet in relapse, its standard error
PUBLISHED = {
    6: (0.8571, 0.0764), 7: (0.8067, 0.0869), 10: (0.7529, 0.0963), 13: (0.6902, 0.1068), 16: (0.6275, 0.1141),
    22: (0.5378, 0.1282), 23: (0.4482, 0.1346),
}  # fmt: skip


def estimate(text: str) -> Survival:
    words = text.split()
    return Survival(np.array([float(word.strip("+")) for word in words]), np.array(["+" not in word for word in words]))


def test_the_curve_is_the_published_one_with_limits_of_its_standard_errors() -> None:
    """On the scale of log(−log S), where the error is SE / (S · ln S)."""
    curve = {row["seconds"]: row for row in estimate(TREATED).curve().to_pylist()}

    for week, (share, error) in PUBLISHED.items():
        reach = exp(1.959964 * error / (share * log(share)))
        assert curve[week]["not_yet"] == pytest.approx(share, abs=5e-5)
        assert curve[week]["low"] == pytest.approx(share ** (1 / reach), abs=1e-3)
        assert curve[week]["high"] == pytest.approx(share**reach, abs=1e-3)
    assert [curve[week]["at_risk"] for week in (0, 6, 7, 10, 13, 16, 22, 23)] == [21, 21, 17, 15, 12, 11, 7, 6]


def test_the_median_has_the_interval_after_brookmeyer_and_crowley() -> None:
    """23 weeks with the drug, at least 13, the upper end never reached; 8 without it, from 4 to 11."""
    treated, control = estimate(TREATED).quantile(0.5), estimate(CONTROL).quantile(0.5)

    assert (treated.seconds, treated.least, treated.most) == (23, 13, None)
    assert (control.seconds, control.least, control.most) == (8, 4, 11)
    assert estimate(TREATED).quantile(0.25).seconds == 13
    assert estimate(TREATED).quantile(0.9).seconds is None
    assert estimate(CONTROL).quantile(0.9).seconds == 17


def test_without_any_that_waits_the_curve_is_the_share_that_is_left() -> None:
    curve = estimate("1 2 2 4").curve().to_pylist()

    assert [(row["seconds"], row["not_yet"], row["at_risk"]) for row in curve] == [
        (0, 1, 4), (1, 0.75, 4), (2, 0.25, 3), (4, 0, 1)
    ]  # fmt: skip
    assert estimate("1 2 2 4").quantile(0.5).seconds == 2


@pytest.mark.parametrize("text", ["5+", "5+ 7+ 7+"])
def test_where_nothing_has_ended_nothing_is_known(text: str) -> None:
    quantile = estimate(text).quantile(0.5)

    assert (quantile.seconds, quantile.least, quantile.most) == (None, None, None)
    assert [(row["seconds"], row["not_yet"]) for row in estimate(text).curve().to_pylist()] == [(0, 1)]


def test_one_that_has_ended_is_its_own_median() -> None:
    quantile = estimate("5").quantile(0.5)

    assert (quantile.seconds, quantile.least, quantile.most) == (5, 5, 5)


def test_what_ends_and_what_still_waits_at_one_time_are_both_at_risk_there() -> None:
    """So that one half is left, which is the median."""
    assert estimate("5 5+").quantile(0.5).seconds == 5
    assert estimate("5 5+ 5+").quantile(0.5).seconds is None
    assert [row["not_yet"] for row in estimate("5 5+").curve().to_pylist()] == [1, 0.5]


def test_a_half_made_of_fractions_is_a_half() -> None:
    """9/10 · 8/9 · … · 5/6 is one half and a hair."""
    assert estimate("1 2 3 4 5 6+ 7+ 8+ 9+ 10+").quantile(0.5).seconds == 5


def test_the_order_of_the_rows_does_not_matter() -> None:
    backwards = " ".join(reversed(TREATED.split()))

    assert estimate(backwards).curve().equals(estimate(TREATED).curve())


def test_a_curve_for_others_has_no_step_of_fewer() -> None:
    """Of 12 that end day by day, in steps of four: after the fourth and the eighth; at the twelfth nobody is left."""
    curve = estimate(" ".join(str(day) for day in range(1, 13))).coarse_curve(4).to_pylist()

    assert [(row["seconds"], round(row["not_yet"], 4)) for row in curve] == [(0, 1), (4, 0.6667), (8, 0.3333)]
    assert [row["seconds"] for row in estimate("1 2 3+ 4+").coarse_curve(4).to_pylist()] == [0]
    assert estimate(TREATED).coarse_curve(1).to_pylist()[-1]["seconds"] == 23


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_is_the_estimate_of_scipy(seed: int) -> None:
    """Shares and their limits of durations by chance, with many of one length, in any order."""
    chance = np.random.default_rng(seed)
    seconds, ended = chance.integers(0, 12, 60).astype(float), chance.random(60) < 0.6
    expected = ecdf(CensoredData(uncensored=seconds[ended], right=seconds[~ended])).sf
    with np.errstate(invalid="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        low = expected.confidence_interval(0.95, method="log-log").low.probabilities

    curve = Survival(seconds, ended).curve()

    assert curve["seconds"].to_pylist()[1:] == expected.quantiles.tolist()
    assert curve["not_yet"].to_pylist()[1:] == pytest.approx(expected.probabilities.tolist())
    kept = ~np.isnan(low)
    assert curve["low"].to_numpy()[1:][kept].tolist() == pytest.approx(low[kept].tolist())


@pytest.mark.parametrize("seed", range(6))
def test_a_quantile_and_its_interval_are_read_off_the_curve(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first time at which each of the three lines has come down so far, whatever lies between two looks at it."""
    monkeypatch.setattr(survival, "_BLOCK", 7)
    chance = np.random.default_rng(seed)
    for rows, lengths, share in ((1, 3, 0.9), (40, 5, 0.5), (3_000, 50, 0.3), (3_000, 9_999, 0.97)):
        made = Survival(chance.integers(0, lengths, rows).astype(float), chance.random(rows) < share)
        curve = made.curve().to_pylist()
        for of in (0.1, 0.5, 0.9):
            found = made.quantile(of)
            for line, said in (("not_yet", found.seconds), ("low", found.least), ("high", found.most)):
                assert said == next((row["seconds"] for row in curve if row[line] <= 1 - of + 1e-9), None)


@pytest.mark.parametrize("seed", [1, 3])
def test_the_medians_of_handoffs_are_those_of_the_view_delays(seed: int) -> None:
    """Per pair of agencies: cases, handoffs, median and ninth tenth, and how many are under way."""
    store = filled(emptied(), batches(history(seed, 80, product_hash, placeholders=False), Random(seed)), in_bulk=True)
    store.connection.execute("set variable as_of = null")
    expected = store.connection.execute(
        "select from_agency, to_agency, cases, handoffs, censored, median, p90 from delays "
        "where from_agency <> to_agency"
    ).fetchall()

    rows = facts(store.connection, MEASURES["between_agencies"], ())
    made = answer(MEASURES["between_agencies"], rows, ["from_agency", "to_agency"]).to_pylist()

    names = ("from_agency", "to_agency", "cases", "counted", "still_open", "median_seconds", "p90_seconds")
    pairs = [tuple(row[name] for name in names) for row in made if row["from_agency"] and row["to_agency"]]
    assert len(expected) > 1
    assert sorted(pairs) == sorted(expected)
