# Everything that the targets need is installed into .venv, in this folder.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
RUN := $(VENV)/bin/python
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.runtime: requirements.txt
	$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

demo: $(VENV)/.runtime ## Show the whole product on this machine (ONCE=1 DATA= MAPPING= REPORT= KEEP=1 CONTACTS=)
	@$(RUN) -m connector demo $(if $(ONCE),--once) $(if $(KEEP),--keep) $(if $(DATA),--data "$(DATA)") \
	  $(if $(MAPPING),--mapping "$(MAPPING)") $(if $(REPORT),--report "$(REPORT)") $(if $(CONTACTS),--contacts $(CONTACTS))

test: $(VENV)/.dev ## Run the whole test suite
	$(RUN) -m pytest -n 2 --dist worksteal $(ARGS)

lint: $(VENV)/.dev ## Check style, types and the layers
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(VENV)/bin/lint-imports

fmt: $(VENV)/.dev ## Format the code
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

lock: $(VENV)/.dev ## Pin the newest allowed dependencies, with hashes
	$(RUN) -m pip install --quiet uv
	$(VENV)/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --quiet -o requirements.txt
	$(VENV)/bin/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-header --quiet -o requirements-dev.txt

clean: ## Remove the environment and the demo's data
	rm -rf $(VENV) .data .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.PHONY: help demo test lint fmt lock clean
