# Every target prepares what it needs: the first run takes minutes, later ones seconds.
VENV := $(or $(HOTLINE_RUNTIME),.runtime)/venv/bin

.PHONY: prepare run demo check console-check console screens quick test bench chaos lock

prepare:
	@sh asterisk/bootstrap.sh

run: prepare          ## Asterisk, Redis and the hotline with sample data; Ctrl-C ends all of it
	@$(VENV)/hotline up

demo: prepare         ## a day at the hotline, step by step, with simulated phones
	@$(VENV)/python -m tests.demo

check: prepare        ## lint, format, types, layers, flows
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@$(VENV)/mypy
	@$(VENV)/lint-imports
	@$(VENV)/hotline flows check

console-check: prepare  ## lint, types and unit tests of the console's pages
	@$(VENV)/python -m dev.console run check

console: prepare      ## the console's pages with Vite, beside `make run`, for those who change them
	@$(VENV)/python -m dev.console run dev

screens: prepare      ## pictures of every page in .runtime/screens, and what axe finds on them
	@$(VENV)/python -m tests.browser

quick: prepare        ## unit tests that start no server and are not slow
	@$(VENV)/pytest tests/unit -q -p no:schemathesis -m "not server and not slow" -n auto --dist worksteal

# Files in the order of tests/conftest.py: those that wait for a real Asterisk are mixed with those that compute.
test: check console-check  ## everything CI runs
	@$(VENV)/pytest -n auto --dist loadfile --no-loadscope-reorder

bench: prepare        ## make bench ONLY=G1 runs one
	@$(VENV)/python -m bench $(ONLY)

chaos: prepare        ## faults on real processes under load (ONLY=row SEED=n)
	@$(VENV)/python -m tests.chaos $(if $(ONLY),--only "$(ONLY)") $(if $(SEED),--seed $(SEED))

lock: prepare         ## resolve both lock files again (the second is what the container image installs); needs uv
	uv pip compile pyproject.toml --extra dev --extra bench --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -q -o requirements.lock
	uv pip compile pyproject.toml -c requirements.lock --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" -q -o requirements-service.lock
