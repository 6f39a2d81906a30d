"""Warnings that a user should see."""

from __future__ import annotations

import logging
import warnings

import pytest

from fastw2v import Word2Vec
from fastw2v.warn import FastW2VWarning, once_per_call, warn_user


def test_a_warning_points_at_the_users_line_and_is_logged_in_other_words(caplog):
    inside = {"warn_user": warn_user, "log": logging.getLogger("fastw2v.x"), "__name__": "fastw2v.x"}
    code = "def inside():\n    warn_user('said', log=log, logged='as gensim says')"
    exec(compile(code, "inside.py", "exec"), inside)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        inside["inside"]()
    (warning,) = told
    assert warning.category is FastW2VWarning and str(warning.message) == "said"
    assert warning.filename == __file__
    assert caplog.messages == ["as gensim says"]


def test_a_call_says_each_thing_once(caplog):
    log = logging.getLogger("fastw2v.x")

    @once_per_call
    def outer():
        for number in range(3):
            inner(number)

    @once_per_call
    def inner(number):
        warn_user("said", log=log, logged=f"in pass {number}")
        warn_user("said too", log=log)

    for _ in range(2):
        caplog.clear()
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            outer()
        assert [str(warning.message) for warning in told] == ["said", "said too"]
        assert {warning.filename for warning in told} == {__file__}
        assert caplog.messages == ["in pass 0", "said too", "in pass 1", "in pass 2"]


def test_an_error_ends_the_call_too():
    @once_per_call
    def fails():
        warn_user("said")
        raise KeyError

    for _ in range(2):
        with pytest.warns(FastW2VWarning, match="said"), pytest.raises(KeyError):
            fails()


def test_a_program_can_make_it_an_error():
    with warnings.catch_warnings():
        warnings.simplefilter("error", FastW2VWarning)
        with pytest.raises(FastW2VWarning, match="said"):
            warn_user("said")


def test_days_of_new_text_are_warned_about_once():
    model = Word2Vec([["a", "b"]], min_count=1, vector_size=4, workers=1)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("default")
        for day in range(1, 5):
            text = [["a", "b", f"new{day}"]] * day * 1000
            model.build_vocab(text, update=True)
            model.train(text, total_examples=len(text), epochs=day)
    assert [str(warning.message)[:26] for warning in told] == ["the learning rate starts a"]
