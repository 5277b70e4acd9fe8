# Everything a developer does. All it takes is make, git and Python 3.11 or newer: the rest is set up in .venv.

VENV := .venv
RUN := $(VENV)/bin/python -m
READY := $(VENV)/.ready
PYTHONS := python3.13 python3.12 python3.11 python3 python
# Hash-locked, and nothing is built or fetched beside it. What uv cannot reach (a mirror that only pip knows), pip may.
LOCKED := --require-hashes --requirement requirements-dev.txt
COMPILE := $(VENV)/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --quiet \
	--no-emit-index-url --no-annotate --custom-compile-command "make lock"

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
# Without its cache of compiled modules each of our many processes takes seconds to start.
unexport PYTHONDONTWRITEBYTECODE
ifneq ($(PIP_CERT),)
export SSL_CERT_FILE ?= $(PIP_CERT)
endif

.DEFAULT_GOAL := help
.PHONY: help set-up set-up-node demo up test soak chaos hosts gallery bench bench-quick lint format check lock clean

help:  ## Say what there is
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-13s%s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY)  ## Let sample leads live through twelve weeks, in about a minute
	@$(VENV)/bin/nurture demo $(ARGS)

up: $(READY)  ## Run everything on this machine, with a mailbox to look into
	@$(VENV)/bin/nurture up $(ARGS)

test: $(READY)  ## Run the tests, against real servers (ARGS="tests/rules -k cadence")
	@$(RUN) pytest -n logical --maxprocesses 2 --dist worksteal $(ARGS)

soak: $(READY)  ## Run the tests that take too long for every run
	@$(RUN) pytest -m soak $(ARGS)

chaos: $(READY)  ## Break things while mails go out, and see if one is lost (ROUNDS=100 SEED=1)
	@$(RUN) chaos --rounds $(or $(ROUNDS),10) --seed $(or $(SEED),1) $(ARGS)

hosts: $(READY)  ## Cut a worker's host off from the others and plug it in again (needs Linux and root)
	@$(RUN) pytest -m soak tests/hosts $(ARGS)

gallery: $(READY)  ## Hold MJML's gallery against its reference compiler, in a browser (needs npm and Chromium)
	@npm ci --prefix tests/gallery --ignore-scripts --no-audit --no-fund --loglevel=error
	@$(RUN) pytest -m soak tests/gallery $(ARGS)

bench: $(READY)  ## Measure how fast everything is, against floors and peers (ARGS="send growth")
	@$(RUN) bench $(ARGS)

bench-quick: $(READY)  ## See that every measure runs; its figures mean nothing
	@$(RUN) bench --quick $(ARGS)

lint: $(READY)  ## Check format, style, types and who may import whom
	@$(RUN) ruff format --check .
	@$(RUN) ruff check --no-cache .
	@$(RUN) mypy
	@$(VENV)/bin/lint-imports

format: $(READY)  ## Format, and mend what can be mended
	@$(RUN) ruff format .
	@$(RUN) ruff check --fix .

check: lint test  ## All checks

lock: $(READY)  ## Lock the dependencies anew (ARGS=--upgrade takes newer ones)
	@$(COMPILE) $(ARGS) --output-file requirements.txt
	@$(COMPILE) $(ARGS) --extra dev --constraint requirements.txt --output-file requirements-dev.txt

clean:  ## Remove what was set up; local data (.nurture) stays
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .grimp_cache build dist *.egg-info
	rm -rf tests/editor/node_modules tests/clients/node_modules tests/mailers/contract/node_modules tests/gallery/node_modules tests/web/accessible/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

set-up-node:  ## Set up what tests/editor, tests/clients, tests/mailers and tests/web ask (needs npm)
	@for folder in tests/editor tests/clients tests/mailers/contract tests/web/accessible; do \
	  npm ci --prefix $$folder --ignore-scripts --no-audit --no-fund --loglevel=error || failed=yes; \
	done; [ -z "$$failed" ]

set-up: $(READY)  ## Set up .venv, as the others do by themselves

$(READY): requirements-dev.txt pyproject.toml
	@set -e; \
	if ! $(VENV)/bin/python -c "import pip" 2>/dev/null || [ "$$(cat $(READY) 2>/dev/null || echo '$(CURDIR)')" != '$(CURDIR)' ]; then \
	  python=; \
	  for candidate in $(PYTHONS); do \
	    if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; \
	  done; \
	  if [ -z "$$python" ]; then echo 'Nurture needs Python 3.11 or newer (tried: $(PYTHONS)).' >&2; exit 1; fi; \
	  if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
	    echo "$$python cannot make virtual environments: install its venv package (Debian: apt-get install python3-venv)." >&2; exit 1; \
	  fi; \
	  echo "Setting up $(VENV) with $$($$python --version)"; \
	  rm -rf $(VENV); \
	  $$python -m venv $(VENV); \
	fi; \
	sed -n '/^uv==/,/[^\\]$$/p' requirements-dev.txt > $(VENV)/uv.txt; \
	$(RUN) pip install --quiet --no-compile --require-hashes --requirement $(VENV)/uv.txt; \
	$(VENV)/bin/uv pip install --quiet --python $(VENV) $(LOCKED) || $(RUN) pip install --quiet --no-compile $(LOCKED); \
	$(RUN) pip install --quiet --no-deps --no-build-isolation --editable .; \
	printf '%s' '$(CURDIR)' > $(READY)
