# Needs Python 3.11 and make; everything else is installed into .venv, Java and Node included.
PYTHON ?= python3.11
# Arguments for pip that choose another build of torch, e.g. an index of CPU-only or CUDA builds.
TORCH_ARGS ?=
# Further arguments of `make serve` (see `.venv/bin/python -m serving --help`) and `make train`.
SERVE_ARGS ?=
TRAIN_ARGS ?=
# Further arguments of `make bench`, e.g. "--data ../shared/data/aclImdb_v1.tar.xz".
BENCH_ARGS ?=
# What `make evaluate` scores, and the folder it writes to.
DATA ?= data/aclImdb_v1.tar.gz
OUTPUT ?= runs/evaluation

PY := .venv/bin/python
UI_SOURCES := $(shell find ui \( -name node_modules -o -name dist -o -name tests \) -prune -o -type f -print)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup serve test lint unit train evaluate archive page bench bench-full bench-gpu bench-peers

help: ## list what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1|/' | sort \
		| while IFS='|' read -r name what; do printf '  make %-12s %s\n' "$$name" "$$what"; done

setup: .venv/serve.stamp ## install what serving needs into .venv

serve: .venv/serve.stamp ui/dist/index.html ## set up what is missing, then run TorchServe and the gateway
	@exec $(PY) -m serving $(SERVE_ARGS)

test: .venv/all.stamp lint ui/dist/index.html ## set up what is missing, then lint, types and all tests
	$(PY) -m serving.npm run test
	$(PY) -m pytest

lint: .venv/all.stamp ui/node_modules/stamp ## check style and types of the Python and the TypeScript code
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/hadolint Dockerfile
	$(PY) -m serving.npm run lint
	$(PY) -m serving.npm run typecheck

unit: .venv/all.stamp ## run the tests that need neither Java nor a browser
	$(PY) -m pytest tests/unit

train: .venv/all.stamp ## train the shipped checkpoint anew; SMOKE=1 for a run of minutes
	$(PY) -m training.run $(if $(SMOKE),--smoke) $(TRAIN_ARGS)

evaluate: .venv/all.stamp ## score the shipped checkpoint: DATA=archive-or-csv OUTPUT=folder
	$(PY) -m training.evaluate --checkpoint model_store/checkpoint --data $(DATA) --split test \
		--output $(OUTPUT)

archive: .venv/serve.stamp ## pack the checkpoint and the handler into model_store/sentiment.mar
	$(PY) -m training.archive --checkpoint model_store/checkpoint --output model_store/sentiment.mar

page: ui/dist/index.html ## build the page into ui/dist

bench: .venv/bench.stamp ## measure speed against the peers, in less than ten minutes
	$(PY) -m benchmarks.run $(BENCH_ARGS)

bench-full: .venv/bench.stamp bench-peers ## measure everything, against all peers
	$(PY) -m benchmarks.run --full $(BENCH_ARGS)

bench-gpu: .venv/bench.stamp ## measure a CUDA device, if there is one
	$(PY) -m benchmarks.gpu $(BENCH_ARGS)

bench-peers: run/benchmarks/infinity-venv/stamp ## install the infinity-emb server beside this project, for bench-full

# torch first and alone: the other packages must not choose its build.
.venv/serve.stamp: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "make: $(PYTHON) not found: install Python 3.11 or set PYTHON" >&2; exit 2; }
	@echo "Setting up .venv (a few minutes, once) ..."
	@test -x $(PY) || $(PYTHON) -m venv .venv
	@$(PY) -m pip install --quiet --quiet --disable-pip-version-check -c constraints.txt torch==2.13.0 $(TORCH_ARGS)
	@$(PY) -m pip install --quiet --quiet --disable-pip-version-check -c constraints.txt '.[serve,build]'
	@touch $@

.venv/all.stamp: .venv/serve.stamp
	@echo "Adding what training and tests need to .venv ..."
	@$(PY) -m pip install --quiet --quiet --disable-pip-version-check -c constraints.txt '.[serve,build,train,test]'
	@touch $@

.venv/bench.stamp: .venv/all.stamp benchmarks/peers-requirements.txt
	@echo "Adding the peers that are compared with to .venv ..."
	@$(PY) -m pip install --quiet --quiet --disable-pip-version-check -c constraints.txt -r benchmarks/peers-requirements.txt
	@touch $@

# An environment of its own: infinity-emb needs other versions than this project.
run/benchmarks/infinity-venv/stamp: benchmarks/infinity-requirements.txt
	@echo "Installing infinity-emb (a few minutes, once) ..."
	@$(PYTHON) -m venv run/benchmarks/infinity-venv
	@run/benchmarks/infinity-venv/bin/pip install --quiet --quiet --disable-pip-version-check torch==2.13.0 $(TORCH_ARGS)
	@run/benchmarks/infinity-venv/bin/pip install --quiet --quiet --disable-pip-version-check -r benchmarks/infinity-requirements.txt
	@touch $@

ui/node_modules/stamp: ui/package-lock.json | .venv/serve.stamp
	@echo "Fetching the page's packages ..."
	@$(PY) -m serving.npm ci --no-audit --no-fund --no-update-notifier --loglevel=error
	@touch $@

ui/dist/index.html: ui/node_modules/stamp $(UI_SOURCES)
	@echo "Building the page ..."
	@$(PY) -m serving.npm run build --silent -- --logLevel warn
	@touch $@
