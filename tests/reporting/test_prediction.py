import numpy as np
import pytest
from PIL import Image

from config.errors import InputError
from reporting.export import export_saved_model
from reporting.prediction import find_images, load_predictor, predict_images


def save_picture(path, size=(8, 6), value=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (value,) * 3).save(path)
    return path


class Recorder:
    """A predictor that remembers the shapes it was called with."""

    def __init__(self, most=None):
        self.shapes = []
        self.most = most

    def __call__(self, images):
        self.shapes.append(images.shape)
        if self.most is not None and len(images) > self.most:
            raise ValueError("too many")
        return {"count": images.mean(axis=(1, 2, 3))}


def run(predictor, paths, **options):
    images = [(path.name, path) for path in paths]
    return list(predict_images(predictor, images, max_pixels=1000, **options))


def test_find_images_lists_a_folder_without_its_folders(tmp_path):
    save_picture(tmp_path / "b.PNG")
    save_picture(tmp_path / "a,1.jpg")
    save_picture(tmp_path / "inside" / "c.png")
    (tmp_path / "notes.txt").write_text("")
    assert [name for name, _ in find_images(str(tmp_path))] == ["a,1.jpg", "b.PNG"]


def test_find_images_keeps_names_apart_that_a_glob_finds_in_two_folders(tmp_path):
    save_picture(tmp_path / "x" / "a.png")
    save_picture(tmp_path / "y" / "a.png")
    assert [name for name, _ in find_images(f"{tmp_path}/**/*.png")] == ["x/a.png", "y/a.png"]


def test_find_images_takes_one_picture_whatever_its_name(tmp_path):
    path = save_picture(tmp_path / "[odd] *.png")
    assert find_images(str(path)) == [("[odd] *.png", path)]


def test_find_images_names_an_empty_folder_and_a_pattern_without_match(tmp_path):
    with pytest.raises(InputError, match="a folder without pictures"):
        find_images(str(tmp_path))
    with pytest.raises(InputError, match="a path that matches no file"):
        find_images(str(tmp_path / "*.jpg"))


def test_predict_images_shares_a_call_between_neighbours_of_one_size(tmp_path):
    sizes = [(8, 6), (8, 6), (8, 6), (4, 4), (8, 6)]
    paths = [save_picture(tmp_path / f"{i}.png", size, i) for i, size in enumerate(sizes)]
    predictor = Recorder()
    results = run(predictor, paths, batch_size=2)
    assert predictor.shapes == [(2, 6, 8, 3), (1, 6, 8, 3), (1, 4, 4, 3), (1, 6, 8, 3)]
    assert [item.outputs["count"] for item, _ in results] == [0, 1, 2, 3, 4]
    assert [item.image for item, _ in results] == [path.name for path in paths]


def test_predict_images_goes_on_after_a_bad_picture(tmp_path):
    paths = [save_picture(tmp_path / f"{i}.png") for i in range(3)]
    paths[1].write_bytes(paths[1].read_bytes()[:45])  # the header is whole, the pixels are not
    results = run(Recorder(), paths, batch_size=3)
    assert [bool(item.error) for item, _ in results] == [False, True, False]
    assert "1.png" in results[1][0].error and results[1][1] is None


def test_predict_images_refuses_too_many_pixels(tmp_path):
    [(prediction, _)] = run(Recorder(), [save_picture(tmp_path / "a.png", (100, 100))])
    assert "a.png" in prediction.error and "1000" in prediction.error.replace(",", "")


def test_predict_images_tries_each_alone_when_a_batch_fails(tmp_path):
    paths = [save_picture(tmp_path / f"{i}.png", value=i) for i in range(2)]
    results = run(Recorder(most=1), paths, batch_size=2)
    assert [item.outputs["count"] for item, _ in results] == [0, 1]


def test_predict_images_says_what_the_model_refused(tmp_path):
    [(prediction, picture)] = run(Recorder(most=0), [save_picture(tmp_path / "a.png")])
    assert prediction.error == "the model refused the picture: too many"
    assert picture.shape == (6, 8, 3)


def test_load_predictor_gives_the_same_from_run_file_and_saved_model(counter_file, tmp_path):
    from reporting.model_files import load_keras_model

    alone = tmp_path / "exported"
    export_saved_model(load_keras_model(counter_file), alone, max_pixels=10**6)
    images = np.random.default_rng(0).integers(0, 256, (2, 41, 35, 3), np.uint8)
    expected = load_predictor(counter_file)(images)
    assert expected["patch_counts"].shape == (2, 4) and expected["count"].min() > 0
    for model in (counter_file.parent, alone):
        np.testing.assert_allclose(load_predictor(model)(images)["count"], expected["count"], 1e-4)


def test_load_predictor_prefers_the_exported_model_of_a_run(brightness_counter, tmp_path):
    export_saved_model(brightness_counter, tmp_path / "saved_model", max_pixels=10**5)
    white = np.full((1, 7, 5, 3), 255, np.uint8)
    np.testing.assert_allclose(load_predictor(tmp_path)(white)["count"], [4], rtol=1e-5)


def test_load_predictor_names_a_broken_saved_model(tmp_path):
    (tmp_path / "saved_model.pb").write_bytes(b"broken")
    with pytest.raises(InputError, match="must be a whole SavedModel"):
        load_predictor(tmp_path)


def test_load_predictor_refuses_an_encoder(counter_file, tmp_path):
    from models.encoders import build_encoder

    build_encoder("mobilenet_v2", (32, 32, 3), alpha=0.35).save(tmp_path / "best.keras")
    with pytest.raises(InputError, match="best.keras must take pictures .* of any size"):
        load_predictor(tmp_path / "best.keras")
