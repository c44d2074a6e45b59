# Needs a Python of 3.11 to 3.13 and make; everything else is installed into .venv, Java and Node included.
# All that is downloaded or made while running lies in run/, the archive in model_store/, the page in ui/dist.

# The newest Python that fits and can make an environment (Debian has that part in python3-venv); PYTHON=... is another.
PYTHONS := python3.13 python3.12 python3.11 python3
FITS := import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
# A .venv that fits keeps its Python.
FITTING = $(firstword $(shell for name in .venv/bin/python $(PYTHONS); do $$name -c '$(FITS)' 2>/dev/null && echo $$name; done))
# A PYTHON or TORCH_ARGS that is given holds for a .venv that is already there, too.
ASKED := $(if $(PYTHON)$(TORCH_ARGS),FORCE)
# pip's options for another build of torch, e.g. TORCH_ARGS="--index-url https://download.pytorch.org/whl/cu126".
TORCH_ARGS ?=
# Further arguments of `make serve` (see `.venv/bin/python -m serving --help`), `make train`, `make bench` and `make lock`.
SERVE_ARGS ?=
TRAIN_ARGS ?=
BENCH_ARGS ?=
LOCK_ARGS ?=
# What `make evaluate` scores, and the folder it writes to; `make train` puts IMDb there.
DATA ?= run/aclImdb_v1.tar.gz
OUTPUT ?= run/evaluation
# What `make score` scores, the folder that it fills, and further arguments, e.g. "--text-column text".
IN ?=
OUT ?=
SCORE_ARGS ?=
# Further arguments of `make trials`, e.g. "--short" or "bulk slow".
TRIAL_ARGS ?=

# What builds the image, and its arguments: IMAGE_ARGS="--build-arg PIP_INDEX_URL=…", for example.
IMAGE_TOOL ?= $(if $(shell docker info 2>/dev/null),docker build,buildah build --format docker --layers)
IMAGE_ARGS ?=
IMAGE ?= review-sentiment:1.0.0

PY := .venv/bin/python
UI_SOURCES := $(shell find ui \( -name node_modules -o -name dist -o -name tests \) -prune -o -type f -print)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL: # several targets install into the same .venv
.PHONY: help setup train-setup serve test test-python lint format unit hooks lock train evaluate score archive reference page docs \
	notebooks bench bench-full bench-gpu bench-peers bench-setfit trials image test-image sbom audit monitor

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | sort \
		| while IFS='|' read -r name what; do printf '  make %-12s %s\n' "$$name" "$$what"; done

setup: .venv/build.stamp ## install what serving needs into .venv

train-setup: .venv/train.stamp ## install what the training commands need, too

serve: .venv/build.stamp ui/dist/index.html ## set up what is missing, then run TorchServe and the gateway
	@exec $(PY) -m serving $(SERVE_ARGS)

test: .venv/test.stamp lint ui/dist/index.html ## set up what is missing, then lint, types and all tests
	$(PY) -m serving.npm run test
	$(PY) -m pytest --cov

# pip keeps what it downloads, the environment stays in run/ until it is removed.
test-python: ## run the unit tests under PYTHON=..., in an environment of its own
	@$(require-python); name=run/python-$$($$python -c 'import sys; print("%d.%d" % sys.version_info[:2])'); mkdir -p run; \
		$$python serving/install.py test --folder $$name --torch-args="$(TORCH_ARGS)" && $$name/bin/python -m pytest -q tests/unit

lint: .venv/test.stamp ui/node_modules/stamp ## check style and types of the Python and the TypeScript code
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports --no-cache
	.venv/bin/mypy
	.venv/bin/hadolint Dockerfile
	$(PY) -m serving.npm run lint
	$(PY) -m serving.npm run typecheck

format: .venv/test.stamp ui/node_modules/stamp ## lay out the Python and the TypeScript code as lint wants it
	.venv/bin/ruff format .
	$(PY) -m serving.npm run format

hooks: .venv/test.stamp ui/node_modules/stamp ## check style before each git commit from now on
	.venv/bin/pre-commit install

lock: .venv/test.stamp ## pin what pyproject.toml asks for, with hashes, in requirements/
	requirements/lock $(LOCK_ARGS)

unit: .venv/test.stamp ## run the tests that need neither Java nor a browser
	$(PY) -m pytest tests/unit

train: .venv/train.stamp ## train the shipped checkpoint anew; SMOKE=1 for a run of minutes
	$(PY) -m training.run $(if $(SMOKE),--smoke) $(TRAIN_ARGS)

evaluate: .venv/train.stamp ## score the shipped checkpoint: DATA=archive-or-csv OUTPUT=folder
	$(PY) -m training.evaluate --checkpoint model_store/checkpoint --data $(DATA) --split test \
		--output $(OUTPUT)

reference: .venv/train.stamp ## count the verdicts on the training set, for the drift gauge: DATA=archive-or-csv
	$(PY) -m training.stages.reference --data $(DATA)

# The same archive as the service's: packed here if there is none yet, or another checkpoint's.
score: .venv/$(if $(findstring --ray,$(SCORE_ARGS)),ray,train).stamp ## score many reviews: IN=file, folder or pattern, OUT=folder; run it again to go on
	@test -n "$(IN)" -a -n "$(OUT)" || { echo 'make: expected IN=… and OUT=…, as in make score IN=reviews.parquet OUT=verdicts' >&2; exit 2; }
	@$(PY) -m archive --if-changed
	@$(PY) -m bulk "$(IN)" "$(OUT)" $(SCORE_ARGS)

archive: .venv/build.stamp ## pack the checkpoint and the handler into model_store/sentiment.mar
	$(PY) -m training.archive --checkpoint model_store/checkpoint --output model_store/sentiment.mar

page: ui/dist/index.html ## build the page into ui/dist

# With --quiet mkdocs would not count its warnings, and --strict let them pass.
docs: .venv/test.stamp ## build the documentation site into run/site; a warning is an error
	NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --strict

notebooks: .venv/test.stamp ## run the tutorial's notebooks and write their outputs beside them
	$(PY) notebooks/execute.py

trials: .venv/test.stamp ui/dist/index.html ## try faults and load against a service of its own, in ten minutes
	$(PY) -m tests.trials $(TRIAL_ARGS)

image: ## build the service's image with docker or buildah
	$(IMAGE_TOOL) -t $(IMAGE) $(IMAGE_ARGS) .

test-image: .venv/test.stamp image ## build the image, run it with nothing it may do, and ask it
	IMAGE=$(IMAGE) $(PY) -m pytest -s tests/image

sbom: .venv/test.stamp ## write what the image holds to run/sbom.cdx.json, in CycloneDX's format
	$(PY) -m deploy.sbom

# Strict: a package that could not be looked up is an error, or a network that answers nothing would pass.
audit: .venv/test.stamp ## look up known vulnerabilities of what serving installs; needs PyPI
	.venv/bin/uv tool run pip-audit==2.10.1 --strict --disable-pip --require-hashes --requirement requirements/serve.txt

monitor: ## run Prometheus with the alerts beside `make serve`: http://127.0.0.1:9090/alerts
	@command -v prometheus >/dev/null || { echo "make monitor: prometheus is missing: apt-get install prometheus" >&2; exit 2; }
	prometheus --config.file=deploy/prometheus/local.yml --storage.tsdb.path=run/prometheus --web.listen-address=127.0.0.1:9090

bench: .venv/bench.stamp ## measure speed against the peers, in less than ten minutes
	$(PY) -m benchmarks.run $(BENCH_ARGS)

bench-full: .venv/bench.stamp bench-peers ## measure everything, against all peers
	$(PY) -m benchmarks.run --full $(BENCH_ARGS)

bench-gpu: .venv/bench.stamp ## measure a CUDA device, if there is one
	$(PY) -m benchmarks.gpu $(BENCH_ARGS)

bench-peers: run/benchmarks/infinity-venv/stamp ## install the infinity-emb server beside this project, for bench-full

bench-setfit: run/benchmarks/setfit-venv/stamp ## install SetFit beside this project, for benchmarks.few_rows

define require-python
python=$(or $(PYTHON),$(FITTING)); $${python:-false} -c '$(FITS)' 2>/dev/null || { \
	echo "make: needs Python 3.11, 3.12 or 3.13 with venv (python3-venv on Debian and Ubuntu), found" \
		"$$($${python:-python3} --version 2>&1 | head -n 1); name one with PYTHON=/path/to/python3" >&2; exit 2; }
endef

# Each list holds the ones before it. Where nothing has changed, the script ends at once.
.venv/build.stamp .venv/train.stamp .venv/ray.stamp .venv/test.stamp: .venv/%.stamp: requirements/%.txt $(ASKED)
	@$(require-python); $$python serving/install.py $* --torch-args="$(TORCH_ARGS)"
	@touch $@

.PHONY: FORCE
FORCE:

# Versions without hashes, or pip would ask for those of the peers as well; and torch's, which no list names.
.venv/bench.stamp: .venv/test.stamp benchmarks/peers-requirements.txt
	@echo "Adding the peers that are compared with to .venv ..."
	@sed -n 's/^\([a-z][^ ]*==[^ ]*\).*/\1/p; s/^ *"\(torch==[^"]*\)".*/\1/p' requirements/test.txt pyproject.toml > .venv/versions.txt
	@$(PY) -m pip install --quiet --quiet --disable-pip-version-check -c .venv/versions.txt -r benchmarks/peers-requirements.txt
	@touch $@

# An environment of its own: infinity-emb needs other versions than this project.
run/benchmarks/infinity-venv/stamp: benchmarks/infinity-requirements.txt | .venv/build.stamp
	@echo "Installing infinity-emb (a few minutes, once) ..."
	@$(PY) -m venv run/benchmarks/infinity-venv
	@run/benchmarks/infinity-venv/bin/pip install --quiet --quiet --disable-pip-version-check torch==2.13.0 $(TORCH_ARGS)
	@run/benchmarks/infinity-venv/bin/pip install --quiet --quiet --disable-pip-version-check -r benchmarks/infinity-requirements.txt
	@touch $@

run/benchmarks/setfit-venv/stamp: benchmarks/setfit-requirements.txt | .venv/build.stamp
	@echo "Installing SetFit (a few minutes, once) ..."
	@$(PY) -m venv run/benchmarks/setfit-venv
	@run/benchmarks/setfit-venv/bin/pip install --quiet --quiet --disable-pip-version-check torch==2.13.0 $(TORCH_ARGS)
	@run/benchmarks/setfit-venv/bin/pip install --quiet --quiet --disable-pip-version-check -r benchmarks/setfit-requirements.txt
	@touch $@

ui/node_modules/stamp: ui/package-lock.json | .venv/build.stamp
	@echo "Fetching the page's packages (180 MB on disk) ..."
	@$(PY) -m serving.npm ci --loglevel=error
	@touch $@

ui/dist/index.html: ui/node_modules/stamp $(UI_SOURCES)
	@echo "Building the page ..."
	@$(PY) -m serving.npm run build --silent -- --logLevel warn
	@touch $@
