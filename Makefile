# Everything that the targets need is installed into .venv, in this folder.
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do \
	$$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null && echo $$name && break; done)
VENV := .venv
RUN := $(VENV)/bin/python
PIP := $(RUN) -m pip install --quiet --disable-pip-version-check
export OMP_NUM_THREADS ?= 1
# Where the machine forbids it to be kept, each of the many processes compiles the whole product anew: a second each.
export PYTHONDONTWRITEBYTECODE :=

# LightGBM takes libgomp from the machine. Where there is none, the copy that scikit-learn brings is linked here.
LIBRARIES := $(CURDIR)/$(VENV)/libraries
export LD_LIBRARY_PATH := $(LIBRARIES)$(if $(LD_LIBRARY_PATH),:$(LD_LIBRARY_PATH))

.DEFAULT_GOAL := help

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-17s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/bin/pip:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.txt | $(VENV)/bin/pip
	$(PIP) --require-hashes -r requirements.txt
	@$(RUN) -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2>/dev/null || { mkdir -p "$(LIBRARIES)" && \
	  ln -sf "$(CURDIR)"/$(VENV)/lib/python3*/site-packages/scikit_learn.libs/libgomp-*.so* "$(LIBRARIES)/libgomp.so.1"; }
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@

$(VENV)/.bench: requirements-bench.txt $(VENV)/.dev
	$(PIP) --require-hashes -r requirements-bench.txt
	@touch $@

$(VENV)/.browser: requirements-browser.txt $(VENV)/.dev
	$(PIP) --require-hashes -r requirements-browser.txt
	@touch $@

# PyTorch is large: whatever build of it is there already is taken.
$(VENV)/.sequence: requirements-sequence.txt $(VENV)/.bench
	@$(RUN) -c 'import torch' 2>/dev/null || $(PIP) --require-hashes -r requirements-sequence.txt
	@touch $@

demo: $(VENV)/.runtime ## Show the whole product on this machine (ONCE=1 DATA= MAPPING= REPORT= KEEP=1 CONTACTS=)
	@$(RUN) -m connector demo $(if $(ONCE),--once) $(if $(KEEP),--keep) $(if $(DATA),--data "$(DATA)") \
	  $(if $(MAPPING),--mapping "$(MAPPING)") $(if $(REPORT),--report "$(REPORT)") $(if $(CONTACTS),--contacts $(CONTACTS))

test: $(VENV)/.dev ## Run the whole test suite (ARGS= for pytest)
	$(RUN) -m pytest -n 2 --dist worksteal $(ARGS)

test-browser: $(VENV)/.browser ## Go through the product in the machine's Chromium, each page in every width and theme (ARGS= for pytest)
	$(RUN) -m pytest --timeout 900 tests/browser $(ARGS)

pictures: $(VENV)/.browser ## Take the pictures of the pages for the documentation, by Chromium, to docs/pictures
	$(RUN) -m tests.browser.pictures

soak: $(VENV)/.dev ## Live through very many simulated storms, some with real processes, a million bent requests, and the suite's long programmes (SEEDS= FIRST= STORMS= REQUESTS= FIRST_REQUEST=)
	$(RUN) -m tests.simulator $(if $(SEEDS),--seeds $(SEEDS)) $(if $(FIRST),--first $(FIRST))
	$(RUN) -m tests.fuzz --cases $(or $(REQUESTS),1000000) $(if $(FIRST_REQUEST),--first $(FIRST_REQUEST))
	STORMS=$(or $(STORMS),10) $(RUN) -m pytest -n 1 tests/e2e/test_chaos.py
	$(RUN) -m pytest -n 1 -m soak

storms: $(VENV)/.dev ## Live through 1,000 simulated storms (SEEDS= FIRST=)
	$(RUN) -m tests.simulator --seeds $(or $(SEEDS),1000) $(if $(FIRST),--first $(FIRST))

lint: $(VENV)/.dev ## Check style, types, the layers, and what the code and its packages are known to do wrong
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/bandit --quiet --recursive --configfile pyproject.toml connector scoring workers migrations
	$(RUN) -m tests.audit

# Folders of apps inside the CRMs whose package.json has the script "lint", and with it "test".
VENDOR_APPS = $(shell find connector/vendor_apps -name node_modules -prune -o -name package.json -exec grep -l '"lint":' {} +)

test-vendor-apps: ## Check the apps inside the CRMs: their components' lint and tests (takes Node 20 or later)
	@node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' 2>/dev/null || { \
	  echo "The apps inside the CRMs are checked by Node 20 or later with npm. Install it, or look at node --version." >&2; exit 1; }
	@for app in $(VENDOR_APPS); do \
	  echo "$$app"; \
	  (cd "$$(dirname "$$app")" && npm ci --no-fund --no-audit --silent && npm run --silent lint && npm run --silent test) \
	    || { echo "Not right: $$app" >&2; exit 1; }; \
	done

audit: $(VENV)/.dev ## Compare the pinned packages with the published advisories; fails where these can't be reached
	$(RUN) -m tests.audit --strict

sbom: $(VENV)/.dev ## Write the lists of all packages (CycloneDX): sbom.json, and one for each app inside a CRM
	$(VENV)/bin/cyclonedx-py requirements requirements.txt --pyproject pyproject.toml --output-reproducible -o sbom.json
	$(VENV)/bin/python -m tests.sbom connector/vendor_apps/hubspot/package-lock.json sbom-hubspot.json
	$(VENV)/bin/python -m tests.sbom connector/vendor_apps/salesforce/package-lock.json sbom-salesforce.json

bench: $(VENV)/.sequence ## Run the benchmarks and write docs/benchmarks.md (QUICK= DATA= ONLY="scoring quality")
	$(RUN) -m tests.bench.all $(if $(QUICK),--quick) $(if $(DATA),--data "$(DATA)") $(if $(ONLY),--only $(ONLY))

ENGINE := engine line realtime rivals

bench-engine: $(VENV)/.dev ## Measure the engine: many tenants, reading and writing, real time, other programs (QUICK= REPORT=folder)
	$(if $(REPORT),@mkdir -p "$(REPORT)")
	@failed=; for name in $(ENGINE); do \
	  $(RUN) -m tests.bench.$$name $(if $(QUICK),--quick) $(if $(REPORT),--report "$(REPORT)/$$name.json") \
	    || failed="$$failed $$name"; \
	done; test -z "$$failed" || { echo "Not held:$$failed" >&2; exit 1; }

bench-line: $(VENV)/.dev ## Measure reading and writing beside the CRMs' limits (QUICK= CONTACTS= REPORT=)
	$(RUN) -m tests.bench.line $(if $(QUICK),--quick) $(if $(CONTACTS),--contacts $(CONTACTS)) \
	  $(if $(REPORT),--report "$(REPORT)")

bench-realtime: $(VENV)/.dev ## Measure webhook to value in the CRM, single leads and bursts (QUICK= REPORT=)
	$(RUN) -m tests.bench.realtime $(if $(QUICK),--quick) $(if $(REPORT),--report "$(REPORT)")

bench-api: $(VENV)/.dev ## Measure how fast the REST API tells stored scores, beside a bare read, and a lead anew (QUICK= REPORT=)
	$(RUN) -m tests.bench.api $(if $(QUICK),--quick) $(if $(REPORT),--report "$(REPORT)")

bench-scoring: $(VENV)/.dev ## Measure how fast leads are scored, from 1,000 to 1,000,000 of them (LEADS= QUICK= REPORT=)
	$(RUN) -m tests.bench.scoring $(if $(LEADS),--leads $(LEADS)) $(if $(QUICK),--quick) $(if $(REPORT),--report "$(REPORT)")

bench-leakage: $(VENV)/.dev ## Plant leaks into generated tenants and count what the guard finds (QUICK= SEED= DATA= REPORT=)
	$(RUN) -m tests.bench.leakage $(if $(QUICK),--quick) $(if $(SEED),--seed $(SEED)) $(if $(DATA),--data "$(DATA)") \
	  $(if $(REPORT),--report "$(REPORT)")

bench-publication: $(VENV)/.dev ## Count which challengers of known difference the rule publishes (QUICK= SEED= REPORT=)
	$(RUN) -m tests.bench.publication $(if $(QUICK),--quick) $(if $(SEED),--seed $(SEED)) $(if $(REPORT),--report "$(REPORT)")

bench-drift: $(VENV)/.dev ## Change who comes to generated tenants and count what the daily watch finds (QUICK= SEED= REPORT=)
	$(RUN) -m tests.bench.drift $(if $(QUICK),--quick) $(if $(SEED),--seed $(SEED)) $(if $(REPORT),--report "$(REPORT)")

bench-loop: $(VENV)/.dev ## Live years of a generated tenant: changes found, recovery, the echo of scores, their worth (QUICK= SEED= REPORT=)
	$(RUN) -m tests.bench.loop $(if $(QUICK),--quick) $(if $(SEED),--seed $(SEED)) $(if $(REPORT),--report "$(REPORT)")

bench-quality: $(VENV)/.bench ## Compare the models with tuned peers (DATA= QUICK= REPORT= SECONDS= SEEDS= DRAW= ONLY=)
	$(RUN) -m tests.bench.quality $(if $(DATA),--data "$(DATA)") $(if $(QUICK),--quick) $(if $(REPORT),--report "$(REPORT)") \
	  $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(DRAW),--draw $(DRAW)) $(if $(ONLY),--only "$(ONLY)")

bench-extras: $(VENV)/.bench ## Check the optional members (XGBoost, CatBoost, Optuna, SMOTE) end to end
	$(RUN) -m tests.bench.extras

CASES := $(if $(DATA),--data "$(DATA)") $(if $(QUICK),--quick) $(if $(DRAW),--draw $(DRAW)) $(if $(REPORT),--report "$(REPORT)")

bench-experiments: $(VENV)/.dev ## Check that experiments' intervals hold the truth as often as they say (QUICK= REPORT=)
	$(RUN) -m tests.bench.experiments $(if $(QUICK),--quick) $(if $(REPORT),--report "$(REPORT)")

bench-cases: $(VENV)/.sequence ## Build the playbook's own systems, with tables and pictures (QUICK= DATA= DRAW= REPORT= ONLY=)
	$(RUN) -m tests.bench.cases $(CASES) $(if $(ONLY),--only "$(ONLY)")

bench-sequence: $(VENV)/.sequence ## Show what the order of steps is worth where counts say nothing (QUICK= DRAW= REPORT=)
	$(RUN) -m tests.bench.cases $(CASES) --only order

bench-rivals: $(VENV)/.dev ## Compare the processor time of a backfill with dlt's and the Singer taps' (QUICK= ONLY= REPORT=)
	$(RUN) -m tests.bench.rivals $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY)) $(if $(REPORT),--report "$(REPORT)")

image-check: $(VENV)/.dev ## Carry out the Dockerfile's steps in a clean folder, and start what they made
	$(RUN) -m tests.image

fmt: $(VENV)/.dev ## Format the code
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

LOCK := $(VENV)/bin/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --quiet

lock: | $(VENV)/bin/pip ## Pin the dependencies anew, with hashes (ARGS=--upgrade for the newest allowed)
	$(PIP) uv
	$(LOCK) $(ARGS) -o requirements.txt
	$(LOCK) $(ARGS) --group dev -o requirements-dev.txt
	$(LOCK) $(ARGS) --group dev --group browser -o requirements-browser.txt
	$(LOCK) $(ARGS) --group dev --group bench -o requirements-bench.txt
	$(LOCK) $(ARGS) --group dev --group bench --extra sequence -o requirements-sequence.txt

clean: ## Remove the environment and the demo's data
	rm -rf $(VENV) .data .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

.PHONY: help demo test test-browser test-vendor-apps pictures soak storms lint audit sbom bench bench-engine bench-line bench-realtime bench-api bench-scoring bench-leakage \
  bench-quality bench-extras bench-experiments bench-publication bench-drift bench-loop \
  bench-cases bench-sequence bench-rivals image-check fmt lock clean
