import numpy as np

from datasets.scene_listings import (
    list_noisy,
    list_objects,
    list_pairs,
    list_splits,
    list_test,
    miscount,
)


def test_miscount_is_never_negative_and_errs_more_for_large_counts():
    few = np.array([miscount(2, 0, index) for index in range(2000)])
    many = np.array([miscount(50, 0, index) for index in range(2000)])
    none = np.array([miscount(0, 0, index) for index in range(2000)])
    assert min(few.min(), many.min(), none.min()) >= 0
    # .4 + .15 n is .7 and 7.9; rounding adds 1/12 to the variance: sqrt(.49 + .083) = .757.
    assert abs(few.std() - 0.757) < 0.05
    assert abs(many.std() - 7.9) < 0.4
    assert abs(many.mean() - 50) < 0.6  # 3 x 7.9 / sqrt(2000) = .53
    # e > .5 happens with probability 1 - Phi(1.25) = .106 for sigma .4.
    assert 0.08 < (none > 0).mean() < 0.135


def test_miscount_depends_on_seed_and_index_alone():
    assert miscount(40, 1, 2) == miscount(40, 1, 2)
    assert len({miscount(40, 1, index) for index in range(30)}) > 5


def test_list_pairs_holds_out_the_last_fifteen_per_cent():
    counts = [{"image": str(number), "count": 0} for number in range(60)]
    listed = list_pairs(counts)
    assert (len(listed["train"]), len(listed["val"])) == (34, 6)  # .15 x 20 scenes, two pairs each
    names = [(item["source_image"], item["target_image"]) for item in listed["val"]]
    assert names[-2:] == [("57", "58"), ("57", "59")]
    assert [item["info"]["type"] for item in listed["val"]] == ["removed", "moved"] * 3


def test_listings_take_no_picture():
    assert list_noisy(0, []) == []
    assert list_test([]) == {"test": []}
    assert list_objects([])["annotations"] == []


def test_list_objects_writes_width_and_height():
    picture = {
        "image": "a.jpg",
        "height": 20,
        "width": 30,
        "points": [[5.0, 6.0], [7.0, 8.0]],
        "boxes": [[1.0, 2.0, 5.0, 9.0], [3.0, 4.0, 6.0, 8.0]],
        "areas": [11, 12],
    }
    listed = list_objects([picture, {**picture, "image": "b.jpg"}])
    assert [image["id"] for image in listed["images"]] == [1, 2]
    first = listed["annotations"][0]
    assert first["bbox"] == [1, 2, 4, 7]  # 5 - 1, 9 - 2
    assert first["point"] == [5, 6] and first["area"] == 11
    assert [item["image_id"] for item in listed["annotations"]] == [1, 1, 2, 2]
    assert [item["id"] for item in listed["annotations"]] == [1, 2, 3, 4]


def test_list_splits_shares_out_in_order():
    splits = list_splits(list(range(20)))  # 15 % of 20 validate, 20 % test
    assert splits == {"train": [*range(13)], "val": [13, 14, 15], "test": [16, 17, 18, 19]}


def test_list_objects_numbers_classes_by_name():
    picture = {"image": "a.jpg", "height": 4, "width": 5, "points": [[1, 2]]}
    picture |= {"boxes": [[1, 0, 4, 2]], "areas": [6], "classes": ["tree"]}
    listed = list_objects([picture, {**picture, "image": "b.jpg", "classes": ["car"]}])
    assert listed["categories"] == [{"id": 1, "name": "car"}, {"id": 2, "name": "tree"}]
    assert [item["category_id"] for item in listed["annotations"]] == [2, 1]
    assert listed["annotations"][0]["bbox"] == [1, 0, 3, 2]
