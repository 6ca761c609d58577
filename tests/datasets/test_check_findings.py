import pytest

from datasets.box_flaws import PHRASES
from datasets.check_findings import NOTES, PROBLEMS, Finding


@pytest.mark.parametrize("kind", PHRASES)
def test_finding_of_every_box_flaw_is_a_problem(kind):
    assert Finding(kind, "").is_problem


def test_finding_of_a_note_is_no_problem():
    assert not any(Finding(kind, "").is_problem for kind in NOTES)
    assert PROBLEMS.keys().isdisjoint(NOTES)
