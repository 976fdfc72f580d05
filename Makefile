# Two commands on a fresh machine: `make demo` and `make test`. The environment is made once, in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
RUN := $(BIN)/xbarsim

.PHONY: demo test check laws fix clean

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
	$(BIN)/ruff format --check xbarsim tests workloads
	$(BIN)/ruff check xbarsim tests workloads
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2

laws: $(VENV)/installed-test  ## the laws on the long runs too (about half an hour)
	$(BIN)/python -m pytest -n 2 -m slow

fix: $(VENV)/installed-dev  ## format and mend what can be mended
	$(BIN)/ruff format xbarsim tests workloads
	$(BIN)/ruff check --fix xbarsim tests workloads

clean:
	rm -rf $(VENV) build dist runs reports/demo
