import pytest

from config.errors import InputError
from datasets.voc_lists import read_class_lists, read_split_lists


def write(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_read_split_lists_prefers_segmentation_and_the_larger_list(tmp_path):
    write(
        tmp_path,
        {
            "ImageSets/Main/train.txt": "m\n",
            "ImageSets/Segmentation/train.txt": "a\n",
            "ImageSets/Segmentation/train_aug.txt": "/JPEGImages/a.jpg\t/Aug/a.png\n\nb.1\n",
            "ImageSets/Segmentation/val.txt": "c \n",
        },
    )
    lists = read_split_lists(tmp_path, tmp_path)
    assert lists == {"train": {"a": "/Aug/a.png", "b.1": ""}, "val": {"c": ""}}
    main = read_split_lists(tmp_path, tmp_path / "ImageSets" / "Main")
    assert main == {"train": {"m": ""}}


def test_read_split_lists_takes_trainval_without_val(tmp_path):
    write(tmp_path, {"trainval.txt": "a\nb\n"})
    assert read_split_lists(tmp_path, tmp_path) == {}
    write(tmp_path, {"val.txt": "b\n"})
    assert read_split_lists(tmp_path, tmp_path) == {"train": {"a": ""}, "val": {"b": ""}}


@pytest.mark.parametrize(("content", "message"), [(b"\n", "names none"), (b"\xff", "text in UTF")])
def test_read_split_lists_names_a_bad_list(tmp_path, content, message):
    (tmp_path / "val.txt").write_bytes(content)
    with pytest.raises(InputError, match=f"val.txt` .*{message}"):
        read_split_lists(tmp_path, tmp_path)


def test_read_class_lists_counts_difficult_objects_as_present(tmp_path):
    write(
        tmp_path,
        {
            "cat_train.txt": "a  1\nb -1\n",
            "cat_trainval.txt": "a  1\nb -1\nc  0\n",
            "wild_rat_val.txt": "c  1\n",
            "notes_old.txt": "no list\n",
        },
    )
    found = read_class_lists(tmp_path, tmp_path)
    assert found == {
        "a": ({"cat"}, "train"),
        "b": (set(), "train"),
        "c": ({"cat", "wild_rat"}, "val"),
    }


@pytest.mark.parametrize("line", ["a", "a 2", "a 1 1"])
def test_read_class_lists_names_a_bad_line(tmp_path, line):
    write(tmp_path, {"cat_val.txt": f"b 1\n{line}\n"})
    with pytest.raises(InputError, match="cat_val.txt` line 2 must be a picture and 1, 0 or -1"):
        read_class_lists(tmp_path, tmp_path)


def test_read_class_lists_needs_a_list(tmp_path):
    with pytest.raises(InputError, match="must hold lists `<class>_train.txt`"):
        read_class_lists(tmp_path, tmp_path)
