# `make` alone lists the targets.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/installed
DEV := $(VENV)/installed-dev
DOCS := $(VENV)/installed-docs
DB ?= var/demo.db
# Tests of one file stay together, so that what they share is made once; tests/conftest.py orders the files.
PYTEST := $(BIN)/python -m pytest --numprocesses $(or $(JOBS),auto) --dist loadfile --no-loadscope-reorder

# The embedder's weights come with a package; nothing may be fetched at run time.
export HF_HUB_OFFLINE := 1
# The tests start hundreds of processes; where Python may not keep what it compiled, each compiles all anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo serve test test-unit test-full lint format bench size fixtures messages screenshots docs dist clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(INSTALLED) ## crawl the fixtures, score them, print the flagged queue
	$(BIN)/precursor-watch demo --db $(DB)

serve: $(INSTALLED) ## open the review app on the demo's database
	$(BIN)/precursor-watch serve --db $(DB)

test: $(DEV) ## run the tests, those in a browser too
	$(PYTEST)

test-unit: $(DEV) ## run the tests that need no browser, no model and no other process
	$(PYTEST) -m "not browser and not model and not process"

test-full: $(DEV) ## run every test, and the demo on the whole starter set: ten minutes more
	$(PYTEST) -m ""

lint: $(DEV) ## ruff, mypy --strict, the direction of imports, docstrings
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/interrogate --quiet text store crawler classifier suppliers review scheduler bulk cli tests

format: $(DEV) ## put the code in form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# Ray is no part of the development group: 250 MB for one benchmark and one test, which say that they need it.
bench: $(DEV) ## measure all, into var/bench; BENCH="--quick --listings FILE" chooses
	$(BIN)/python -m benchmarks $(BENCH)

size: $(DEV) ## print the product's lines, modules, import circles and words of natural language
	$(BIN)/python -m benchmarks.size $(SIZE)

fixtures: $(DEV) ## write the committed fixtures anew
	$(BIN)/python -m fixtures.marketplaces.build
	$(BIN)/python -m fixtures.training.build
	$(BIN)/python -m fixtures.training.vectors
	$(BIN)/python -m fixtures.evaluation.build

messages: $(DEV) ## bring the catalogues of the pages up to date; then translate what is new
	$(BIN)/pybabel extract -F review/locale/babel.cfg -k N_ --no-location --omit-header -o $(VENV)/messages.pot .
	$(BIN)/pybabel update --no-fuzzy-matching --omit-header -l es -i $(VENV)/messages.pot -o review/locale/es.po

screenshots: $(DEV) ## draw every page of the review app into var/screenshots
	$(BIN)/python -m benchmarks.screenshots

docs: $(DOCS) ## build the documentation into var/site; any warning is an error
	$(BIN)/python -m fixtures.gazetteer.sources_page
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet
	@echo "var/site/index.html"

dist: $(DEV) ## build the wheel and the source distribution into var/dist
	$(BIN)/python -m build --no-isolation --outdir var/dist .

clean: ## remove the virtual environment and the demo's files
	rm -rf $(VENV) var

$(DOCS): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group docs
	touch $@

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed, this is " + sys.version) if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[pictures]" \
		|| $(BIN)/python -m pip install --quiet --constraint constraints.txt --editable .  # where a wheel is missing
	touch $@

$(DEV): $(INSTALLED)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev
	@if pkg-config --exists icu-i18n; then \
	    $(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[followthemoney]"; \
	else echo "Debian's libicu-dev, pkg-config and g++ are not installed, so the test of FollowTheMoney exports is skipped."; fi
	touch $@
