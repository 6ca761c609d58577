"""Imports point one way: a folder may import only those that come before it."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BOTTOM = {"config", "ops"}
MAY_IMPORT = {
    "config": set(),
    "ops": set(),
    "datasets": BOTTOM,
    "models": BOTTOM,
    "losses": BOTTOM,
    "metrics": BOTTOM,
    "reporting": BOTTOM | {"datasets", "models", "losses", "metrics"},
}
MAY_IMPORT["training"] = MAY_IMPORT["reporting"] | {"reporting"}
MAY_IMPORT["finetuning"] = MAY_IMPORT["training"] | {"training"}
EVERYTHING = set(MAY_IMPORT) | {"benchmarks", "tests"}


def imported_modules(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_folders_import_only_what_comes_before():
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for folder, allowed in MAY_IMPORT.items()
        for path in (ROOT / folder).rglob("*.py")
        for module in imported_modules(path)
        if (top := module.split(".")[0]) in EVERYTHING and top not in allowed | {folder}
    ]
    assert wrong == []


def test_nobody_imports_a_stage():
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for folder in (*MAY_IMPORT, ".")
        for path in (ROOT / folder).glob("*.py" if folder == "." else "**/*.py")
        for module in imported_modules(path)
        if module.split(".")[0] in {"training", "finetuning"}
        and module.split(".")[-1] in {"train", "eval"}
    ]
    assert wrong == []


def test_no_folder_of_leftovers():
    names = {path.stem for path in ROOT.rglob("*.py") if ".venv" not in path.parts}
    assert names.isdisjoint({"utils", "common", "helpers", "misc"})


def test_the_check_sees_a_wrong_import(tmp_path):
    bad = tmp_path / "bad.py"
    bad.write_text("from training.runs import open_run\n")
    assert list(imported_modules(bad)) == ["training.runs"]
