import pytest

from config.errors import InputError
from datasets.paths import find_dataset, join_inside, keep_inside, list_files, require_size


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
