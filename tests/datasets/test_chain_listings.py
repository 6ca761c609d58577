import pytest

from datasets.chain_listings import list_chains, split_sources


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


@pytest.mark.parametrize(("num", "num_val"), [(2, 1), (3, 1), (20, 3), (100, 15)])
def test_split_sources_holds_a_share_out(num, num_val):
    sides = split_sources(num, seed=0)
    assert len(sides) == num and sides.count("val") == num_val


def test_split_sources_changes_with_the_seed():
    assert split_sources(50, seed=0) == split_sources(50, seed=0)
    assert split_sources(50, seed=0) != split_sources(50, seed=1)
