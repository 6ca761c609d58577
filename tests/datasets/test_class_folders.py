import pytest
from PIL import Image

from config.errors import InputError
from datasets.class_folders import list_class_folders


def write(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 3)).save(folder / name)


def test_folders_are_tags_and_masks_lie_beside_them(tmp_path):
    write(tmp_path / "zoo", "rat/1.png", "cat/1.png", "cat/1.jpg", "masks/cat/1.png", ".x/1.png")
    (tmp_path / "zoo" / "empty").mkdir()
    pictures = list_class_folders(tmp_path, "zoo")
    assert [(p.image.parent.name, p.image.suffix, p.names) for p in pictures] == [
        ("cat", ".jpg", ("cat",)),
        ("cat", ".png", ("cat",)),
        ("rat", ".png", ("rat",)),
    ]
    assert pictures[0].mask == tmp_path / "zoo" / "masks" / "cat" / "1.png"
    assert pictures[2].mask is None and pictures[0].mask_names == ()


def test_folders_of_splits(tmp_path):
    write(tmp_path / "zoo", "train/cat/1.png", "valid/cat/2.png", "test/rat/3.png", "more/x/4.png")
    pictures = list_class_folders(tmp_path, "zoo")
    found = sorted((p.split, p.names[0], p.image.stem) for p in pictures)
    assert found == [("test", "rat", "3"), ("train", "cat", "1"), ("val", "cat", "2")]


def test_a_folder_without_pictures_is_refused(tmp_path):
    (tmp_path / "zoo" / "cat").mkdir(parents=True)
    with pytest.raises(InputError, match="a folder of pictures for each class"):
        list_class_folders(tmp_path, "zoo")


def test_a_link_out_of_the_data_is_refused(tmp_path):
    write(tmp_path / "elsewhere", "1.png")
    (tmp_path / "data" / "zoo").mkdir(parents=True)
    (tmp_path / "data" / "zoo" / "cat").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="must lie inside the data folder"):
        list_class_folders(tmp_path / "data", "zoo")
