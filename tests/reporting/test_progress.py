import io

from reporting.progress import show_progress


def test_show_progress_is_silent_for_short_work():
    stream = io.StringIO()
    assert list(show_progress([1, 2, 3], 3, stream=stream)) == [1, 2, 3]
    assert stream.getvalue() == ""


def test_show_progress_draws_a_bar_for_long_work():
    stream = io.StringIO()
    assert list(show_progress("abcd", 4, delay=0, stream=stream)) == list("abcd")
    assert "[##############################] 4/4 pictures, 0 s left" in stream.getvalue()
    assert stream.getvalue().endswith("\n")


def test_show_progress_takes_nothing():
    assert list(show_progress([], 0, delay=0, stream=io.StringIO())) == []
