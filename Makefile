# Thin: the work is done by portal/bootstrap.py, manage.py and the tools.
ARGS ?=

# The first Python >= 3.11 that can make a virtual environment, by whatever name.
define BOOTSTRAP
for python in python3.13 python3.12 python3.11 python3.14 python3; do \
  if "$$python" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
    exec "$$python" portal/bootstrap.py $(1); \
  fi; \
done; \
echo "glowworm: no Python 3.11 or newer with venv was found: install python3 and python3-venv" >&2; exit 1
endef

LOCK = .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --custom-compile-command "make lock" $(ARGS)

.PHONY: help run test lint format manage shell lock install
.SILENT:

help: ## this list
	awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' Makefile

run: ## serve the portal on this machine (PORT=8000 DATA_DIR=./var)
	$(call BOOTSTRAP,run)

test: ## run the whole suite with servers of its own (ARGS="tests/portal -k health")
	$(call BOOTSTRAP,test $(ARGS))

manage: ## run a management command (ARGS="import_spectra FOLDER")
	$(call BOOTSTRAP,manage $(ARGS))

shell: ## open a Python shell with the models
	$(call BOOTSTRAP,manage shell)

lint: install ## check style, types, layers, templates and migrations
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy retrieval catalog tasks portal
	.venv/bin/lint-imports
	.venv/bin/djlint --quiet --lint templates
	.venv/bin/python manage.py makemigrations --check --dry-run

format: install ## write Python files in the one style
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

lock: install ## write requirements/*.lock anew from requirements/*.in (ARGS=--upgrade)
	$(LOCK) requirements/base.in -o requirements/base.lock
	$(LOCK) requirements/dev.in -c requirements/base.lock -o requirements/dev.lock
	$(LOCK) requirements/installer.in -o requirements/installer.lock

install:
	$(call BOOTSTRAP,install)
