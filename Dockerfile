# The service in one image: `make image`, or `docker build -t review-sentiment . && docker run --rm -p 8000:8000 review-sentiment`
#
# Where packages come from can be set for a build alone, and stays out of the image:
#   --build-arg PIP_INDEX_URL=...  --build-arg NPM_CONFIG_REGISTRY=...
# The image scores in int8 by OpenVINO and holds no torch. For processors without VNNI, or for GPUs:
#   --build-arg TORCH=yes                          and with it
#   --build-arg TORCH_ARGS="--index-url ..."       another build of torch, for a CUDA version
# Tracing (docs/operate.md) needs its packages:
#   --build-arg TRACING=yes
ARG BASE=python:3.11-slim-bookworm

# --- What serving imports, Java included -----------------------------------------------------------
FROM ${BASE} AS packages
ARG PIP_INDEX_URL
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PATH=/opt/venv/bin:$PATH
WORKDIR /srv
COPY requirements/serve.txt requirements/
# The lists are whole and carry each file's hash (hadolint takes pip's options for packages).
# hadolint ignore=DL3013
RUN python -m venv /opt/venv && pip install --require-hashes --no-deps -r requirements/serve.txt

# --- What is built once: the page and the archive --------------------------------------------------
FROM packages AS build
ARG PIP_INDEX_URL
ARG TORCH_ARGS
ARG NPM_CONFIG_REGISTRY
# A file of certificates, mounted into the build, where the network has an authority of its own.
ARG NODE_EXTRA_CA_CERTS
# torch comes with its version and without a hash, since its build differs from machine to machine.
# hadolint ignore=DL3013
RUN pip install torch==2.13.0 ${TORCH_ARGS}
COPY requirements/build.txt requirements/
RUN pip install --require-hashes --no-deps -r requirements/build.txt
COPY contract contract
COPY serving serving
COPY ui ui
RUN python -m serving.npm ci --no-audit --no-fund && python -m serving.npm run build
COPY handler handler
COPY archive archive
COPY model_store/checkpoint model_store/checkpoint
RUN python -m archive

# --- What of it is opened while serving ------------------------------------------------------------
FROM packages AS slim
ARG PIP_INDEX_URL
ARG TORCH=no
ARG TORCH_ARGS
ARG TRACING=no
COPY requirements/torch.txt requirements/tracing.txt requirements/
# hadolint ignore=DL3013
RUN if [ "${TORCH}" = yes ]; then \
        pip install torch==2.13.0 ${TORCH_ARGS} && pip install --require-hashes --no-deps -r requirements/torch.txt; fi; \
    if [ "${TRACING}" = yes ]; then pip install --require-hashes --no-deps -r requirements/tracing.txt; fi
COPY deploy/image/slim.sh deploy/image/
RUN deploy/image/slim.sh "$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" "${TORCH}"

# --- The image: no compiler, no Node, no checkpoint beside the archive; what changes rarely first --
FROM ${BASE}
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent service
WORKDIR /srv
# Logs and tokens; everything else belongs to root and cannot be changed by the service.
RUN install -d -o service run
COPY --from=slim /opt/venv /opt/venv
COPY --from=build /srv/model_store/sentiment.mar /srv/model_store/sentiment.mar.sha256 model_store/
COPY model_store/reference.json model_store/
COPY config.properties ./
COPY serving serving
COPY contract contract
COPY gateway gateway
COPY --from=build /srv/ui/dist ui/dist
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HF_HUB_OFFLINE=1
USER 10001
# Of all the ports in here only the gateway's leaves the container: TorchServe stays on 127.0.0.1.
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=10s --start-period=120s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/readyz', timeout=8)"]
# The script behind `make serve`: it ends, and the container with it, when either server dies.
# Who may reach the published port is the operator's to say; keys: GATEWAY_KEYS_FILE (SECURITY.md).
ENTRYPOINT ["python", "-m", "serving", "--host", "0.0.0.0", "--open-to-everybody", "--prepacked"]
