from html.parser import HTMLParser

import pytest

from config.commands import run_main
from config.errors import InputError
from reporting.compare import (
    build_parser,
    main,
    read_runs,
    sort_runs,
    tabulate_differences,
    tabulate_metrics,
    write_page,
)
from reporting.results import Results, write_results


def make_run(folder, metrics, config, log="epoch,loss\n0,2.0\n1,1.0\n"):
    folder.mkdir(parents=True)
    values = {"experiment": "training/baseline", "status": "finished", "units": {}, "seed": 1}
    results = Results(**values, metrics=metrics, config=config, seconds=1.0, command="python <x>")
    write_results(folder, results)
    if log:
        (folder / "results.csv").write_text(log)
    return str(folder)


@pytest.fixture
def folders(tmp_path):
    return [
        make_run(tmp_path / "a" / "one", {"mae": 3.0, "r2": 0.5}, {"epochs": 2, "alpha": 1.0}),
        make_run(tmp_path / "b" / "one", {"mae": 2.0, "r2": 0.7}, {"epochs": 5, "alpha": 1.0}),
        make_run(tmp_path / "c" / "two", {"mae": float("nan")}, {"epochs": 5}, log=None),
    ]


def names(runs):
    return [run.name for run in runs]


def test_read_runs_tells_them_apart_by_the_shortest_names(folders):
    assert names(read_runs(folders)) == ["a/one", "b/one", "c/two"]
    assert names(read_runs([folders[0], folders[2]])) == ["one", "two"]


@pytest.mark.parametrize("metric", ["mae", "r2", None])
def test_sort_runs_puts_the_best_first_and_undefined_last(folders, metric):
    assert names(sort_runs(read_runs(folders), metric)) == ["b/one", "a/one", "c/two"]


def test_sort_runs_lists_the_metrics_there_are(folders):
    with pytest.raises(InputError, match="`--sort` must be one of mae, r2. Received mse"):
        sort_runs(read_runs(folders), "mse")


def test_tables_show_metrics_and_only_what_differs(folders):
    runs = read_runs(folders)
    assert tabulate_metrics(runs)[1:] == [
        ["a/one", "3", "0.5"],
        ["b/one", "2", "0.7"],
        ["c/two", "not finite", ""],
    ]
    assert tabulate_differences(runs)[1:] == [
        ["epochs", "2", "5", "5"],
        ["alpha", "1.0", "1.0", ""],
    ]
    assert len(tabulate_differences(runs[:1])) == 1


class Images(HTMLParser):
    def __init__(self):
        super().__init__()
        self.sources = []

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.sources.append(dict(attrs)["src"])


def test_write_page_stands_alone_and_escapes(folders, tmp_path):
    page = write_page(read_runs(folders), tmp_path / "page.html").read_text()
    images = Images()
    images.feed(page)
    assert len(images.sources) == 1  # the loss of both runs that kept a log
    assert images.sources[0].startswith("data:image/png;base64,")
    assert "python &lt;x&gt;" in page and "<x>" not in page


def test_main_prints_the_tables_and_names_the_page(folders, tmp_path, capsys):
    page = str(tmp_path / "page.html")
    assert main(build_parser().parse_args([*folders, "--sort", "mae", "--output", page])) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["b/one", "2", "0.7"]
    assert lines[-1] == f"HTML page: {page}"


def test_read_runs_refuses_an_unfinished_run(tmp_path):
    with pytest.raises(InputError, match="must be a file that can be read"):
        read_runs([tmp_path])


def test_a_folder_that_is_no_run_is_reported_in_one_line(tmp_path, capsys):
    assert run_main(main, build_parser(), [str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("reporting.compare: error: ") and error.count("\n") == 1
