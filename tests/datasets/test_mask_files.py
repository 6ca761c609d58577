from pathlib import Path

import pytest
from PIL import Image

from config.errors import InputError
from datasets.mask_files import add_masks, read_class_names
from datasets.tagged_pictures import TaggedPicture, make_tag_record


@pytest.fixture
def zoo(tmp_path):
    for name in ("masks/1.png", "masks/cat/1.png"):
        (tmp_path / "zoo" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (2, 2)).save(tmp_path / "zoo" / name)
    return tmp_path / "zoo"


def add(zoo, pictures, **options):
    return add_masks(pictures, zoo.parent, zoo, options.pop("masks", "masks"), **options)


def test_masks_of_one_class_a_picture_are_foreground(zoo):
    pictures = [
        TaggedPicture(zoo / "cat" / "1.jpg", ("cat",)),
        TaggedPicture(zoo / "2.jpg", ("a",)),
    ]
    first, second = add(zoo, pictures)
    assert first.mask == zoo / "masks" / "cat" / "1.png" and first.mask_names == ()
    assert second.mask is None
    assert add(zoo, pictures, class_names=("a", "cat"))[0].mask_names == ("a", "cat")


def test_masks_of_several_classes_are_ids_in_sorted_order(zoo):
    pictures = [TaggedPicture(zoo / "1.jpg", ("rat", "ape")), TaggedPicture(zoo / "2.jpg", ("b",))]
    first, _ = add(zoo, pictures)
    assert first.mask == zoo / "masks" / "1.png" and first.mask_names == ("ape", "b", "rat")
    assert make_tag_record(first, first.mask_names).mask_values == "sorted_ids"
    listed, _ = add(zoo, pictures, class_names=("ape", "b", "rat"))
    assert make_tag_record(listed, first.mask_names).mask_values == "ids"


def test_masks_of_an_absent_folder_are_none(zoo):
    picture = TaggedPicture(zoo / "1.jpg", ("a",), mask=Path("old.png"), mask_names=("a",))
    (found,) = add(zoo, [picture], masks="other")
    assert found.mask is None and found.mask_names == ()


def test_masks_of_other_pictures_and_folders_outside_are_refused(zoo):
    with pytest.raises(InputError, match="must hold label maps .* such as `7.png`"):
        add(zoo, [TaggedPicture(zoo / "7.jpg", ("a",))])
    with pytest.raises(InputError, match="must lie inside the data folder"):
        add(zoo, [], masks="../..")


def test_read_class_names_drops_the_background_only_at_the_start(tmp_path):
    assert read_class_names(tmp_path) == ()
    for text, names in (("null\na\n", ("a",)), ("a\nbackground\n", ("a", "background"))):
        (tmp_path / "classes.txt").write_text(text)
        assert read_class_names(tmp_path) == names
    (tmp_path / "classes.txt").write_text("background\n")
    with pytest.raises(InputError, match="a class besides the background"):
        read_class_names(tmp_path)
