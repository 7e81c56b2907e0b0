from __future__ import annotations

from threading import Event, Thread

from threadpoolctl import threadpool_info, threadpool_limits

from pipelines.estimators.threads import one_blas_thread


def blas_threads():
    return {each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"}


def test_blas_has_one_thread_until_the_last_of_two_that_overlap_has_left():
    entered, leave = Event(), Event()

    def other():
        with one_blas_thread():
            entered.set()
            leave.wait(60)

    thread = Thread(target=other)
    with one_blas_thread():
        # The first use looks for the libraries, which must be loaded for the next line.
        pass
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with one_blas_thread():
            thread.start()
            assert entered.wait(60)
            assert blas_threads() == {1}
        assert blas_threads() == {1}
        leave.set()
        thread.join()
        assert before != {1}
        assert blas_threads() == before
