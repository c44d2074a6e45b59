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
# # 2 · Transfer learning
#
# An encoder that has read a lot of English is tuned to tell labels apart. First the tutorial's recipe (the head alone on the
# frozen encoder, then everything), then this project's (everything at once, with a rate that falls towards the lower
# layers). Both are measured on texts that neither has seen.
#
# Without settings a tiny encoder of random weights is tuned on this project's own short texts, so that the notebook
# runs anywhere in minutes: to tell texts with a verdict from texts without one. Its figures say nothing about the shipped
# model. In the environment,
# `IMDB=/path/to/aclImdb_v1.tar.gz` takes IMDb's reviews and
# `ENCODER=sentence-transformers/all-MiniLM-L6-v2` (or a folder) the encoder that the shipped model started from: hours
# on two cores, minutes on a GPU.

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
import shutil

import pandas as pd
from IPython.display import Image, Markdown, display

from training.data.readers import read_split
from training.data.short_texts import FOLDER
from training.evaluation.report import summarise
from training.evaluation.scoring import score_reviews
from training.stages.evaluate import EvaluateOptions, evaluate
from training.stages.linear import LinearOptions, calibrated, fit
from training.stages.options import read_splits
from training.stages.tiny_encoder import TinyEncoderOptions, make_encoder
from training.stages.train import TrainOptions, train

OUTPUT = Path(os.environ.get("NOTEBOOK_OUTPUT", "run/notebooks"))
IMDB, ENCODER = os.environ.get("IMDB"), os.environ.get("ENCODER")
OUTPUT.mkdir(parents=True, exist_ok=True)

# %% [markdown]
# ## Data
#
# IMDb comes with a test part. Of the short texts a fifth is kept apart.

# %%
if IMDB:
    data = unseen = Path(IMDB)
else:
    data, unseen = OUTPUT / "train.csv", OUTPUT / "unseen.csv"
    names = {"short.csv": "verdict", "neutral.csv": "no verdict"}
    texts = pd.concat(
        [pd.read_csv(FOLDER / name).assign(label=label) for name, label in names.items()]
    ).rename(columns={"text": "review"})
    texts = texts[texts["review"].fillna("").str.strip() != ""]  # some of them are of spaces alone
    apart = texts.index % 10 >= 8  # neighbours are versions of one text
    texts[~apart].to_csv(data, index=False)
    texts[apart].to_csv(unseen, index=False)

if not ENCODER:  # a full run goes on where it was stopped, a small one begins anew
    for name in ("tutorial", "at-once"):
        shutil.rmtree(OUTPUT / name, ignore_errors=True)
shared = {"data": data, "cache": OUTPUT / "cache"}

# %% [markdown]
# ## Encoder
#
# Any RoBERTa, or any BERT: its weights are put into RoBERTa's layout, with the same hidden states to the last bit.

# %%
if not ENCODER:
    make_encoder(TinyEncoderOptions(**shared, output=OUTPUT / "tiny"))
encoder = ENCODER or str(OUTPUT / "tiny" / "bert")

# %% [markdown]
# ## The tutorial's recipe
#
# Stage 1 trains the head while the encoder stays as it is; stage 2 goes on from there with the encoder unfrozen. (In the
# tutorial itself stage 2 starts from nothing: every weight it loads has another name, and `strict=False` keeps quiet about
# it.)

# %%
full = {} if ENCODER else {"steps": 80, "batch_tokens": 1024, "validate_every": 20}
in_stages = train(
    TrainOptions(
        **shared,
        **full,
        output=OUTPUT / "tutorial",
        recipe="tutorial",
        encoder=encoder,
        cleaning="plain",
    )
)

# %% [markdown]
# ## Everything at once

# %%
at_once = train(
    TrainOptions(
        **shared,
        **full,
        output=OUTPUT / "at-once",
        encoder=encoder,
        layer_decay=0.95,
        r_drop=0,
        epochs=1,
        learning_rate=1e-4 if ENCODER else 2e-3,
    )
)

# %% [markdown]
# ## Loss curves
#
# Training loss falls for as long as one trains; what is kept are the weights with the lowest loss on validation texts.


# %%
def measure(name: str, checkpoint: Path) -> dict:
    """Score a checkpoint on the unseen texts; returns the content of its metrics.json."""
    folder = OUTPUT / f"{name}-test"
    shutil.rmtree(folder, ignore_errors=True)
    evaluate(EvaluateOptions(checkpoint=checkpoint, data=unseen, split="test", output=folder))
    return json.loads((folder / "metrics.json").read_text())


measured = {"the tutorial's recipe": measure("tutorial", in_stages)}
measured["everything at once"] = measure("at-once", at_once)

# %%
display(Image(OUTPUT / "at-once-test" / "loss.png"))

# %% [markdown]
# ## Report and confusion matrix
#
# Precision: of all texts called so, how many are. Recall: of all that are, how many were found.

# %%
display(pd.DataFrame(measured["everything at once"]["per_label"]).T)

# %%
display(Image(OUTPUT / "at-once-test" / "confusion_matrix.png"))

# %% [markdown]
# ## Against the linear model
#
# One minute on two cores, and hard to beat. On IMDb the table below is that of
# [docs/results.md](../docs/results.md), once `ENCODER` and `IMDB` are set and `make train` has made the shipped checkpoint's
# row.

# %%
told = LinearOptions(data=data)
splits = read_splits(told)
scorer = calibrated(*fit(splits, told), splits, told)
measured["linear model"] = summarise(score_reviews(scorer, read_split(unseen, "test")))
if IMDB:
    measured["shipped"] = measure("shipped", Path("model_store/checkpoint"))

rows = [
    f"| {name} | {each['n']:,} | {each['accuracy']:.2%} | {each['ece']:.2%} | {each['log_loss']:.3f} |"
    for name, each in measured.items()
]
header = ["| model | texts | accuracy | ECE | log-loss |", "|---|---|---|---|---|"]
display(Markdown("\n".join(header + rows)))
