"""One job of a kind at a time; one that comes meanwhile is not forgotten."""

import threading

from workers.turns import Turns


def test_who_comes_second_leaves_and_is_asked_for_again() -> None:
    turns, nudged = Turns(), []
    with turns.take("advance", kind="advance", nudge=nudged.append) as first:
        with turns.take("advance", kind="advance", nudge=nudged.append) as second:
            assert (first, second) == (True, False)
        assert nudged == []
    assert nudged == ["advance"]


def test_other_work_has_its_own_turn() -> None:
    turns, nudged = Turns(), []
    with (
        turns.take("notices/slack", kind="notices", nudge=nudged.append) as slack,
        turns.take("notices/webhook", kind="notices", nudge=nudged.append) as webhook,
    ):
        assert slack
        assert webhook
    assert nudged == []


def test_the_turn_ends_with_its_work_however_that_ends() -> None:
    turns, nudged = Turns(), []
    try:
        with turns.take("settle", kind="settle", nudge=nudged.append):
            raise ConnectionError
    except ConnectionError:
        pass
    with turns.take("settle", kind="settle", nudge=nudged.append) as again:
        assert again


def test_whatever_is_left_by_one_is_seen_by_another() -> None:
    """Work arrives with a nudge each; whoever has the turn may have looked for the last time."""
    turns, left = Turns(), [0]
    lock = threading.Lock()

    def job(kind: str) -> None:
        with turns.take(kind, kind=kind, nudge=job) as ours:
            while ours:
                with lock:
                    if not left[0]:
                        break
                    left[0] -= 1

    def bring() -> None:
        for _ in range(300):
            with lock:
                left[0] += 1
            job("work")

    threads = [threading.Thread(target=bring) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert left == [0]
