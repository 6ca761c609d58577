# make demo   set up, draw the built-in data, train, count, report, export
# make test   set up with the test tools, then lint, doctests and all tests
# make check  lint and the quick tests
PYTHON ?= python3
TENSORFLOW ?= tensorflow
BIN := .venv/bin
RUNTIME := .venv/installed-$(TENSORFLOW)
TOOLS := .venv/installed-tools-$(TENSORFLOW)
CODE := benchmarks config datasets finetuning losses metrics models ops reporting training \
	export.py finetune_wrapper.py predict.py prepare_data.py synthesize.py train_wrapper.py

.PHONY: demo test check install clean

demo: $(RUNTIME)
	$(BIN)/python synthesize.py
	$(BIN)/python train_wrapper.py
	$(BIN)/python finetune_wrapper.py

test: $(TOOLS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n 2 --dist loadfile --doctest-modules tests $(CODE)

check: $(TOOLS)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow" tests

install: $(RUNTIME)

$(RUNTIME): requirements.txt
	$(PYTHON) -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))" || \
		{ echo "Python 3.11 to 3.13 is required: make PYTHON=python3.12 ..." >&2; exit 2; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	# The two builds of TensorFlow share a folder: one at a time.
	if ls .venv/installed-* >/dev/null 2>&1; then \
		$(BIN)/python -m pip uninstall --quiet --yes tensorflow tensorflow-cpu; \
		rm -f .venv/installed-*; fi
	sed "s/^tensorflow>=/$(TENSORFLOW)>=/" requirements.txt > .venv/requirements.txt
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -r .venv/requirements.txt
	touch $@

$(TOOLS): $(RUNTIME) requirements-dev.txt requirements-diffusion.txt requirements-export.txt \
		requirements-parity.txt
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt -r requirements-export.txt
	$(BIN)/python -m pip install --quiet --no-deps -r requirements-parity.txt
	$(BIN)/python -m pip install --quiet --no-deps -r requirements-diffusion.txt
	touch $@

clean:
	rm -rf .venv
