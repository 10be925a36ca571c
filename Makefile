# Needs Python 3.11 or newer, make and git. Everything else is installed into .uv/ and .venv/.
PYTHON ?= python3
PORT ?= 8000
DATA ?= $(or $(DISTRIBUTOR_DATA),.data)
ARGS ?=
SBOM ?= sbom.cdx.json
# Where known vulnerabilities are looked up; OSV has those of PyPI's own database too.
ADVISORIES ?= https://api.osv.dev

# uv has a small venv of its own, because its `sync` would remove it from .venv.
UV := .uv/bin/uv
# --inexact keeps what other targets installed. Only a new .venv gets --python.
SYNC = env -u VIRTUAL_ENV UV_PYTHON_DOWNLOADS=never $(UV) sync --frozen --inexact \
	$(if $(wildcard .venv/bin/python),,--python $(PYTHON))
STACK := .venv/bin/python -m config.stack

# Compiling all modules takes each process 5 s of a core, so it is done once, whatever the environment prefers.
unexport PYTHONDONTWRITEBYTECODE

export PORT
export DISTRIBUTOR_DATA := $(DATA)

.PHONY: help run env test check lint types audit sbom docs bench clients conform client simulate chaos runtime development
.DEFAULT_GOAL := help

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  PORT=8000 and DATA=.data can be changed: make run PORT=8001 DATA=/tmp/second"

run: runtime ## install, start everything, print a curl command to paste; Ctrl-C stops it
	@exec $(STACK) run --end-with-parent

env: ## print what a shell needs to use a running stack, for `eval`; then try: distributor --help
	@$(STACK) env

# By file, so that the servers and browsers that a test module starts are started once. Three processes on two cores:
# many tests wait for servers, workers and browsers that they have started.
test: development ## run the tests on real servers; make test ARGS="-k quick" selects some
	@exec .venv/bin/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

check: audit lint types ## lint, format, types, import contracts, migrations, known vulnerabilities

lint: development
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports

types: development
	@exec $(STACK) with-services -- sh -exc \
		'mypy; python manage.py makemigrations --check --dry-run; python manage.py check'

# uv answers 1 if it found something, and 2 if it could not ask: no network is no reason to fail.
audit: $(UV) ## look up known vulnerabilities of everything in uv.lock; skipped where the network is closed
	@status=0; UV_HTTP_RETRIES=0 UV_HTTP_TIMEOUT=8 UV_HTTP_CONNECT_TIMEOUT=4 $(UV) audit --frozen --quiet \
		--preview-features audit --service-url $(ADVISORIES) || status=$$?; \
	case $$status in \
		0) echo "audit: no known vulnerabilities in uv.lock" ;; \
		2) echo "audit: SKIPPED. $(ADVISORIES) cannot be reached: uv.lock was NOT checked for vulnerabilities." >&2 ;; \
		*) exit $$status ;; \
	esac

sbom: $(UV) ## write what production installs as CycloneDX; make sbom SBOM=FILE
	@$(UV) export --frozen --quiet --preview-features sbom-export --format cyclonedx1.5 \
		--no-default-groups --group oidc --group otel --output-file $(SBOM) >/dev/null
	@echo "sbom: $(SBOM)"

docs: development ## build the documentation site; make docs ARGS=--quiet
	@NO_MKDOCS_2_WARNING=1 .venv/bin/mkdocs build --strict --site-dir $(abspath .site) $(ARGS)
	@echo "docs: .site/index.html"

conform: development ## call every API operation with valid and invalid requests, 100 times and at every limit
	@GENERATED_CALLS=100 BAD_BODIES=10000 exec .venv/bin/python -m pytest -n 2 --dist loadfile \
		--hypothesis-profile=explore tests/conformance/test_schema.py $(wildcard tests/api/*/test_bad_bodies.py) $(ARGS)

client: development ## generate the Python client's models and its sync half; after a change of the API
	@$(STACK) with-services -- .venv/bin/python manage.py spectacular --format openapi-json \
		| (cd clients/python && ../../.venv/bin/python -m codegen)

simulate: development ## simulate thirty days and check every message; make simulate ARGS="--seed 2"
	@exec $(STACK) with-services -- .venv/bin/python -m tests.simulation $(ARGS)

chaos: development ## break a running stack and check everybody; make chaos ARGS="--only worker"
	@exec .venv/bin/python -m tests.chaos $(ARGS)

clients: development ## run published clients of the lists-and-links API, unmodified; make clients ARGS="--only npm"
	@exec .venv/bin/python -m tests.clients $(ARGS)

bench: development ## measure acceptance, dispatch and punctuality with one million contacts
	@exec $(STACK) with-services --durable -- .venv/bin/python -m tests.bench $(ARGS)

runtime: $(UV)
	@[ -x .venv/bin/python ] || echo "installing Python packages into .venv"
	@$(SYNC) --no-default-groups --group embedded

development: $(UV)
	@$(SYNC)

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is required. Choose one: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
		{ echo "Python's ensurepip is missing. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "installing uv into .uv"
	@$(PYTHON) -m venv .uv
	@.uv/bin/pip install --quiet --disable-pip-version-check uv==0.13.9
