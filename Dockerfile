# The service in one image: `docker build -t review-sentiment . && docker run --rm -p 8000:8000 review-sentiment`
#
# Where packages come from can be set for a build alone, and stays out of the image:
#   --build-arg PIP_INDEX_URL=...  --build-arg NPM_CONFIG_REGISTRY=...
#   --build-arg TORCH_ARGS="--index-url ..."   another build of torch, CPU-only or for a CUDA version
ARG BASE=python:3.11-slim-bookworm

# --- What serving imports, Java included -----------------------------------------------------------
FROM ${BASE} AS packages
ARG PIP_INDEX_URL
ARG TORCH_ARGS
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/opt/venv/bin:$PATH
WORKDIR /srv
COPY pyproject.toml constraints.txt ./
# torch first and alone: the other packages must not choose its build.
RUN python -m venv /opt/venv \
    && pip install -c constraints.txt torch==2.13.0 ${TORCH_ARGS} \
    && pip install -c constraints.txt '.[serve]'

# --- What is built once: the page and the archive --------------------------------------------------
FROM packages AS build
ARG PIP_INDEX_URL
ARG NPM_CONFIG_REGISTRY
RUN pip install -c constraints.txt '.[build]'
COPY serving serving
COPY ui ui
RUN python -m serving.npm ci --no-audit --no-fund && python -m serving.npm run build
COPY handler handler
COPY training training
COPY model_store/checkpoint model_store/checkpoint
RUN python -m training.archive

# --- The image: no compiler, no Node, no checkpoint beside the archive -----------------------------
FROM ${BASE}
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent service
WORKDIR /srv
COPY --from=packages /opt/venv /opt/venv
COPY config.properties ./
COPY serving serving
COPY gateway gateway
COPY --from=build /srv/ui/dist ui/dist
COPY --from=build /srv/model_store/sentiment.mar /srv/model_store/sentiment.mar.sha256 model_store/
# Logs and tokens; everything else belongs to root and cannot be changed by the service.
RUN install -d -o service run
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 HF_HUB_OFFLINE=1
USER 10001
# Of all the ports in here only the gateway's leaves the container: TorchServe stays on 127.0.0.1.
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=10s --start-period=120s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz', timeout=8)"]
# The script behind `make serve`: it ends, and the container with it, when either server dies.
ENTRYPOINT ["python", "-m", "serving", "--host", "0.0.0.0", "--prepacked"]
