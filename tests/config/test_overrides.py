import copy
import json
import pickle

from config.overrides import Override, find_origins


def test_override_is_its_text():
    override = Override("N=2", "--N")
    assert override == "N=2" and json.dumps([override]) == '["N=2"]'


def test_override_keeps_its_option_when_copied():
    for twin in (copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))):
        assert twin(Override("N=2", "--N")).option == "--N"


def test_find_origins_takes_the_last_of_one_key():
    overrides = [Override("N=2", "--N"), "N=3", "a=b=c", Override("a=1", "--sweep")]
    assert find_origins(overrides) == {"N": "`--set N`", "a": "`--sweep a`"}
    assert find_origins([]) == {}
