import json

import numpy as np
import pytest

from config.errors import InputError
from datasets.coco import list_coco_objects, read_coco


def box(image=1, category=1, bbox=(2, 1, 3, 4), **others):
    item = {"image_id": image, "category_id": category, "bbox": bbox} | others
    return {key: value for key, value in item.items() if value != "absent"}


def write(path, annotations, *, names=("a.jpg",), categories=("cat",)):
    content = {
        "images": [{"id": i, "file_name": name} for i, name in enumerate(names, start=1)],
        "annotations": annotations,
        "categories": [{"id": i, "name": name} for i, name in enumerate(categories, start=1)],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))


def read_points(tmp_path, *annotations):
    write(tmp_path / "coco" / "objects.json", list(annotations))
    return read_coco(tmp_path, "coco", "train")[0].points.tolist()


def test_read_coco_gives_the_centres_of_boxes(tmp_path):
    # x 2 to 5, y 1 to 5
    assert read_points(tmp_path, box()) == [[3.0, 3.5]]


def test_read_coco_prefers_a_point_and_a_single_keypoint(tmp_path):
    annotations = [
        box(point=[0.5, 7], keypoints=[1, 2, 2]),
        box(keypoints=[1, 2, 2]),
        box(keypoints=[1, 2, 0]),  # not labelled
        box(keypoints=[1, 2, 2, 3, 4, 2]),  # a skeleton
        box(bbox="absent", point=[4, 4]),
    ]
    expected = [[0.5, 7], [2, 1], [3, 3.5], [3, 3.5], [4, 4]]
    assert read_points(tmp_path, *annotations) == expected


def test_read_coco_leaves_crowds_and_empty_boxes_out(tmp_path, caplog):
    annotations = [box(iscrowd=1), box(bbox=(2, 1, 0, 4)), box(bbox=(2, 1, 3, -4)), box(iscrowd=0)]
    assert len(read_points(tmp_path, *annotations)) == 1
    assert [message.split(", whose")[0][-12:] for message in caplog.messages] == [
        "annotation 1",
        "annotation 2",
    ]


def test_read_coco_reads_a_file_a_split_and_numbers_all_classes(tmp_path):
    folder = tmp_path / "coco"
    train = [box(1, 2), box(2, 1)]
    path = folder / "annotations" / "instances_train2017.json"
    write(path, train, names=("b.jpg", "a.jpg"), categories=("rat", "cat"))
    path = folder / "annotations" / "instances_val2017.json"
    write(path, [], names=("c.jpg",), categories=("rat", "cat", "ant"))
    (folder / "train2017").mkdir()
    (folder / "train2017" / "a.jpg").touch()
    records = read_coco(tmp_path, "coco", "train")
    assert [record.image for record in records] == [
        folder / "train2017" / name for name in ("a.jpg", "b.jpg")
    ]
    assert records[0].class_names == ("ant", "cat", "rat")
    assert [record.classes.tolist() for record in records] == [[3], [2]]
    (val,) = read_coco(tmp_path, "coco", "val")
    assert val.count == 0 and val.points.shape == (0, 2) and val.classes.shape == (0,)
    with pytest.raises(InputError, match=r"instances_val2017\.json` must hold .*split test"):
        read_coco(tmp_path, "coco", "test")


def test_read_coco_takes_every_fifth_of_one_file(tmp_path):
    write(tmp_path / "coco" / "annotations.json", [], names=[f"{i}.jpg" for i in range(6)])
    assert [record.image.stem for record in read_coco(tmp_path, "coco", "test")] == ["4"]
    assert read_coco(tmp_path, "coco", "val") == []


def test_read_coco_has_no_validation_file(tmp_path):
    write(tmp_path / "coco" / "annotations" / "instances_train.json", [])
    assert read_coco(tmp_path, "coco", "val") == []


def test_read_coco_reads_a_drawn_data_set_with_its_splits(drawn_data):
    truth = json.loads((drawn_data / "synthetic_test" / "true_counts.json").read_text())
    records = read_coco(drawn_data, "synthetic_test", "test")
    assert {r.image.name: r.count for r in records} == {
        item["image"].split("/")[-1]: item["count"] for item in truth
    }
    assert all(record.image.is_file() for record in records)
    inside = [((r.points >= 0) & (r.points < (48, 64))).all() for r in records]
    assert all(inside) and records[0].class_names == ("person",)
    assert len(read_coco(drawn_data, "synthetic_noisy", "train")) == 12
    ranked = [len(read_coco(drawn_data, "synthetic_ranked", s)) for s in ("train", "val")]
    # 8 scenes of 3 pictures, of which round(0.15 * 8) = 1 scene validates
    assert ranked == [21, 3]
    with pytest.raises(InputError, match="pictures of the split train. It has none"):
        read_coco(drawn_data, "synthetic_test", "train")


def test_read_coco_names_a_picture_that_the_splits_lack(tmp_path):
    write(tmp_path / "coco" / "objects.json", [])
    (tmp_path / "coco" / "annotations.json").write_text('[{"image": "b.jpg", "count": 1}]')
    with pytest.raises(InputError, match=r"objects\.json` `a\.jpg` must be in `annotations\.json`"):
        read_coco(tmp_path, "coco", "train")


@pytest.mark.parametrize(
    "item, message",
    [
        (box(image=9), "`image_id` must be the id of one. 9 is not"),
        (box(category=9), "`category_id` must be the id of one"),
        (box(image="absent"), "must be an object with `image_id`"),
        (box(bbox="absent"), "must be an object with `bbox`"),
        (box(bbox=(1, 2, 3)), "`bbox` must be 4 finite numbers"),
        (box(bbox=(1, 2, float("nan"), 3)), "`bbox` must be 4 finite numbers"),
        (box(point=[1]), "`point` must be 2 finite numbers"),
        (box(keypoints=3), "`keypoints` must be N finite numbers"),
        (3, "must be an object with `image_id`. Received int"),
    ],
)
def test_read_coco_names_the_bad_annotation(tmp_path, item, message):
    with pytest.raises(InputError, match=rf"objects\.json` annotation 1:? {message}"):
        read_points(tmp_path, box(), item)


@pytest.mark.parametrize("key", ["images", "annotations", "categories"])
@pytest.mark.parametrize("value", ["absent", 3, [{}]])
def test_read_coco_names_a_file_of_another_shape(tmp_path, key, value):
    write(tmp_path / "coco" / "objects.json", [])
    content = json.loads((tmp_path / "coco" / "objects.json").read_text())
    content = {k: v for k, v in (content | {key: value}).items() if v != "absent"}
    (tmp_path / "coco" / "objects.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=rf"objects\.json`.*{key[:5]}|objects\.json` categ"):
        read_coco(tmp_path, "coco", "train")


def test_read_coco_refuses_a_list_an_id_twice_and_a_name_that_climbs_out(tmp_path):
    (tmp_path / "coco").mkdir()
    path = tmp_path / "coco" / "objects.json"
    path.write_text("[]")
    with pytest.raises(InputError, match="must be an object with `categories`. Received list"):
        read_coco(tmp_path, "coco", "train")
    write(path, [], names=("a.jpg", "b.jpg"))
    path.write_text(path.read_text().replace('"id": 2', '"id": 1'))
    with pytest.raises(InputError, match="`id` of its own"):
        read_coco(tmp_path, "coco", "train")
    write(path, [], names=("../../../a.jpg",))
    with pytest.raises(InputError, match=r"objects\.json` picture 0: .*must lie inside"):
        read_coco(tmp_path, "coco", "train")


def test_read_coco_reads_one_object_as_one_row(tmp_path):
    write(tmp_path / "coco" / "objects.json", [box()])
    record = read_coco(tmp_path, "coco", "train")[0]
    assert record.points.shape == (1, 2) and record.points.dtype == np.float64


def test_list_coco_objects_gives_boxes_of_all_splits(tmp_path):
    folder = tmp_path / "coco" / "annotations"
    annotations = [
        box(),
        box(point=[1, 1], bbox="absent"),
        box(point=[1, 1], bbox=[]),
        box(iscrowd=1),
    ]
    write(folder / "instances_train2017.json", [*annotations, box(bbox=(1, 1, 0, 1))])
    write(folder / "instances_test2017.json", [box(bbox=(-3, 0, 90, 2))], names=("b.jpg",))
    test, train = list_coco_objects(tmp_path, "coco")
    np.testing.assert_array_equal(train.boxes, [[2, 1, 5, 5], [np.nan] * 4, [np.nan] * 4])
    assert train.names == ("cat",) * 3 and (train.split, test.split) == ("train", "test")
    assert [flaw.kind for flaw in train.flaws] == ["empty"] and train.size is None
    np.testing.assert_array_equal(test.boxes, [[-3, 0, 87, 2]])  # as the file has it


def test_list_coco_objects_reads_the_size_of_a_picture(tmp_path):
    path = tmp_path / "coco" / "objects.json"
    write(path, [])
    content = json.loads(path.read_text())
    for value, size in ((6, (6, 8)), ("6", None), (0, None)):
        content["images"][0] |= {"height": value, "width": 8}
        path.write_text(json.dumps(content))
        assert list_coco_objects(tmp_path, "coco")[0].size == size
