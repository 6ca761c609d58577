import json
from pathlib import Path

import pytest

from config.errors import InputError
from config.loader import (
    find_params_file,
    find_schema,
    load_params,
    params_from_dict,
    params_to_dict,
)
from config.overrides import Override
from config.schema import SCHEMAS, BaselineParams, NoisySynthRegressParams

CONFIG = Path(__file__).resolve().parents[2] / "config"
FOLDERS = (CONFIG, CONFIG / "demo", CONFIG / "pretrained")
CROPS = {
    "training/baseline": CONFIG / "crops",
    "finetuning/unsupervised/noisy_synth_regress": CONFIG / "crops",
    "finetuning/unsupervised/density_guided": CONFIG / "crops",
}  # the chain that starts from crops of photos alone
BASELINE = "training/baseline"


def baseline_values(**changes):
    values = json.loads((CONFIG / "baseline.params.json").read_text())
    return {**values, **changes}


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("experiment", sorted(SCHEMAS))
def test_load_params_reads_every_config_file(folder, experiment):
    assert isinstance(load_params(folder, experiment), SCHEMAS[experiment])


def test_every_config_file_belongs_to_an_experiment():
    known = {find_params_file(folder, experiment) for folder in FOLDERS for experiment in SCHEMAS}
    known |= {find_params_file(folder, experiment) for experiment, folder in CROPS.items()}
    assert set(CONFIG.rglob("*.params.json")) == known


def test_the_config_of_crops_ranks_chains_on_an_encoder_that_ends_early():
    ranker, counter, guided = (load_params(CROPS[experiment], experiment) for experiment in CROPS)
    assert guided.max_depth == 1
    assert (ranker.deepest_stride, ranker.input_shape) == (8, (192, 256, 3))
    assert ranker.loss["class_name"] == "ListwiseRankingLoss"
    assert (counter.N, counter.solver, counter.grid) == (2, "auto", 4)


def test_baseline_holds_the_published_values():
    params = load_params(CONFIG, BASELINE)
    published = {
        "input_shape": (640, 853, 3),
        "batch_size": 3,
        "epochs": 15,
        "model_name": "resnet50",
        "weights": "imagenet",
        "initializations": "glorot_uniform",
        "augment": 2,
        "learning_rate": 5e-5,
        "num_neurons": 128,
        "num_layers": 0,
    }
    assert {name: getattr(params, name) for name in published} == published
    assert params.loss["class_name"] == "BinaryCrossentropy"


def test_points_hold_the_published_values():
    params = load_params(CONFIG, "training/points")
    published = {
        "model_name": "vgg16",
        "head": "fcn8",
        "finest_stride": 8,
        "num_neurons": 4096,
        "dropout": 0.5,
        "batch_size": 1,
        "epochs": 100,
        "optimizer": "adam",
        "learning_rate": 1e-5,
        "beta_1": 0.99,
        "weight_decay": 5e-4,
        "flip": "none",
        "crop": None,
        "threshold": 0.5,
        "levels": 1,
        "min_area": 1,
        "objects_per_blob": 1.0,
        "calibrate": False,
    }
    assert {name: getattr(params, name) for name in published} == published
    assert params.loss == {"class_name": "LCFCN", "config": {}}


def test_load_params_takes_a_list_of_any_length():
    for names in ([], ["RBC"], ["RBC", "WBC", "x"]):
        override = f"classes={json.dumps(names)}"
        assert load_params(CONFIG, "training/points", [override]).classes == tuple(names)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("finest_stride=16", "`finest_stride` .* must be 8 or 4 or 2. Received 16"),
        ("finest_stride=8.0", "`finest_stride` .* must be 8 or 4 or 2. Received 8.0"),
        ("classes=[1]", "`classes` .* must be a list of text or null"),
        ("classes={}", "`classes` .* must be a list of text or null"),
        ("crop=[32]", "`crop` .* must be a list of 2 numbers or null"),
        ("crop=[16, 64]", "`crop` .* must be between 32 and 16384. Received 16"),
        ("threshold=1", "`threshold` .* must be between 0 and 0.99. Received 1"),
        ("min_area=0", "`min_area` .* must be at least 1. Received 0"),
        ("num_labelled=1", "`num_labelled` .* must be at least 2. Received 1"),
    ],
)
def test_load_params_says_what_is_wrong_with_points(override, message):
    with pytest.raises(InputError, match=message):
        load_params(CONFIG, "training/points", [override])


def test_load_params_overrides_by_json_or_text():
    params = load_params(CONFIG, BASELINE, ["epochs=3", "model_name=vgg16", "weights=null"])
    assert (params.epochs, params.model_name, params.weights) == (3, "vgg16", None)


@pytest.mark.parametrize(
    ("experiment", "override", "expected"),
    [
        ("training/localization", "augment=none", "none"),
        ("training/localization", "augment=null", None),
        ("training/localization", "unfreeze=none", "none"),
        ("training/points", "flip=none", "none"),
        ("training/points", "crop=none", None),
    ],
)
def test_load_params_takes_none_for_a_word_where_it_is_one(experiment, override, expected):
    key = override.partition("=")[0]
    assert getattr(load_params(CONFIG, experiment, [override]), key) == expected


def test_load_params_overrides_a_list():
    assert load_params(CONFIG, BASELINE, ["input_shape=[64, 96, 3]"]).input_shape == (64, 96, 3)


def test_load_params_keeps_equals_signs_in_a_value():
    assert load_params(CONFIG, BASELINE, ["weights=a=b.h5"]).weights == "a=b.h5"


def test_params_round_trip():
    params = load_params(CONFIG, BASELINE)
    again = params_from_dict(BaselineParams, params_to_dict(params), where="here")
    assert again == params


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("epoch=3", "unknown key `epoch`; the nearest known one is `epochs`"),
        ("epochs", "`--set` takes key=value. Received `epochs`"),
        ("epochs=0", "`epochs` .* must be between 1 and 100000. Received 0"),
        ("epochs=1.5", "`epochs` .* must be a whole number. Received 1.5"),
        ("epochs=true", "`epochs` .* must be a whole number. Received True"),
        ("epochs=many", "`epochs` .* must be a whole number. Received 'many'"),
        ("learning_rate=-1", "`learning_rate` .* must be at least 0"),
        ("max_bad_fraction=2", "must be between 0 and 1. Received 2"),
        ("model_name=resnet5", "unknown model_name `resnet5`; the nearest known one is `resnet50`"),
        ("batch_norm=thaw", 'must be "train" or "frozen"'),
        ("input_shape=[64, 96]", "must be a list of 3 numbers"),
        ("input_shape=[64, 0, 3]", "must be at least 1. Received 0"),
        ("loss=[]", "`loss` .* must be an object"),
        ("weights=3", "`weights` .* must be text or null. Received 3"),
        (f"learning_rate={10**400}", r"`learning_rate` .* must be a number. Received 10+\.\.\.\.$"),
        ("learning_rate=1e400", "`learning_rate` .* must be a number. Received inf"),
        ("max_pixels=" + "1" * 5001, "`--set max_pixels` must be plain JSON or text"),
        (f"max_pixels={2**63}", f"between 10000 and {2**63 - 1}. Received {2**63}"),
        ("loss=" + "[" * 100_000, "`--set loss` must be plain JSON .* levels of nested"),
        ("loss=" + '{"a":' * 40 + "1" + "}" * 40, "`--set loss` .* more than 32 levels"),
    ],
)
def test_load_params_says_what_is_wrong(override, message):
    with pytest.raises(InputError, match=message):
        load_params(CONFIG, BASELINE, [override])


def test_load_params_says_by_which_option_a_wrong_value_came():
    counting = "finetuning/unsupervised/noisy_synth_regress"
    for override, message in [
        (Override("N=5000", "--N"), "^`--N`: `N` .* Received 5000"),
        ("N=5000", "^`--set N`: `N` .* Received 5000"),
        ("solver=foo", "^`--set solver`: .*foo"),
        ("strides=[3]", r"^`--set strides`: .* a list of 4, 8, 16 or 32 or null. Received \[3\]"),
    ]:
        with pytest.raises(InputError, match=message):
            load_params(CONFIG, counting, ["grid=4", override])


def test_load_params_blames_the_file_for_its_own_values(tmp_path):
    (tmp_path / "baseline.params.json").write_text(json.dumps(baseline_values(epochs=0)))
    with pytest.raises(InputError, match="baseline.params.json: `epochs` .* Received 0"):
        load_params(tmp_path, BASELINE, ["batch_size=2"])


def test_load_params_refuses_numbers_that_are_not_finite():
    with pytest.raises(InputError, match="`learning_rate` .* must be a number. Received nan"):
        load_params(CONFIG, BASELINE, ["learning_rate=NaN"])


def test_params_from_dict_names_a_missing_key_and_the_nearest_given():
    values = baseline_values()
    del values["epochs"]
    with pytest.raises(InputError, match="key `epochs` .* is missing; the nearest one given is"):
        params_from_dict(BaselineParams, values, where="here")


def test_params_from_dict_names_an_unknown_key_and_its_place():
    with pytest.raises(InputError, match="here: unknown key `batchsize`.*`batch_size`"):
        params_from_dict(BaselineParams, baseline_values(batchsize=1), where="here")


def test_load_params_names_a_missing_file(tmp_path):
    with pytest.raises(InputError, match="baseline.params.json: no such config file"):
        load_params(tmp_path, BASELINE)


@pytest.mark.parametrize("text", ["{", "[1]", "\xff", '{"epochs": ' + "1" * 5001, "[" * 100_000])
def test_load_params_names_a_file_that_is_no_json_object(tmp_path, text):
    (tmp_path / "baseline.params.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match="baseline.params.json: must be"):
        load_params(tmp_path, BASELINE)


def test_find_params_file_names_an_unknown_experiment():
    with pytest.raises(InputError, match="unknown experiment `training/base`.*training/baseline"):
        find_params_file(CONFIG, "training/base")


def test_find_params_file_tells_fine_tuning_from_training(monkeypatch):
    monkeypatch.setitem(SCHEMAS, "finetuning/baseline", NoisySynthRegressParams)
    assert find_params_file(CONFIG, "finetuning/baseline").name == "baseline.finetune.params.json"
    assert find_params_file(CONFIG, BASELINE).name == "baseline.params.json"


def test_params_are_frozen():
    params = load_params(CONFIG, BASELINE)
    with pytest.raises(AttributeError):
        params.epochs = 2


def test_every_field_has_a_meaning():
    for schema in SCHEMAS.values():
        for field in schema.__dataclass_fields__.values():
            assert field.metadata["meaning"]


def test_find_schema_names_an_unknown_experiment_and_its_place():
    with pytest.raises(InputError, match="here: unknown experiment `training/base`"):
        find_schema("training/base", where="here: ")
