import pytest
from PIL import Image

from config.errors import InputError
from datasets.voc_tags import VOC_CLASSES, list_voc_tags

BOX = (1, 1, 3, 3)


@pytest.fixture
def voc(tmp_path, write_voc):
    """Four pictures of 8 x 6 pixels: a cat; b cat, difficult dog; c dog; d no list names."""
    folder = tmp_path / "VOC2012"
    content = {"a": [("cat", 0)], "b": [("cat", 0), ("dog", 1)], "c": [("dog", 0)], "d": []}
    for name in ("JPEGImages", "SegmentationClass", "SegmentationClassAug"):
        (folder / name).mkdir(parents=True)
    for stem, objects in content.items():
        write_voc(folder / "Annotations" / f"{stem}.xml", [(n, BOX, hard) for n, hard in objects])
        Image.new("RGB", (8, 6)).save(folder / "JPEGImages" / f"{stem}.jpg")
    for mask in ("SegmentationClass/a", "SegmentationClassAug/a", "SegmentationClassAug/b"):
        Image.new("L", (8, 6)).save(folder / f"{mask}.png")
    write_list(folder, "Segmentation/train", "a\nb\n")
    write_list(folder, "Segmentation/val", "c\n")
    return folder


def write_list(folder, name, text):
    path = folder / "ImageSets" / f"{name}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def read(voc, name="VOC2012"):
    return list_voc_tags(voc.parent, name)


def test_tags_are_of_all_objects_and_boxes_of_those_that_are_not_difficult(voc):
    pictures = read(voc)
    assert [(p.image.stem, p.names, p.split) for p in pictures] == [
        ("a", ("cat",), "train"),
        ("b", ("cat", "dog"), "train"),
        ("c", ("dog",), "val"),
    ]
    assert pictures[1].box_names == ("cat",) and pictures[1].boxes.tolist() == [[0, 0, 3, 3]]


def test_masks_are_the_official_ones_or_those_of_the_larger_set(voc):
    a, b, c = read(voc)
    assert a.mask == voc / "SegmentationClass" / "a.png" and a.mask_names == VOC_CLASSES
    assert b.mask == voc / "SegmentationClassAug" / "b.png" and c.mask is None
    assert (
        VOC_CLASSES[7] == "cat"
        and len(VOC_CLASSES) == 20
        and list(VOC_CLASSES) == sorted(VOC_CLASSES)
    )
    line = "/JPEGImages/a.jpg /SegmentationClassAug/a.png\n"
    write_list(voc, "Segmentation/list/train_aug", line)
    (listed,) = read(voc)
    assert listed.mask == voc / "SegmentationClassAug" / "a.png"


def test_other_class_names_have_their_own_ids(voc, write_voc):
    write_voc(voc / "Annotations" / "a.xml", [("zebra", BOX, 0)])
    assert read(voc)[0].mask_names == ("cat", "dog", "zebra")
    (voc / "classes.txt").write_text("zebra\ndog\ncat\n")
    assert read(voc)[0].mask_names == ("zebra", "dog", "cat")


def test_lists_of_classes_serve_where_there_is_no_xml(voc):
    for stem in "abcd":
        (voc / "Annotations" / f"{stem}.xml").unlink()
    write_list(voc, "Main/cat_train", "a  1\nb  1\nc -1\n")
    write_list(voc, "Main/dog_train", "a -1\nb  0\nc  1\n")
    assert [(p.names, p.split) for p in read(voc)] == [
        (("cat",), "train"),
        (("cat", "dog"), "train"),
        (("dog",), "val"),
    ]


def test_a_folder_of_lists_can_be_chosen(voc):
    write_list(voc, "Main/train", "d\n")
    (picture,) = read(voc, "VOC2012/ImageSets/Main")
    assert picture.image == voc / "JPEGImages" / "d.jpg" and picture.names == ()


def test_without_lists_all_pictures_have_no_split(voc):
    for name in ("train", "val"):
        (voc / "ImageSets" / "Segmentation" / f"{name}.txt").unlink()
    assert [p.split for p in read(voc)] == [None] * 4


def test_a_damaged_file_is_a_problem_of_its_picture(voc):
    (voc / "Annotations" / "b.xml").write_text("<annotation>")
    assert "b.xml" in read(voc)[1].problem


def test_bad_lists_are_named(voc):
    write_list(voc, "Segmentation/val", "c\nx\n")
    with pytest.raises(InputError, match="the split val must name .* `x` has neither"):
        read(voc)
    write_list(voc, "Segmentation/val", "c\na\n")
    with pytest.raises(InputError, match="`a` is in train and val"):
        read(voc)
    write_list(voc, "Segmentation/val", "c /../../x.png\n")
    with pytest.raises(InputError, match="must lie inside the data folder"):
        read(voc)
