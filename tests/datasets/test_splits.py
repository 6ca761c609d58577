import pytest

from config.errors import InputError
from datasets.splits import hold_out


def test_hold_out_keeps_every_record_once_and_in_order():
    kept, held_out = hold_out(list(range(20)), 0.25, seed=3)
    assert sorted(kept + held_out) == list(range(20))
    assert len(held_out) == 5  # 0.25 x 20
    assert kept == sorted(kept)


def test_hold_out_rounds_up():
    assert len(hold_out(list(range(9)), 0.1, seed=0)[1]) == 1  # ceil(0.9)


def test_hold_out_depends_on_the_seed_alone():
    assert hold_out(range(50), 0.2, seed=1) == hold_out(range(50), 0.2, seed=1)
    assert hold_out(range(50), 0.2, seed=1) != hold_out(range(50), 0.2, seed=2)


@pytest.mark.parametrize(("records", "fraction"), [([], 0.5), ([1], 0.5), ([1, 2], 0.0)])
def test_hold_out_refuses_an_empty_side(records, fraction):
    with pytest.raises(InputError, match="must leave records on both sides"):
        hold_out(records, fraction, seed=0)
