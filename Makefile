# Two commands: `make demo` shows divgrad at work, `make test` runs everything that must hold.
# The environment is made once and again only when pyproject.toml changes; after that both work offline.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: demo test lint bench pictures clean

demo: $(VENV)/.installed
	$(BIN)/divgrad demo

test: $(VENV)/.installed-test lint
	$(BIN)/python -m pytest -n 2 --dist worksteal

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-bench
	$(BIN)/python bench/step.py
	$(BIN)/python bench/long_time.py
	$(BIN)/python bench/flows.py
	$(BIN)/python bench/start.py
	$(BIN)/python bench/denoise.py
	$(BIN)/python bench/noise_level.py

pictures: $(VENV)/.installed
	mkdir -p docs/pictures
	for example in examples/*.py; do $(BIN)/python $$example docs/pictures || exit 1; done

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "divgrad needs Python >= 3.11; name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  $$($(BIN)/python bench/requirements.py test)
	@touch $@

$(VENV)/.installed-bench: $(VENV)/.installed-test
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	  $$($(BIN)/python bench/requirements.py bench)
	@touch $@

clean:
	rm -rf $(VENV) divgrad-demo
