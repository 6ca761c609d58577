import pytest

from config.errors import InputError
from datasets.paths import (
    find_dataset,
    find_listing,
    find_pictures,
    index_pictures,
    join_inside,
    keep_inside,
    list_files,
    require_size,
)


def test_join_inside_takes_a_leading_slash_or_none(tmp_path):
    assert join_inside(tmp_path, "/a/b.jpg") == join_inside(tmp_path, "a/b.jpg")
    assert join_inside(tmp_path, "a/b.jpg") == tmp_path / "a" / "b.jpg"


def test_join_inside_allows_dots_that_stay_inside(tmp_path):
    assert join_inside(tmp_path, "a/../b.jpg").resolve() == (tmp_path / "b.jpg").resolve()


@pytest.mark.parametrize("name", ["../b.jpg", "/../b.jpg", "a/../../b.jpg", ".."])
def test_join_inside_refuses_names_that_climb_out(tmp_path, name):
    with pytest.raises(InputError, match="must lie inside the data folder.*copy the file there"):
        join_inside(tmp_path / "data", name)


def test_join_inside_refuses_a_sibling_with_the_same_start(tmp_path):
    with pytest.raises(InputError, match="must lie inside"):
        join_inside(tmp_path / "data", "../data_other/a.jpg")


def test_join_inside_refuses_a_link_that_leads_out(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "secret.txt").touch()
    (tmp_path / "data" / "a.jpg").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "data" / "folder").symlink_to(tmp_path)
    for name in ("a.jpg", "folder/secret.txt"):
        with pytest.raises(InputError, match="It leads to .*secret.txt"):
            join_inside(tmp_path / "data", name)


def test_join_inside_allows_a_link_that_stays_inside_and_a_linked_data_dir(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.jpg").touch()
    (tmp_path / "data" / "b.jpg").symlink_to(tmp_path / "data" / "a.jpg")
    (tmp_path / "link").symlink_to(tmp_path / "data")
    assert join_inside(tmp_path / "link", "b.jpg") == tmp_path / "link" / "b.jpg"


@pytest.mark.parametrize("name", ["", "/", None, 3])
def test_join_inside_refuses_an_empty_name(tmp_path, name):
    with pytest.raises(InputError, match="must be text that is not empty"):
        join_inside(tmp_path, name)


@pytest.mark.parametrize("name", ["a\0b", "\ud800.jpg"])
def test_join_inside_refuses_text_that_no_file_can_have(tmp_path, name):
    with pytest.raises(InputError, match="must be plain text"):
        join_inside(tmp_path, name)


def test_keep_inside_returns_the_path(tmp_path):
    assert keep_inside(tmp_path, tmp_path / "a.jpg") == tmp_path / "a.jpg"


def test_find_dataset_names_a_missing_data_dir_and_the_cure(tmp_path):
    with pytest.raises(InputError, match=r"`--data_dir`.*absent.*python synthesize\.py"):
        find_dataset(tmp_path / "absent", "crowd")


def test_find_dataset_names_a_missing_data_set_and_what_there_is(tmp_path):
    (tmp_path / "crowd").mkdir()
    with pytest.raises(InputError, match="`herd` must be a folder.*it holds crowd"):
        find_dataset(tmp_path, "herd")


def test_find_dataset_refuses_a_file(tmp_path):
    (tmp_path / "crowd").touch()
    with pytest.raises(InputError, match="must be a folder"):
        find_dataset(tmp_path, "crowd")


def test_list_files_is_sorted_and_leaves_hidden_files_out(tmp_path):
    for name in ("2.mat", "1.mat", ".hidden.mat", "3.txt"):
        (tmp_path / name).touch()
    assert list_files(tmp_path, tmp_path, "*.mat") == [tmp_path / "1.mat", tmp_path / "2.mat"]


def test_list_files_names_an_empty_and_a_missing_folder(tmp_path):
    with pytest.raises(InputError, match=r"must hold files named `\*\.mat`"):
        list_files(tmp_path, tmp_path, "*.mat")
    with pytest.raises(InputError, match="absent` must be a folder"):
        list_files(tmp_path, tmp_path / "absent", "*.mat")


def test_require_size_bounds_a_file(tmp_path):
    (tmp_path / "a.mat").write_bytes(b"12345")
    require_size(tmp_path / "a.mat", 5)
    with pytest.raises(InputError, match="at most 4 bytes.*It has 5"):
        require_size(tmp_path / "a.mat", 4)


def test_find_listing_takes_the_first_name_that_is_there(tmp_path):
    (tmp_path / "herd").mkdir()
    assert find_listing(tmp_path, "herd", "a.json", "b.json").name == "a.json"
    (tmp_path / "herd" / "b.json").touch()
    assert find_listing(tmp_path, "herd", "a.json", "b.json") == tmp_path / "herd" / "b.json"


def test_find_listing_takes_a_folder_with_a_suffix_for_a_folder(tmp_path):
    (tmp_path / "herd.csv").mkdir()
    assert find_listing(tmp_path, "herd.csv", "a.csv") == tmp_path / "herd.csv" / "a.csv"


def test_find_listing_refuses_a_file_outside(tmp_path):
    (tmp_path / "data").mkdir()
    for dataset in ("../a.csv", "../other"):
        with pytest.raises(InputError, match="must lie inside"):
            find_listing(tmp_path / "data", dataset, "a.csv")


def test_find_pictures_takes_the_folder_that_holds_any(tmp_path):
    folders = [tmp_path / "images", tmp_path]
    names = ["/a.png", "x/b.png"]
    assert find_pictures(tmp_path, folders, names, where="list")[0] == tmp_path / "images" / "a.png"
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "b.png").touch()
    assert find_pictures(tmp_path, folders, names, where="list") == [
        tmp_path / "a.png",
        tmp_path / "x" / "b.png",
    ]
    assert find_pictures(tmp_path, folders, [], where="list") == []


@pytest.mark.parametrize("name", ["", "/", None, 3, "a\0b"])
def test_find_pictures_names_the_bad_name(tmp_path, name):
    with pytest.raises(InputError, match="list picture 1: A file name must be"):
        find_pictures(tmp_path, [tmp_path], ["a.png", name], where="list")


def test_find_pictures_refuses_a_name_that_climbs_out(tmp_path):
    with pytest.raises(InputError, match="list picture 0: .*must lie inside"):
        find_pictures(tmp_path / "data", [tmp_path / "data"], ["../a.png"], where="list")


def test_index_pictures_takes_pictures_only(tmp_path):
    for name in ("a.jpg", "a.png", "b.TIF", ".c.png", "d.txt"):
        (tmp_path / name).touch()
    pictures = index_pictures(tmp_path, tmp_path)
    assert pictures == {"a": tmp_path / "a.jpg", "b": tmp_path / "b.TIF"}
    assert index_pictures(tmp_path, tmp_path / "absent") == {}
