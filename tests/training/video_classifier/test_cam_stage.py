import json
import os
from dataclasses import replace

import numpy as np
import pytest

from config.errors import InputError
from training.video_classifier import cam_stage
from training.video_classifier.cam_stage import (
    describe_cams,
    open_shot_cams,
    read_cam_settings,
    read_shot_cams,
    write_shot_cams,
)
from training.video_classifier.frame_runs import ShotCamSettings

SETTINGS = ShotCamSettings(image_size=32, method="grad_cam")


@pytest.fixture
def run(classifier, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    classifier.save(folder / "best_localization.keras")
    (folder / "tags.json").write_text(json.dumps({"image_size": 32, "cam_method": "grad_cam"}))
    return folder


class Drawn(list):
    """The names of the shots that were drawn, in order."""

    stop_after = None


@pytest.fixture
def drawn(monkeypatch):
    names, make = Drawn(), cam_stage.make_shot_drawer

    def make_spy(*args, **kwargs):
        draw = make(*args, **kwargs)

        def draw_shot(shot):
            if len(names) == names.stop_after:
                raise KeyboardInterrupt
            names.append(shot.name)
            return draw(shot)

        return draw_shot

    monkeypatch.setattr(cam_stage, "make_shot_drawer", make_spy)
    return names


def write(run, shots, folder=None, settings=SETTINGS, **options):
    options = {"batch_size": 2, "max_pixels": 10_000, **options}
    return write_shot_cams(run, shots, folder or run / "cams", settings=settings, **options)


def test_write_shot_cams_keeps_a_map_a_frame(run, shots):
    write(run, shots)
    store = open_shot_cams(run / "cams", describe_cams(run, SETTINGS))
    assert store.keys() == ["blue/0", "red/0"]
    maps, classes = store.read("red/0")
    assert maps.shape == (3, 8, 8) and maps.dtype == np.float16 and classes == (2, 2, 2)
    assert read_shot_cams(store, shots[1]).dtype == np.float32
    assert maps.max() == 1 and maps.min() == 0


def test_write_shot_cams_goes_on_at_the_shot_where_it_stopped(run, shots, drawn):
    drawn.stop_after = 1
    with pytest.raises(KeyboardInterrupt):
        write(run, shots)
    with pytest.raises(InputError, match="not complete"):
        open_shot_cams(run / "cams", describe_cams(run, SETTINGS))
    drawn.stop_after = None
    write(run, shots)
    assert drawn == ["blue/0", "red/0"]
    os.utime(shots[0].frames[1], (1, 1))  # another file in its place
    write(run, shots)
    assert drawn == ["blue/0", "red/0", "blue/0"]
    write(run, [shots[0], shots[1].take([0, 2])])
    assert drawn[3:] == ["red/0"]


def test_write_shot_cams_draws_anew_with_other_settings(run, shots, drawn, caplog):
    write(run, shots)
    write(run, shots, settings=replace(SETTINGS, method="layer_cam"))
    assert len(drawn) == 4 and "`method` was grad_cam, now layer_cam" in caplog.text


def test_write_shot_cams_takes_over_what_another_run_has(run, shots, drawn, tmp_path):
    write(run, shots)
    write(run, shots, tmp_path / "other", earlier=[tmp_path / "absent", run / "cams"])
    assert len(drawn) == 2
    assert open_shot_cams(tmp_path / "other", describe_cams(run, SETTINGS)).keys()


def test_write_shot_cams_tells_of_constant_maps(run, shots, caplog):
    wrong = replace(shots[0], tag=2)  # nothing is red in it
    write(run, [wrong])
    assert "blue/0: 3 of 3 maps are constant" in caplog.text


def test_open_shot_cams_names_the_command_that_makes_them(run, shots):
    identity = describe_cams(run, SETTINGS)
    with pytest.raises(InputError, match="absent or not complete; make them with") as caught:
        open_shot_cams(run / "cams", identity)
    assert str(caught.value).endswith(f"store_cams --model {run} --method grad_cam`.")
    assert not (run / "cams").exists()


def test_open_shot_cams_refuses_those_of_another_classifier(run, shots, classifier):
    write(run, shots)
    classifier.layers[-1].set_weights([np.ones((3, 2))])
    classifier.save(run / "best_localization.keras")
    with pytest.raises(InputError, match=r"maps of this classifier.*`model` was .*, now "):
        open_shot_cams(run / "cams", describe_cams(run, SETTINGS))


def test_read_shot_cams_refuses_another_shot(run, shots):
    store = write(run, shots[:1])
    with pytest.raises(InputError, match="must hold the maps of the shot red/0; make them"):
        read_shot_cams(store, shots[1])
    with pytest.raises(InputError, match="for each of the 2 frames.*holds 3 maps"):
        read_shot_cams(store, shots[0].take([0, 1]))
    with pytest.raises(InputError, match=r"a map of red.*of tags \[1\]"):
        read_shot_cams(store, replace(shots[0], tag=2))


def test_describe_cams_needs_a_finished_run(tmp_path):
    with pytest.raises(InputError, match="must be a finished run of training/video_classifier"):
        describe_cams(tmp_path, SETTINGS)


def test_read_cam_settings_reads_what_scoring_wrote(run):
    assert read_cam_settings(run) == SETTINGS
    assert read_cam_settings(run, method="cam").method == "cam"
    (run / "tags.json").write_text('{"image_size": null}')
    with pytest.raises(InputError, match="must tell how maps of shots are drawn"):
        read_cam_settings(run)


def test_read_shot_cams_in_a_run_that_learns_from_them_names_its_own_command(run, shots, tmp_path):
    other = tmp_path / "decoder"
    store = write(run, shots[:1], other / "cams")
    for command in ("python finetune_wrapper.py --experiment_dir x", None):
        (other / "args.json").write_text(json.dumps({"command": command} if command else {}))
        (other / "hyperparams.json").write_text("{}")
        with pytest.raises(InputError) as caught:
            read_shot_cams(store, shots[1])
        wanted = command or "python finetune_wrapper.py --experiment finetuning/temporal_cam"
        assert f"make them with `{wanted}`." in str(caught.value)
