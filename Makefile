# `make` alone prints what can be run. Everything installs itself into .venv first; only Python (3.12+) is needed.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test test-all check static audit e2e screenshots bench soak faults fmt requirements migrations clean

# Our own environment first on the path, whatever the caller has active.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# Tests that run beside each other, and further arguments: make test JOBS=4 ARGS="-k slots"
JOBS ?= auto
ARGS ?=
SUITE = python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

demo: ## Start the whole marketplace on this machine, with people in it (PORT, DEMO_DIR)
	@bin/setup demo && exec python -m marketplace.sandbox

test: ## Run the tests on a real PostgreSQL (embedded, or DATABASE_URL)
	@bin/setup dev
	@echo "== Tests"
	@$(SUITE) -m "not browser and not slow" $(ARGS)

test-all: ## Run them with those that start programs and wait for them, and random lives ten times as often
	@bin/setup dev
	@echo "== All tests"
	@THOROUGH=1 $(SUITE) $(ARGS)

check: static test-all ## Run everything that CI runs but the browser tests

static: ## Check format, lint, types, layers, migrations and deployment settings
	@bin/setup dev
	@echo "== Format"
	@ruff format --check . || { echo "Run: make fmt"; exit 1; }
	@find templates -name '*.html' -print0 | xargs -0 djade --check || { echo "Run: make fmt"; exit 1; }
	@echo "== Lint"
	@ruff check .
	@echo "== Types"
	@bin/as-production mypy .
	@echo "== Layers"
	@lint-imports --no-cache --no-logo
	@echo "== Migrations"
	@bin/manage makemigrations --check --dry-run
	@bin/with-servers python bin/lint-migrations.py --no-cache --quiet ok ignore
	@echo "== Deployment"
	@bin/as-production python manage.py check --deploy --fail-level WARNING
	@zizmor --offline --quiet .github/workflows

audit: ## Ask whether a fault is known in a package that production runs (needs the network)
	@bin/setup dev
	@pip-audit --require-hashes --disable-pip -r requirements/base.txt

e2e: ## Run the browser tests (needs a Chromium; says how to get one)
	@bin/setup dev
	@bin/e2e $(ARGS)

screenshots: ## Take the pictures of the README anew (needs a Chromium)
	@bin/setup dev
	@CHROMIUM=$$(bin/find-chromium) python -m tests.e2e.screenshots

bench: ## Compare the product's speed with a plain Django app's
	@bin/setup dev
	@python -m tests.bench $(ARGS)

soak: ## Live a thousand random lives of many bookings; every invariant after each step
	@bin/setup dev
	@LIVES=1000 STEPS=60 python -m pytest tests/lives -n $(JOBS) --dist load $(ARGS)

faults: ## Kill servers at random under people who book, pay and cancel; then ask the invariants (ARGS="--kills 40")
	@bin/setup dev
	@python -m tests.kills $(ARGS)

fmt: ## Format the code and the templates, and fix what can be fixed
	@bin/setup dev
	@ruff check --fix --quiet . ; ruff format --quiet .
	@find templates -name '*.html' -print0 | xargs -0 djade || true

migrations: ## Write the migrations that the models ask for (ARGS="bookings --name add_holds")
	@bin/setup dev
	@bin/manage makemigrations $(ARGS)

requirements: ## Choose the newest versions that fit requirements/*.in (ARGS="--upgrade")
	@bin/setup dev
	@bin/compile-requirements $(ARGS)

clean: ## Remove what was installed and built; the demo's data stays
	rm -rf .venv .venv.lock .cache staticfiles
