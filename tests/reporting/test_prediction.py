import pytest
from PIL import Image

from config.errors import InputError
from reporting.prediction import find_images, predict_images


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
