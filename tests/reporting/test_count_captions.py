from reporting.count_captions import caption_count, decide_none

OUTPUTS = {"count": 12.34, "count_low": 8.06, "count_high": 17.0, "none_probability": 0.02}


def test_caption_count_tells_the_interval_and_its_share():
    assert caption_count(OUTPUTS, about={"interval": 0.8}) == "Count 12.3, 8.1 to 17.0 (80 %)"
    assert caption_count(OUTPUTS, truth=14) == "Count 12.3, 8.1 to 17.0, true 14"


def test_caption_count_says_none_from_a_half_on():
    outputs = {"count": 0.2, "count_low": 0.0, "count_high": 1.0, "none_probability": 0.5}
    assert caption_count(outputs) == "None here (0.50): count 0.2, 0.0 to 1.0"


def test_caption_count_of_a_counter_without_intervals():
    assert caption_count({"count": 3.0}, about={"interval": 0.8}) == "Count 3.0"


def test_decide_none_from_a_half_on():
    assert decide_none({"none_probability": 0.5}) == {"none_here": True}
    assert decide_none({"none_probability": 0.49}) == {"none_here": False}
    assert decide_none({"none_probability": float("nan")}) == {"none_here": False}
    assert decide_none({"count": 0.0}) == {}


def test_decide_none_by_a_p_value_needs_a_count_of_less_than_one():
    about = {"none_from": "p-value"}
    for count, none_here in ((0.99, True), (1.0, False), (90.0, False)):
        outputs = {"count": count, "none_probability": 1.0}
        assert decide_none(outputs, about) == {"none_here": none_here}
    caption = caption_count({"count": 0.0, "none_probability": 1.0}, about=about)
    assert caption == "None here (p-value 1.00): count 0.0"
