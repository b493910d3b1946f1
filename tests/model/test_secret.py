"""A secret never shows itself, whoever formats, compares, copies or stores what holds it."""

import copy
import json
import pickle
from dataclasses import dataclass

import pytest

from reconciler.model.secret import Secret

VALUE = "hunter2-hunter2"


@dataclass(frozen=True)
class Holder:
    """Something with a secret in it."""

    secret: Secret


def test_it_prints_as_stars_wherever_it_is_formatted() -> None:
    secret = Secret(VALUE)
    shown = [str(secret), repr(secret), f"{secret}", f"{secret!r:>5}", "%s %r" % (secret, secret), repr([secret])]  # noqa: UP031 - each way to format
    shown.append(repr(Holder(secret)))
    assert not any("hunter" in text for text in shown)
    assert str(secret) == "***"


@pytest.mark.parametrize("store", [pickle.dumps, copy.deepcopy, json.dumps])
def test_it_is_stored_nowhere(store: object) -> None:
    assert callable(store)
    with pytest.raises(TypeError) as caught:
        store(Secret(VALUE))
    assert "hunter" not in str(caught.value)


def test_it_gives_its_value_when_asked_by_name_and_compares_by_it() -> None:
    assert Secret(VALUE).reveal() == VALUE
    assert Secret(VALUE) == Secret(VALUE) != Secret("other")
    assert hash(Secret(VALUE)) == hash(Secret(VALUE))
    assert Secret(VALUE) != VALUE
    assert not Secret("")
