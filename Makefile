# Two commands on a fresh machine: `make demo` and `make test`. The environment is made once, in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/xbarsim

.PHONY: demo test check laws bench training validation reports fix clean

$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/installed-test: $(VENV)/installed
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	touch $@

$(VENV)/installed-dev: $(VENV)/installed-test
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	touch $@

demo: $(VENV)/installed  ## run a network on a published chip and leave a report
	$(RUN) run architectures/hermes64.yaml workloads/resnet9_cifar10.yaml --timeline --out reports/demo
	cp reports/demo/page.html reports/demo/index.html
	@echo "open reports/demo/index.html"

test: $(VENV)/installed-test  ## the whole suite
	$(BIN)/python -m pytest -n 2

check: $(VENV)/installed-dev  ## format, lint, types, import directions, tests
	$(BIN)/ruff format --check xbarsim tests workloads benchmarks
	$(BIN)/ruff check xbarsim tests workloads benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2

laws: $(VENV)/installed-test  ## the laws on the long runs too (about half an hour)
	$(BIN)/python -m pytest -n 2 -m slow

# One at a time and nothing beside it, or the figures are those of a busy machine.
LONG ?=
bench: $(VENV)/installed-test  ## speed and scale; writes reports/bench and docs/performance.md (LONG=--long: all of it)
	mkdir -p build
	$(BIN)/xbarsim run tutorial mlp_digits > build/first_run.txt
	$(BIN)/python -m pytest benchmarks -o python_files='bench_*.py' -o addopts= -q $(LONG) \
		--benchmark-disable-gc --benchmark-json=build/measured.json
	$(BIN)/python -m benchmarks.report build/measured.json

training: $(VENV)/installed-test  ## algorithms of training in place, each on its chip: the table of docs/training.md
	$(BIN)/python -m benchmarks.algorithms

validation: $(VENV)/installed  ## published chips beside simulated ones: docs/validation.md, its pictures, reports/validation
	$(RUN) validate --markdown docs/validation.md --out reports/validation

reports: $(VENV)/installed-test  ## the pictures and the studies' pages in reports/gallery (minutes); with a browser, the page's photograph, too
	$(BIN)/python reports/gallery/make.py $(shell command -v chromium)
	$(BIN)/python reports/gallery/studies.py

fix: $(VENV)/installed-dev  ## format and mend what can be mended
	$(BIN)/ruff format xbarsim tests workloads benchmarks
	$(BIN)/ruff check --fix xbarsim tests workloads benchmarks

clean:
	rm -rf $(VENV) build dist runs reports/demo
