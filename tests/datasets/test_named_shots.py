from pathlib import Path

from datasets.named_shots import NamedShot, name_shot, order_frames


def test_frames_are_ordered_by_the_numbers_in_their_names():
    names = ["b2.jpg", "a10.jpg", "a9.jpg", "a09.jpg", "7.jpg"]
    found = [path.name for path in order_frames(map(Path, names))]
    assert found == ["7.jpg", "a09.jpg", "a9.jpg", "a10.jpg", "b2.jpg"]
    assert order_frames([]) == ()


def test_frames_of_digits_of_other_alphabets_are_ordered_too():
    assert [path.name for path in order_frames([Path("٣.jpg"), Path("²1.jpg")])]


def test_names_have_no_dots_and_no_leading_slash():
    assert name_shot("./zoo/", "cat", "1") == "zoo/cat/1"
    assert name_shot("otb/DragonBaby") == "otb/DragonBaby"


def test_the_first_frame_stands_for_the_shot():
    assert NamedShot("a", (Path("1.jpg"), Path("2.jpg")), "cat").image == Path("1.jpg")
