# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # 3 · Pack and serve
#
# A checkpoint becomes an archive, the archive a service, and the service answers. `CHECKPOINT=folder` in the environment
# takes another checkpoint than the shipped one, for example `run/notebooks/at-once/checkpoint` of the notebook before.

# %%
import os
import sys
import warnings
from pathlib import Path

warnings.filterwarnings("ignore", message="IProgress not found")
os.environ.update(TQDM_DISABLE="1", TRANSFORMERS_VERBOSITY="error")
ROOT = Path.cwd() if Path("notebooks").is_dir() else Path.cwd().parent
os.chdir(ROOT)
sys.path.insert(0, str(ROOT))

# %%
import json
import zipfile

from IPython.display import Markdown, display

from archive.build import build_archive
from benchmarks.model_files import ModelFiles
from benchmarks.stack import running_stack
from client import Client
from handler.explainer import Explainer
from handler.predictor import Predictor
from training.evaluation.report import markdown_table

OUTPUT = Path(os.environ.get("NOTEBOOK_OUTPUT", "run/notebooks")) / "packed"
CHECKPOINT = Path(os.environ.get("CHECKPOINT", "model_store/checkpoint"))
OUTPUT.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# ## The predictor
#
# A plain object that knows no server. A script, the bulk command and TorchServe's worker use the same one, so they give
# the same answers.

# %%
predictor = Predictor.load(CHECKPOINT)
reviews = [
    "A joy from start to end.",
    "Not good at all, I want my two hours back.",
    "The film runs 104 minutes.",
]
rows = [
    (review, answer.label, f"{answer.confidence:.3f}", str(answer.certain))
    for review, answer in zip(reviews, predictor.predict(reviews), strict=True)
]
display(Markdown(markdown_table(("review", "label", "confidence", "certain"), rows)))

# %% [markdown]
# ## Why
#
# The explainer says what each word and sentence contributed: above 0 it spoke for the verdict.

# %%
mixed = "The cast is wonderful. The plot is a mess, and the ending is worse."
verdict = predictor.predict([mixed])[0]
explanation = Explainer.load(CHECKPOINT, predictor).explain(mixed, verdict)
print(verdict.label, "mixed" if explanation.mixed else "not mixed")
for sentence in explanation.sentences:
    print(f"{sentence.contribution:+.2f}  {mixed[sentence.start : sentence.end]}")

# %% [markdown]
# ## The archive
#
# Checkpoint, handler and what the engines need, in one file. The same input gives the same bytes, and the checksum
# beside it is checked before the archive is served: a `.mar` is code.

# %%
files = ModelFiles(OUTPUT)
print(build_archive(CHECKPOINT, files.archive))
with zipfile.ZipFile(files.archive) as archive:
    for entry in archive.infolist():
        if entry.file_size > 100_000:
            print(f"{entry.file_size / 1e6:6.1f} MB  {entry.filename}")

# %% [markdown]
# ## The service
#
# TorchServe with the archive, and the gateway in front of it, on free ports of this machine: what `make serve` runs. Both
# end with the block.

# %%
with running_stack(files) as service:
    client = Client(service.gateway_url.removesuffix("/predict"))
    served = client.predict_many(reviews)
    model = client.model()
print(json.dumps({name: model[name] for name in ("version", "labels", "threshold")}, indent=1))
display(
    Markdown(
        markdown_table(
            ("review", "label", "confidence"),
            [
                (text, each.label, f"{each.confidence:.3f}")
                for text, each in zip(reviews, served, strict=True)
            ],
        )
    )
)

# %% [markdown]
# The servers answer what the predictor answers. It computed in bf16 here, from the bare checkpoint; the archive has what int8
# needs, so confidences differ a little.

# %%
for review, here, there in zip(reviews, predictor.predict(reviews), served, strict=True):
    assert here.label == there.label, review
    assert abs(here.confidence - there.confidence) < 0.05, review
