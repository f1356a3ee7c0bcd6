# Everything a newcomer types. Needs sh, make, git and Python 3.11 or newer with venv; the rest is installed into .venv.

.POSIX:
.SUFFIXES:
.NOTPARALLEL:
.DEFAULT_GOAL = help
.PHONY: help install demo serve migrate test axe chromium check style types contracts templates vendored migrations-match \
	bench prove format lock clean

PYTHON = python3
WORKERS = 2
ARGS =

BIN = .venv/bin
# A copy of the lock that .venv was made from: the same lock is not installed twice.
STAMP = .venv/installed.txt
# The caller's database and queue are for running Tradecounter. Tests and checks never touch them: they read
# TEST_DATABASE_URL and TEST_REDIS_URL.
OWN_STORES = env -u DATABASE_URL -u REDIS_URL

help: ## Show this list
	@echo "make TARGET [ARGS=…]"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' Makefile

install: ## Make .venv with everything that demo, tests and checks need (skipped when the lock is unchanged)
	@if cmp -s requirements.txt $(STAMP); then exit 0; fi; set -e; \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed; name it with make PYTHON=python3.12"; exit 1; }; \
	start=$$(date +%s); \
	if command -v uv >/dev/null 2>&1; then \
		echo "Installing with uv into .venv …"; \
		test -x $(BIN)/python || UV_PYTHON_DOWNLOADS=never uv venv --quiet --python "$$(command -v $(PYTHON))" .venv; \
		UV_COMPILE_BYTECODE=1 uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.txt; \
	else \
		echo "Installing with pip into .venv (a minute or two) …"; \
		test -x $(BIN)/python || $(PYTHON) -m venv .venv || { rm -rf .venv; \
			echo "Python's venv module is missing (Debian: apt install python3-venv)"; exit 1; }; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --compile \
			--require-hashes -r requirements.txt; \
	fi; \
	cp requirements.txt $(STAMP); \
	echo "Installed in $$(($$(date +%s) - start)) s."

demo: install ## Load the demo world and start Tradecounter on http://127.0.0.1:8000 (Ctrl-C stops it)
	@ENVIRONMENT=$${ENVIRONMENT:-demo} LOG_LEVEL=$${LOG_LEVEL:-warning} exec $(BIN)/flask --app wsgi demo --serve $(ARGS)

serve: install ## Start the development server: reloads on change, shows tracebacks
	@ENVIRONMENT=$${ENVIRONMENT:-development} exec $(BIN)/flask --app wsgi run --debug $(ARGS)

migrate: install ## Bring the database (DATABASE_URL, else instance/) to the newest schema
	@$(BIN)/flask --app wsgi db upgrade

test: install chromium ## Run the tests but axe; on SQLite unless TEST_DATABASE_URL is set, in-process queues unless TEST_REDIS_URL is
	@$(OWN_STORES) $(BIN)/python -m pytest -n $(WORKERS) -m "not axe" $(ARGS)

axe: install chromium ## Look at every page by axe, light and dark, at three widths
	@$(OWN_STORES) $(BIN)/python -m pytest -n $(WORKERS) -m axe tests/browser $(ARGS)

chromium:
	@if ! command -v chromium >/dev/null && ! command -v chromium-browser >/dev/null \
		&& ! command -v google-chrome >/dev/null; then \
		if [ "$${REQUIRE_BROWSER:-0}" = 1 ]; then echo "Chromium is required and missing."; exit 1; fi; \
		echo "Chromium is not installed: browser tests are skipped (Debian: apt install chromium)."; \
	fi

check: install style types contracts templates vendored migrations-match ## Lint, types, import contracts, templates, vendored files, migrations match models
	@echo "All checks passed."

style:
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types:
	$(BIN)/pyright

contracts:
	$(BIN)/lint-imports --no-logo

templates:
	$(BIN)/djlint templates --lint --quiet

# Every vendored file is the one that its README names by hash, and no other file lies beside it.
vendored:
	@for folder in static/vendor tests/browser/vendor; do ( \
		cd $$folder && \
		sed -n 's/^| `\([^`]*\)` .* `\([0-9a-f]\{64\}\)` |$$/\2  \1/p' README.md | sha256sum --check --quiet - && \
		find . -type f ! -name README.md | sed 's,^\./,,' | while read -r file; do \
			grep -qF "| \`$$file\` " README.md || { echo "$$folder/$$file is not in its README.md"; exit 1; }; \
		done ) || exit 1; \
	done
	@echo "Vendored files are unmodified."

migrations-match:
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT INT TERM && \
	export INSTANCE_PATH="$$folder" DATABASE_URL="sqlite:///$$folder/check.db" && unset REDIS_URL && \
	$(BIN)/flask --app wsgi db upgrade && $(BIN)/flask --app wsgi db check

bench: install ## Measure what the README states, each beside its floor
	@$(BIN)/python -m benchmarks $(ARGS)

prove: install ## Run the proofs of concurrency, crashes and random cases in full size (long)
	@PROVE=full $(OWN_STORES) $(BIN)/python -m pytest -m prove -o faulthandler_timeout=3600 $(ARGS)

format: install ## Format the code, and mend what the linter can mend
	$(BIN)/ruff check --fix --exit-zero
	$(BIN)/ruff format

lock: install ## Resolve requirements.in again into the hash lock (ARGS=--upgrade for newer indirect ones)
	$(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 --no-config --quiet \
		--custom-compile-command "make lock" --all-extras --output-file requirements.txt $(ARGS) \
		requirements.in pyproject.toml

clean: ## Remove .venv and caches; instance/ and its data stay
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	find dashboard tests benchmarks migrations -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true
