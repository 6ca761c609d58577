import re
from html.parser import HTMLParser

import pytest

from config.errors import InputError
from reporting import report as report_module
from reporting.canvas import new_figure, save_figure
from reporting.report import write_report
from reporting.results import Results, write_results


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


def make_run(tmp_path, figures=(), **changes):
    values = {
        "experiment": "training/baseline",
        "status": "finished",
        "metrics": {"mae": 2.5, "r2": float("nan")},
        "units": {"mae": "people"},
        "config": {"epochs": 3, "weights": None},
        "seed": 7,
        "seconds": 75.0,
        "command": "python train_wrapper.py --experiment_name 'two words'",
    }
    write_results(tmp_path, Results(**{**values, **changes}))
    for name in figures:
        save_figure(new_figure(1, 1), tmp_path / "figures" / f"{name}.png")
    return tmp_path


def read_report(run):
    return write_report(run).read_text(encoding="utf-8")


def test_write_report_shows_metrics_with_units(tmp_path):
    page = read_report(make_run(tmp_path))
    assert '<td>mae</td><td class="number">2.5</td><td>people</td>' in page
    assert '<td>r2</td><td class="number">not finite</td>' in page


def test_write_report_shows_command_config_versions_and_use(tmp_path):
    page = read_report(make_run(tmp_path))
    assert "--experiment_name &#39;two words&#39;" in page
    assert "passes over the training data" in page
    assert '<td class="value">null</td>' in page
    assert "tensorflow" in page and "1 min 15 s" in page and "Responsible use" in page


def test_write_report_shows_notes_escaped(tmp_path):
    page = read_report(make_run(tmp_path, notes=["Scored on <3> pictures."]))
    assert '<p class="note">Scored on &lt;3&gt; pictures.</p>' in page


def test_write_report_names_the_best_and_worst_pictures(tmp_path):
    page = read_report(make_run(tmp_path, ["worst_00", "best_01"]))
    assert "worst 1: true points" in page and "best 2: true points" in page


def test_write_report_needs_no_other_file(tmp_path):
    run = make_run(tmp_path, ["error_boxplot", "other"])
    tags = Tags()
    tags.feed(read_report(run))
    sources = [attrs["src"] for tag, attrs in tags.found if tag == "img"]
    assert len(sources) == 2
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert not {"script", "link", "iframe"} & {tag for tag, _ in tags.found}
    assert not re.search(r"https?://|url\(|@import", (run / "report.html").read_text())


def test_write_report_escapes_every_text(tmp_path):
    bad = "<script>alert(1)</script>"
    run = make_run(
        tmp_path,
        ["<b>"],
        **dict.fromkeys(("experiment", "status", "command"), bad),
        metrics={bad: 1.0},
        units={bad: bad},
        config={bad: bad},
        versions={bad: bad},
    )
    page = read_report(run)
    assert "<script" not in page and "<b>" not in page
    assert page.count("&lt;script&gt;") >= 8


def test_write_report_orders_figures_known_first_then_by_number(tmp_path):
    run = make_run(tmp_path, ["patch_10", "patch_9", "count_scatter", "training_curves"])
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", read_report(run))
    assert captions == [
        "Training and validation over the epochs",
        "Predicted against true counts",
        "patch 9",
        "patch 10",
    ]


def test_write_report_bounds_the_pictures_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(report_module, "MAX_FIGURES", 2)
    page = read_report(make_run(tmp_path, ["a", "b", "c"]))
    assert page.count("<img") == 2 and "1 more in the run" in page


def test_write_report_takes_a_run_of_an_unknown_experiment(tmp_path):
    page = read_report(make_run(tmp_path, experiment="other", metrics={}, config={}))
    assert "no metrics" in page and "Configuration" not in page


def test_write_report_needs_results(tmp_path):
    with pytest.raises(InputError, match="results.json must be a file"):
        write_report(tmp_path)
