# Everything a newcomer or a machine runs. Needs Python 3.11 or newer, pip and make; the rest goes into .venv.
#
#   make demo    the whole life of a ticket, on this machine, nothing to configure
#   make test    every test but the long ones
#   make test-postgresql    the same with every record on PostgreSQL (make exam runs it, too)
#   make check   style, types, who imports whom, lock files, what must not stand in the tree
#   make exam    the long runs, and what they measured in docs/measured.md
#   make bench   mails per second, beside others
#   make messages    the catalogues of the letters anew, after a change of their sentences
#   make lock    the lock files anew, after a change of the dependencies in pyproject.toml (needs uv)

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help demo test test-postgresql check exam bench messages lock servers clean

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Three workers unless said otherwise: on two cores one of them mostly waits for a server, a program that starts, or a kernel's flush.
WORKERS ?= 3
TESTS ?=
# Long files do not hold up the end: who has nothing left takes half of what another has. And what was compiled is kept, also where the
# environment forbids it: the tests start some hundred programs.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest

help:
	@sed -n 's/^#   make/make/p' Makefile

# A machine may have venv without ensurepip (Debian splits it off): then the pip that is there fills the new environment.
.venv/pyvenv.cfg:
	@test -n "$(PYTHON)" || { echo "mailgate needs Python 3.11 or newer; say which with make PYTHON=..." >&2; exit 1; }
	$(PYTHON) -m venv .venv || { $(PYTHON) -m venv --clear --without-pip .venv && $(PYTHON) -m pip --python $(BIN)/python install pip; }

# Stamps: what is installed stays installed until a lock file or pyproject.toml changes.
.venv/.runtime: .venv/pyvenv.cfg requirements.lock pyproject.toml
	$(PIP) install --quiet --require-hashes -r requirements.lock
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: .venv/pyvenv.cfg requirements-dev.lock pyproject.toml
	$(PIP) install --quiet --require-hashes -r requirements-dev.lock
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	@touch $@ .venv/.runtime

# Asks the machine, not a stamp: a server can be removed while .venv stays.
servers: .venv/.dev
	$(BIN)/python -m tests.servers.install

demo: .venv/.runtime
	$(BIN)/mailgate demo $(ARGS)

test: .venv/.dev servers
	$(PYTEST) -n $(WORKERS) --dist worksteal $(TESTS)

test-postgresql: .venv/.dev servers
	MAILGATE_TEST_DATABASE=postgresql $(PYTEST) -n $(WORKERS) --dist worksteal $(TESTS)

check: .venv/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python .ci/lock --check
	$(BIN)/python -m pytest -q -p no:cacheprovider tests/house

exam: .venv/.dev servers
	$(BIN)/python -m pytest -m exam --timeout 0 $(TESTS)
	$(MAKE) bench
	$(BIN)/python -m bench.growth --write
	$(BIN)/python -m bench.outbox --write
	$(BIN)/python -m bench.clocks --write

bench: .venv/.dev
	$(BIN)/python -m bench.reading --write
	$(BIN)/python -m bench.ingest --write $(ARGS)

messages: .venv/.dev
	$(BIN)/python .ci/messages

lock:
	PATH="$(CURDIR)/$(BIN):$$PATH" $(PYTHON) .ci/lock

clean:
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
