# The commands of this repository, `make help` lists them. Needs GNU make 3.81 or newer and Python 3.11 to 3.13.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/sh

VENV := .venv
BIN := $(VENV)/bin
OUT := .
PEERS := $(VENV)/peers
BUILD := $(OUT)/_build
WORKERS ?= 2

# One thread a process: outputs are compared with stored ones, and two processes beat two threads here.
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export MKL_NUM_THREADS := 1
# Books and pages are UTF-8, whatever the locale.
export PYTHONUTF8 := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

PIP = $(BIN)/python -m pip install -qq --retries 5
# On Linux, PyPI's PyTorch brings CUDA (3 GB). `make test TORCH=cpu` takes PyTorch's own CPU build instead.
ifeq ($(TORCH),cpu)
TORCH_INDEX = --extra-index-url https://download.pytorch.org/whl/cpu
endif

.PHONY: help env torch peers book pdf slides test lint fast outputs slow test-all refresh links bench archive lock clean

help: ## list these commands
	@echo "make book        build the book from the stored outputs (needs no PyTorch), and say where it is"
	@echo "make test        lint, unit and golden tests, every notebook's outputs, planted faults"
	@echo "make pdf         the whole book as one PDF, printed by Chromium"
	@echo "make slides      the talk: twelve slides as one page that needs no network"
	@echo "make test-all    make test, then the slow tests: reruns, kills, clusters, the book in a browser"
	@echo "make refresh     run again the notebooks whose outputs are stale"
	@echo "make links       follow every link out of the book, the README and the data's manifest (needs a network)"
	@echo "make bench       time training against plain loops and a sweep, list the dearest quick tests; numbers go to build/"
	@echo "make archive     pack wheel, locks, results, notebooks, book and PDF, with checksums, into dist/"
	@echo "make lock        pin again what pyproject.toml asks for (needs uv); a pin that still fits stays"
	@echo "make clean       delete what the commands above made, except the environment in $(VENV)"
	@echo
	@echo "make test TORCH=cpu   takes PyTorch's CPU build on Linux, a tenth of the download"
	@echo "make book OUT=/path/to/folder   writes the book there, for a checkout that cannot be written"
	@echo "make book PYTHON=/path/to/python3.12   takes that Python instead of the first that fits"

env: $(VENV)/installed ## install what reading and checking need, without PyTorch

# A first attempt that broke off leaves an environment without pip, or half filled: it is made anew, or filled up.
# A candidate may be a launcher that starts nothing, or lack venv: only one that really runs counts.
$(VENV)/installed: requirements.lock pyproject.toml
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
	  found=; \
	  for candidate in "$(PYTHON)" python3.13 python3.12 python3.11 python3; do \
	    [ -n "$$candidate" ] || continue; \
	    "$$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' \
	      >/dev/null 2>&1 && { found="$$candidate"; break; }; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "No Python 3.11, 3.12 or 3.13 with venv and pip was found. Install one:" >&2; \
	    echo "  Debian 12 or newer   sudo apt-get install python3 python3-venv" >&2; \
	    echo "  Ubuntu 24.04         sudo apt-get install python3 python3-venv" >&2; \
	    echo "  macOS                brew install python@3.12" >&2; \
	    echo "or name one: make PYTHON=/path/to/python3.12 ..." >&2; \
	    exit 1; \
	  fi; \
	  echo "Making $(VENV) with $$("$$found" --version)"; \
	  mkdir -p $(VENV) 2>/dev/null && touch $(VENV)/installed.part 2>/dev/null || { \
	    echo "$(VENV) cannot be written; give another folder for the environment: make VENV=/path/to/folder ..." >&2; exit 1; }; \
	  rm -rf $(VENV) && "$$found" -m venv $(VENV); \
	}
	@echo "Installing requirements.lock into $(VENV) (once, a few minutes)"
	@$(PIP) -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/installed-torch: $(VENV)/installed requirements-torch.lock
	@echo "Installing PyTorch into $(VENV) (once)"
	@$(PIP) $(TORCH_INDEX) -r requirements-torch.lock
	@touch $@

$(VENV)/installed-peers: $(VENV)/installed-torch requirements-peers.lock
	@echo "Installing Avalanche, Lightning and Transformers beside $(VENV)'s own packages (once)"
	@rm -rf $(PEERS)
	@$(PIP) --no-deps --target $(PEERS) $(TORCH_INDEX) -r requirements-peers.lock
	@touch $@

peers: $(VENV)/installed-peers ## the same with Avalanche, Lightning and Transformers, which the slow tests need

torch: $(VENV)/installed-torch ## the same with PyTorch, for what trains networks

# Warnings are errors. A failed build forgets its pages, so that the next one reads them, and warns, again.
book: $(VENV)/installed ## build the book
	@mkdir -p "$(BUILD)" 2>/dev/null && touch "$(BUILD)/written" 2>/dev/null && rm "$(BUILD)/written" || { \
	  echo "$(BUILD) cannot be written; give another folder for the book: make book OUT=/path/to/folder" >&2; exit 1; }
	@$(BIN)/jupyter-book build . --toc book/_toc.yml --path-output "$(OUT)" -q -W -n --keep-going \
	  || { rm -rf "$(BUILD)/.doctrees"; exit 1; }
	@echo "The book: $$(cd "$(BUILD)" && pwd)/html/index.html"

pdf: $(VENV)/installed ## print the book, from a build of its own as one page
	@$(BIN)/jupyter-book build . --toc book/_toc.yml --path-output "$(BUILD)/pdf" -q -n --keep-going \
	  --builder custom --custom-builder singlehtml
	@$(BIN)/python -m cl_book.pdf "$(BUILD)/pdf/_build/singlehtml" "$(BUILD)/book.pdf"

slides: $(VENV)/installed ## write the talk from the stored runs
	@mkdir -p "$(BUILD)"
	@PYTHONPATH=book $(BIN)/python -m cl_book.slides "$(BUILD)/slides.html"

test: lint fast outputs ## lint, the quick tests, and the outputs of every notebook

lint: $(VENV)/installed-torch
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

fast: $(VENV)/installed-torch
	$(BIN)/python -m pytest -m "not slow" -n $(WORKERS) --dist loadfile --no-loadscope-reorder --durations=10

# nbval runs every stored notebook and compares what it prints with what is stored; their libraries are loaded once.
# A worker and its kernel wait for one another, so one worker more keeps the cores at work.
outputs: $(VENV)/installed-torch
	PYTHONPATH=tests $(BIN)/python -m pytest -p support.warm_kernels -n $$(($(WORKERS) + 1)) --dist loadfile @tests/notebooks/nbval.args

# The peers stand in a folder of their own, which the tests of the integrations alone look into.
slow: $(VENV)/installed-peers
	$(BIN)/python -m pytest -m slow -n $(WORKERS) --dist loadfile --ignore tests/integrations
	PYTHONPATH=$(PEERS) $(BIN)/python -m pytest -m slow -n $(WORKERS) --dist loadfile tests/integrations

test-all: test slow ## every test

refresh: $(VENV)/installed-torch ## run stale notebooks again, and redraw the cover
	@$(BIN)/cl-core refresh
	@$(BIN)/python -m cl_book.cover

# Sphinx's linkcheck; book/cl_book/pages/links.py has what it is given and what is said of it.
links: $(VENV)/installed ## follow every external link
	@$(BIN)/jupyter-book build . --toc book/_toc.yml --path-output "$(BUILD)/links" -qq --builder linkcheck

bench: $(VENV)/installed-torch ## time training against a plain loop (and Avalanche, after make peers), and the quick tests
	PYTHONPATH=tests:$(PEERS) $(BIN)/python -m bench.bench_training
	PYTHONPATH=tests $(BIN)/python -m bench.bench_sweep
	PYTHONPATH=tests $(BIN)/python -m bench.bench_quick_tests

archive: book pdf ## pack everything into dist/
	@rm -rf dist
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist . >/dev/null
	@$(BIN)/python -m cl_book.archive dist/*.whl "$(BUILD)/html" "$(BUILD)/book.pdf" dist

# --universal: one lock for every Python and system, with markers. Torch brings its own pins for NVIDIA's libraries, so
# that they, and torch itself, are left out of the lock of the libraries that need it.
LOCK = $(UV) pip compile --quiet --universal --python-version 3.11 --no-annotate --custom-compile-command "make lock"
UV ?= uv

lock: ## pin again what pyproject.toml asks for
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: pip install uv, or name it, make lock UV=/path/to/uv" >&2; exit 1; }
	@$(LOCK) pyproject.toml --extra book --extra test --extra cluster --output-file requirements.lock
	@printf 'torch\nnetworkx\n' | $(LOCK) - --no-deps --output-file requirements-torch.lock
	@$(LOCK) pyproject.toml --extra peers -c requirements.lock -c requirements-torch.lock --output-file requirements-peers.lock
	@grep -vE '^(torch|triton|cuda|nvidia)[=-]' requirements-peers.lock > requirements-peers.lock.part
	@mv requirements-peers.lock.part requirements-peers.lock

clean: ## delete builds and caches
	rm -rf "$(BUILD)" build dist .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -type d -prune -exec rm -rf {} +
