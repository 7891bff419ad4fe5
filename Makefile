# Every target sets up what it needs; `make help` lists them.
SHELL       := bash
.SHELLFLAGS := -o pipefail -c
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
SERVICES := .services/.ready
PACKAGING := .bundle/venv/.ready
AUDIT := .audit/venv/.ready

.DEFAULT_GOAL := help
.PHONY: help run test lint test-recordings test-browser screenshots test-services openapi faults bench laptops bundle packages repository test-packages lock translations privacy licences sbom audit-dependencies protos clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Muster needs Python 3.11 or newer: set PYTHON=/path/to/python3.11" >&2; exit 2; }
	@echo "Installing into $(VENV) (about a minute, once) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

run: $(READY) ## Start a collector here, enroll this machine and show its posture (PORT=8843)
	@PORT=$(PORT) $(BIN)/python build/local/run.py

test: lint ## Run every fast check: lint, types, import contracts, fresh protos, tests
	@$(BIN)/python -m pytest -n 2

lint: $(READY) ## Check style, types, import contracts and that generated code is fresh
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --check .; exit 1; }
	@$(BIN)/mypy
	@for system in win32 darwin; do \
	  $(BIN)/mypy --platform $$system --cache-dir .mypy_cache/$$system -p agent || exit 1; done
	@$(BIN)/lint-imports --no-cache | tail -n 4
	@$(BIN)/python -m protos.generate --check
	@$(BIN)/python -m protos.privacy.document --check
	@$(BIN)/zizmor --quiet --offline --strict-collection .github/workflows

test-recordings: $(READY) ## Compare the checks with recordings of real machines (RECORDINGS=folder)
	@test -d "$(or $(RECORDINGS),../shared/recordings)" || { \
	  echo "No recordings in $(or $(RECORDINGS),../shared/recordings): make test-recordings RECORDINGS=FOLDER" >&2; exit 2; }
	@$(BIN)/python -m pytest tests/recordings -m recordings -q --recordings=$(or $(RECORDINGS),../shared/recordings)

$(SERVICES): requirements/services.txt
	@echo "Installing the tools of others that test the collector ..."
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/services.txt
	@touch $@

test-services: $(READY) $(SERVICES) ## Hold the collector against services and scanners of others (installs them)
	@$(BIN)/python tests/services/install.py
	@$(BIN)/python -m pytest tests/services -q --timeout=1800

test-browser: $(READY) ## Look at every page in headless Chromium: each role, light, dark, desk, phone, axe
	@$(BIN)/python -m pytest tests/browser -q -n 2 --timeout=600

screenshots: $(READY) ## Write the README's screenshots anew
	@$(BIN)/python -m tests.browser.screenshots

faults: $(READY) ## Kill the collector under check-ins and packs: nothing acknowledged is lost, no half pack
	@$(BIN)/python -m pytest tests/faults -q -s --timeout=1800

bench: $(READY) ## Measure the collector against a no-op server and the agent against its commands
	@$(BIN)/python tests/load/bench.py

.PHONY: budget
budget: $(READY) ## Hold the agent to what it may take, and fail when it takes more (AGENT=program)
	@$(BIN)/python tests/load/agent_budget.py $(if $(AGENT),--program $(AGENT))

laptops: $(READY) ## Boot real Linux laptops under user-mode Linux and judge them (CASES=names)
	@$(BIN)/python -m tests.laptops.run $(CASES)

$(PACKAGING): requirements/packaging.txt requirements/agent.txt requirements/collector.txt
	@echo "Installing what the bundles are built with ..."
	@$(PYTHON) -m venv --clear $(@D)
	@for list in packaging agent collector; do $(@D)/bin/python -m pip install --quiet \
	  --disable-pip-version-check --require-hashes -r requirements/$$list.txt || exit 1; done
	@touch $@

bundle: $(PACKAGING) ## Build the agent and the collector as folders that need no Python (.bundle)
	@.bundle/venv/bin/python build/bundle/bundle.py $(HALVES)

packages: bundle ## Build .deb and .rpm of both into dist (MUSTER_VERSION, SOURCE_DATE_EPOCH)
	@.bundle/venv/bin/python build/packages/packages.py $(HALVES)

repository: ## Sign the newest packages into apt and rpm repositories (KEY=fingerprint URL=https://...)
	@test -n "$(KEY)" -a -n "$(URL)" || { \
	  echo "make repository KEY=FINGERPRINT URL=https://where.it.will.be (docs/packages.md)" >&2; exit 2; }
	@$(PYTHON) build/packages/repository.py --key "$(KEY)" --url "$(URL)"

test-packages: $(READY) ## Use the built packages: bundles, systems of several releases, repositories (root)
	@$(BIN)/python tests/packages/installed/prerequisites.py
	@$(BIN)/python -m pytest tests/packages/installed -q -s --timeout=3600

lock: ## Resolve the dependencies anew into requirements/, with hashes
	@for extra in agent collector; do $(BIN)/uv pip compile pyproject.toml --extra $$extra --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --quiet -o requirements/$$extra.txt; done
	@$(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --quiet -o requirements/dev.txt
	@$(BIN)/uv pip compile requirements/services.in --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --quiet -o requirements/services.txt
	@$(BIN)/uv pip compile requirements/audit.in --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --quiet -o requirements/audit.txt
	@$(BIN)/uv pip compile requirements/packaging.in --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --quiet -o requirements/packaging.txt

openapi: $(READY) ## Write docs/openapi.json anew from the API's routes
	@$(BIN)/python -m collector.web.api.openapi > docs/openapi.json

translations: $(READY) ## Bring the French catalog up to date with the texts of the source
	@$(BIN)/python -m collector.translation.collecting

licences: $(READY) ## Write docs/licences.md anew from the locked requirements
	@$(BIN)/python build/licences/licences.py

$(AUDIT): requirements/audit.txt
	@echo "Installing what asks about dependencies ..."
	@$(PYTHON) -m venv $(@D)
	@$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/audit.txt
	@touch $@

sbom: $(READY) $(AUDIT) ## Write bills of material (CycloneDX) of the agent and the collector into dist
	@$(BIN)/python build/licences/sbom.py dist

audit-dependencies: $(AUDIT) ## Ask a public database for known holes in the locked requirements
	@.audit/venv/bin/python build/licences/audit.py

privacy: $(READY) ## Write docs/privacy.md anew from the contract
	@$(BIN)/python -m protos.privacy.document

protos: $(READY) ## Generate the Python of the .proto files
	@$(BIN)/python -m protos.generate

clean: ## Remove the virtual environment and the data of `make run`
	@rm -rf $(VENV) .muster .bundle dist
