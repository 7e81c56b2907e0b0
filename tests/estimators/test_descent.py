from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Thread

import numpy as np
import pytest

from pipelines.estimators.descent import Descent
from pipelines.estimators.kernels.network_epoch import descend
from pipelines.estimators.loss import LOSSES
from pipelines.estimators.network import Network
from pipelines.estimators.network_rows import NetworkRows
from pipelines.estimators.optimizers.adam import Adam
from pipelines.estimators.optimizers.adamw import AdamW
from pipelines.estimators.optimizers.rmsprop import RMSprop
from pipelines.estimators.optimizers.sgd import SGD
from pipelines.estimators.threads import Team
from tests.estimators.kernels import twins

OPTIMIZERS = [SGD(0.9, False), SGD(0.9, True), RMSprop(), Adam(), AdamW(weight_decay=0.5)]
LOSS = LOSSES["log_loss"](3)


def rows(n=50, dtype=np.float64):
    random = np.random.default_rng(2)
    X = random.normal(size=(n, 4)).astype(dtype)
    return X, random.integers(0, 3, n), random.uniform(0, 2, n)


def network(hidden=(6, 5), batch_size=16, alpha=0.3, dropout=0.0, dtype=np.float64):
    sizes = [4, *hidden, 3]
    net = Network(LOSS, sizes, "tanh", dtype, alpha=alpha, dropout=dropout, batch_size=batch_size)
    net.initialise(np.random.RandomState(0))
    return net


@pytest.mark.parametrize("clip", [None, 0.05], ids=["free", "clipped"])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_an_epoch_is_the_plain_one_batch_after_batch(optimizer, dropout, clip):
    (X, y, s), net, rates = rows(), network(dropout=dropout), np.linspace(0.05, 0.02, 3)
    order = np.random.default_rng(3).permutation(50)[:45]
    expected = twins.descent(
        net,
        LOSS,
        optimizer,
        X,
        y,
        s,
        order,
        16,
        rates,
        clip=clip or np.inf,
        seed=9 if dropout else None,
    )

    descent = Descent(net, optimizer, 16, clip)
    mean = descent.epoch(NetworkRows(X, y, s), order, rates, Team(None, 1), seed=9)

    np.testing.assert_allclose(net.weights, expected[0], atol=1e-10)
    assert mean == pytest.approx(expected[1], rel=1e-10)
    assert descent.steps == 3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_epoch_of_several_threads_gives_the_bits_of_one(dtype):
    X, y, s = rows(1100, dtype)
    order, rates, weights = np.arange(1100)[::-1].copy(), np.full(3, 0.01), []
    with ThreadPoolExecutor(4) as pool:
        for team in (Team(None, 1), Team(pool, 2), Team(pool, 3), Team(pool, 5)):
            net = network((200, 150), 500, dropout=0.1, dtype=dtype)
            assert net.shares == 4
            assert len(net.parts) > 4
            descent = Descent(net, Adam(), 500, 0.5)
            loss = descent.epoch(NetworkRows(X, y, s), order, rates, team, seed=1)
            weights.append([loss, *net.weights])
    for each in weights[1:]:
        np.testing.assert_array_equal(each, weights[0])


def test_shares_and_parts_change_no_more_than_rounding():
    X, y, s = rows(600)
    order, rates = np.arange(600), np.full(2, 0.01)
    net = network((200, 150), 400)
    assert net.shares > 1
    expected = twins.descent(net, LOSS, SGD(), X, y, s, order, 400, rates)
    mean = Descent(net, SGD(), 400, None).epoch(NetworkRows(X, y, s), order, rates, Team(None, 1))
    np.testing.assert_allclose(net.weights, expected[0], atol=1e-12)
    assert mean == pytest.approx(expected[1], rel=1e-12)


def test_a_batch_whose_rows_all_weigh_nothing_makes_no_step():
    (X, y, s), net = rows(32), network()
    s[:16] = 0
    only = network()
    loss = Descent(net, SGD(), 16, None).epoch(
        NetworkRows(X, y, s), np.arange(32), np.full(2, 0.1), Team(None, 1)
    )
    second = Descent(only, SGD(), 16, None).epoch(
        NetworkRows(X[16:], y[16:], s[16:]), np.arange(16), np.full(1, 0.1), Team(None, 1)
    )
    assert np.isfinite(loss)
    assert loss == pytest.approx(second, rel=1e-12)
    np.testing.assert_array_equal(net.weights, only.weights)


def of_two_threads():
    """A descent whose batches are two shares, and an epoch's other arguments."""
    X, y, s = rows(400)
    net = network((200, 150), 200)
    assert net.shares > 1
    return Descent(net, SGD(), 200, 0.5), (NetworkRows(X, y, s), np.arange(400), np.full(2, 0.1))


class Struck(Team):
    """A team that Ctrl-C strikes when the second thread is at work and the first is not."""

    def map(self, work, parts):
        self.second = Thread(target=work, args=(parts[1],), daemon=True)
        self.second.start()
        raise KeyboardInterrupt


def test_a_thread_does_not_wait_for_one_that_never_comes():
    descent, arguments = of_two_threads()
    team = Struck(None, 2)
    with pytest.raises(KeyboardInterrupt):
        descent.epoch(*arguments, team)
    team.second.join(60)
    assert not team.second.is_alive()


def test_a_thread_does_not_wait_for_one_that_failed(monkeypatch):
    descent, arguments = of_two_threads()
    seen = []

    def fails(thread, *others):
        if thread == 1:
            raise MemoryError
        descend(thread, *others)

    def epoch():
        with ThreadPoolExecutor(1) as pool, pytest.raises(MemoryError):
            descent.epoch(*arguments, Team(pool, 2))
        seen.append(True)

    monkeypatch.setattr("pipelines.estimators.descent.descend", fails)
    thread = Thread(target=epoch, daemon=True)
    thread.start()
    thread.join(60)
    assert seen == [True]
