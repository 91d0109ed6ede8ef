# make run    serve on this machine; ARGS="--bind 127.0.0.1:0" goes to app.py
# make demo   serve a few commands, and an intranet page on another port that shows their panels; ARGS goes to it
# make test   install what the tests need, browsers too, and run them; ARGS="-k stop" goes to pytest
# make check  lint, format, types
# make bench  measure; fails on a missed goal; ARGS goes to it
# make faults kill, fill, freeze and set back what Linefeed relies on; fails on a missed goal; ARGS goes to it
# make requirements  pin anew what the .in files ask for (needs pip-compile on the PATH)
# make clean  remove what make and the tools made; jobs and history in var/ stay

python := .venv/bin/python
install := $(python) -m pip install --quiet --disable-pip-version-check --require-hashes
sources := app.py runner benchmarks tests examples

.PHONY: run demo test check bench faults requirements clean
.DELETE_ON_ERROR:

# exec: the server itself, not a shell before it, hears Ctrl-C and SIGTERM.
run: .venv/installed
	@exec $(python) app.py $(ARGS)

demo: .venv/installed
	@exec $(python) -m examples.embedding $(ARGS)

test: .venv/installed-dev
	@.ci/clients
	$(python) -m pytest --numprocesses=auto --maxprocesses=4 --dist=worksteal $(ARGS)

check: .venv/installed-dev
	$(python) -m ruff check $(sources)
	$(python) -m ruff format --check $(sources)
	$(python) -m bandit --quiet --recursive app.py runner
	$(python) -m mypy --strict $(sources)

bench: .venv/installed-dev
	$(python) -m benchmarks $(ARGS)

faults: .venv/installed-dev
	@.ci/clients
	$(python) -m tests.faults $(ARGS)

# Without this machine's own pip settings: the pins must be the registry's, for everybody.
requirements:
	for name in requirements requirements-dev; do \
	    env -u PIP_FIND_LINKS -u PIP_INDEX_URL -u PIP_EXTRA_INDEX_URL PIP_CONFIG_FILE=/dev/null \
	    CUSTOM_COMPILE_COMMAND="make requirements" pip-compile --quiet $(ARGS) $$name.in || exit; \
	done

clean:
	rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/made:
	@python=$$(PYTHON='$(PYTHON)' .ci/python) && echo "Making .venv with $$python" && "$$python" -m venv .venv
	@touch $@

.venv/installed: requirements.txt .venv/made
	@echo "Installing requirements.txt"
	@$(install) -r requirements.txt
	@touch $@

.venv/installed-dev: requirements-dev.txt .venv/installed
	@echo "Installing requirements-dev.txt"
	@$(install) -r requirements-dev.txt
	@touch $@
