import pytest

from config.errors import InputError
from datasets.chain_listings import keep_side, list_chains, split_sources


def describe(source, num_chains, length, **more):
    return [
        {"image": f"{source}_{chain}_{place}", "chain": chain, "source": source, **more}
        for chain in range(num_chains)
        for place in range(length)
    ]


def test_list_chains_keeps_the_chains_of_a_source_together():
    groups = [describe(f"s{i}", 2, 3) for i in range(20)]
    listed = list_chains(groups, kind="crops", seed=1)
    assert (len(listed["train"]), len(listed["val"])) == (34, 6)  # 3 of 20 sources validate
    sides = [{item["info"]["source"] for item in listed[side]} for side in ("train", "val")]
    assert sides[0].isdisjoint(sides[1])
    first = listed["train"][0]["images"]
    assert first == [f"{first[0][:-2]}_{place}" for place in range(3)]


def test_list_chains_of_two_are_upstreams_pairs():
    listed = list_chains([describe("a", 1, 2), describe("b", 1, 2)], kind="crops", seed=0)
    (item,) = listed["train"]
    assert set(item) == {"source_image", "target_image", "info"}
    assert item["source_image"].endswith("_0") and item["target_image"].endswith("_1")


def test_list_chains_takes_the_kind_of_the_descriptions():
    groups = [describe(name, 1, 3, kind="removed") for name in "ab"]
    assert list_chains(groups, kind="crops", seed=0)["val"][0]["info"]["type"] == "removed"


def test_list_chains_takes_the_sides_of_the_descriptions():
    sides = {"a": "train", "b": "val", "c": "train"}
    groups = [describe(name, 1, 3, side=side) for name, side in sides.items()]
    listed = list_chains(groups, kind="paste", seed=0)
    assert [item["info"]["source"] for item in listed["train"]] == ["a", "c"]
    assert [item["info"]["source"] for item in listed["val"]] == ["b"]


@pytest.mark.parametrize(
    ("groups", "side"),
    [([describe("a.jpg", 2, 3)], "train"), ([describe("a.jpg", 1, 3, side="train")] * 2, "val")],
)
def test_list_chains_refuses_an_empty_side(groups, side):
    with pytest.raises(InputError, match=f"one to validate on. Those of `a.jpg` .* none to {side}"):
        list_chains(groups, kind="crops", seed=0)


def test_keep_side_parts_all_photos_but_a_single_one():
    sides = [keep_side(range(20), side, seed=3) for side in ("train", "val")]
    assert [len(side) for side in sides] == [17, 3] and sorted(sum(sides, [])) == [*range(20)]
    assert keep_side(["a"], "train", seed=3) == keep_side(["a"], "val", seed=3) == ["a"]


@pytest.mark.parametrize(("num", "num_val"), [(2, 1), (3, 1), (20, 3), (100, 15)])
def test_split_sources_holds_a_share_out(num, num_val):
    sides = split_sources(num, seed=0)
    assert len(sides) == num and sides.count("val") == num_val


def test_split_sources_changes_with_the_seed():
    assert split_sources(50, seed=0) == split_sources(50, seed=0)
    assert split_sources(50, seed=0) != split_sources(50, seed=1)
