"""`training/triplets` from end to end: filter, stop and resume, what goes on from it, bad input."""

import json
import signal

import keras
import numpy as np
import pytest
from PIL import Image

import finetune_wrapper
import train_wrapper
from reporting.results import read_results
from training.command_line import run_command

pytestmark = pytest.mark.slow
NUM_TRAIN, NUM_FLIPPED, NUM_VAL = 30, 6, 4
NOISE = "training.triplets.noise_rankers"


def build_bright_and_dark_encoder(_name, input_shape, **_):
    """Means of bright and of dark: before training neither counts for more."""
    image = keras.Input(input_shape)
    x = keras.layers.AveragePooling2D(32)(image)
    x = keras.layers.Concatenate()([x, 1 - x])
    x = keras.layers.Conv2D(6, 1, activation="relu")(x)
    return keras.Model(image, {"stride_32": x}, name="bright")


@pytest.fixture(scope="module", autouse=True)
def tiny_encoder():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.ranker_fitting.build_encoder", build_bright_and_dark_encoder)
        yield


def write_chains(folder):
    """Chains of three pictures, ever darker; every fifth training chain is the wrong way round."""
    generator = np.random.default_rng(0)
    (folder / "chains").mkdir(parents=True)
    items = []
    for i in range(NUM_TRAIN + NUM_VAL):
        levels = generator.uniform(20, 60) + np.array([150.0, 90.0, 0.0])
        names = [f"chains/{i:02d}{letter}.png" for letter in "abc"]
        for name, level in zip(names, levels, strict=True):
            pixels = generator.normal(level, 15, (32, 32, 3)).clip(0, 255)
            Image.fromarray(pixels.astype(np.uint8)).save(folder / name)
        flipped = i < NUM_TRAIN and i % 5 == 0
        kind = "flipped" if flipped else "right"
        items.append({"images": names[::-1] if flipped else names, "info": {"type": kind}})
    splits = {"train": items[:NUM_TRAIN], "val": items[NUM_TRAIN:]}
    (folder / "chains" / "annotations.json").write_text(json.dumps(splits))


@pytest.fixture(scope="module")
def folders(tmp_path_factory, tiny_config):
    data = tmp_path_factory.mktemp("data")
    write_chains(data)
    return ["--data_dir", data, "--params_dir", tiny_config]


def run(wrapper, *arguments):
    arguments = list(map(str, arguments))
    return run_command(wrapper.main, wrapper.build_parser(), arguments, resumable=True)


def run_triplets(folders, experiments, *arguments, **values):
    values = {"input_shape": "[32,32,3]", "augment": "null", "dropout": 0, **values}
    values = {"learning_rate": 0.03, "batch_size": 5, "epochs": 6, **values}
    sets = [part for key, value in values.items() for part in ("--set", f"{key}={value}")]
    base = ["--experiment", "training/triplets", "--dataset", "chains"]
    return run(train_wrapper, *base, *folders, "--experiment_dir", experiments, *sets, *arguments)


def stop(*args, **kwargs):
    signal.raise_signal(signal.SIGTERM)


def list_runs(experiments, name="triplets"):
    return sorted(path.parent for path in (experiments / name).rglob("args.json"))


@pytest.fixture(scope="module")
def trained(tmp_path_factory, folders):
    """Stop while the first ranker scores and before the last training, then go on to the end."""
    experiments = tmp_path_factory.mktemp("experiments")
    logs = []
    for place in (f"{NOISE}.predict", "training.triplets.filtering.write_verdict", None):
        with pytest.MonkeyPatch.context() as patch:
            if place:
                patch.setattr(place, stop)
            code = run_triplets(folders, experiments, noise_epochs=8, noise_rankers=3)
            assert code == (75 if place else 0)
        (only,) = list_runs(experiments)
        logs.append((only / "noise" / "ranker_1" / "results.csv").stat().st_mtime_ns)
    assert len(set(logs)) == 1  # stopped twice, the first ranker was trained once
    return experiments


def test_the_filter_finds_most_of_the_flipped_chains(trained):
    (only,) = list_runs(trained)
    told = json.loads((only / "dropped.json").read_text())
    # Of 6 flipped chains one may pass, of 24 right ones two may be lost.
    assert told["kinds"]["flipped"]["dropped_lists"] >= NUM_FLIPPED - 1
    assert told["kinds"]["right"]["dropped_lists"] <= 2
    metrics = read_results(only).metrics
    assert metrics["num_dropped_lists"] == told["num_dropped_lists"]
    assert metrics["num_training_lists"] == NUM_TRAIN - told["num_dropped_lists"]
    assert metrics["rank_accuracy"] > 0.9  # 12 pairs of 4 chains; a guess has 0.5


def test_the_run_folder_holds_what_the_baseline_leaves(trained):
    (only,) = list_runs(trained)
    names = {path.name for path in only.iterdir()}
    assert len(list(only.glob("best_model_*.keras"))) == 1
    wanted = {"ranker.keras", "results.csv", "results.json", "report.html", "dropped.json"}
    assert wanted | {"hyperparams.json", "args.json"} <= names
    assert sorted(path.name for path in (only / "noise").iterdir()) == [
        "ranker_1",
        "ranker_2",
        "ranker_3",
    ]
    assert not list((only / "noise").rglob("checkpoints"))
    assert "How clearly the rankers of the noise filter" in (only / "report.html").read_text()


def test_a_later_run_takes_over_what_is_unchanged(trained, folders):
    (first,) = list_runs(trained)
    values = {"noise_epochs": 8, "noise_rankers": 3, "noise_margin": 0.5}
    assert run_triplets(folders, trained, "--index", "wide", **values) == 0
    second = next(path for path in list_runs(trained) if path != first)
    for number in (1, 2, 3):
        scores = [each / "noise" / f"ranker_{number}" / "scores.npz" for each in (first, second)]
        assert scores[0].samefile(scores[1])


def test_counting_goes_on_from_triplets(trained, drawn_data, tiny_config):
    base = ["--data_dir", drawn_data, "--params_dir", tiny_config, "--experiment_path", trained]
    assert run(finetune_wrapper, *base, "--set", "continues=training/triplets") == 0
    (counted,) = list_runs(trained, "noisy_synth_regress")
    assert "ranker_rank_accuracy" in read_results(counted).metrics


def test_without_a_filter_no_list_is_judged(folders, tmp_path):
    assert run_triplets(folders, tmp_path, noise_rankers=0) == 0
    (only,) = list_runs(tmp_path)
    assert not (only / "noise").exists() and not (only / "dropped.json").exists()
    assert read_results(only).metrics["num_training_lists"] == NUM_TRAIN


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"noise_rankers": 1}, "`noise_rankers` must be 0 or at least 2"),
        ({"noise_rankers": 10, "batch_size": 20}, "leaves 15 of 30 lists for a `batch_size` of 20"),
        ({"join_pairs": "true", "list_length": 4}, "`join_pairs` must find pairs"),
        ({"noise_margin": -1}, "`noise_margin`"),
    ],
)
def test_bad_values_are_named_and_leave_nothing(folders, tmp_path, capsys, values, message):
    assert run_triplets(folders, tmp_path, **values) == 2
    printed = capsys.readouterr().err
    assert message in printed and "Traceback" not in printed
    assert not list(tmp_path.glob("triplets/**/*"))


def test_nothing_left_after_filtering_is_one_message(folders, tmp_path, capsys, monkeypatch):
    def score_backwards(number, jury, lists, *_):  # c, b, a of each chain, whatever is flipped
        return np.arange(len(lists.training_source.paths)) % 3.0

    monkeypatch.setattr("training.triplets.filtering.run_ranker", score_backwards)
    assert run_triplets(folders, tmp_path, noise_rankers=2, batch_size=7) == 2
    printed = capsys.readouterr().err
    assert "the noise filter must leave a batch of ranked lists. Of 30 lists 24" in printed
    assert "Traceback" not in printed


def test_a_stopped_run_ends_as_an_uninterrupted_one(trained, folders, tmp_path):
    assert run_triplets(folders, tmp_path, noise_epochs=8, noise_rankers=3) == 0
    (stopped,), (whole,) = list_runs(trained, "triplets/chains/0"), list_runs(tmp_path)
    assert read_results(whole).metrics == read_results(stopped).metrics
    told = [json.loads((each / "dropped.json").read_text()) for each in (stopped, whole)]
    assert told[0] == told[1]
