"""One run of the benchmark: prepare, measure part by part, judge, write the results."""

import argparse
import json
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks import answers, bars, engines, gemm, in_process, peer_servers, report, servers
from benchmarks.corpus import Corpus, load_corpus
from benchmarks.model_files import ModelFiles
from benchmarks.models import BASE, LIBRARIES, SHIPPED, prepare
from benchmarks.plan import BENCH, FULL, TINY, Plan
from handler.files import write_text

CALIBRATION_REVIEWS = 16


def run(options: argparse.Namespace) -> None:
    """Measure, write the results, and print the tables with the bars last."""
    plan = TINY if options.tiny else FULL if options.full else BENCH
    options.output.mkdir(parents=True, exist_ok=True)
    results = measure(load_corpus(options.data), plan, options)
    text = report.markdown(results)
    write_text(options.output / f"{options.name}.md", text)
    if {"engines", "servers"} <= set(options.parts):
        report.plot(results, options.output / f"{options.name}.png")
    print(f"\n{text}\nWritten to {options.output}. The bars, from this machine, this minute:\n")
    print(report.bars_table(results["bars"]))


def measure(corpus: Corpus, plan: Plan, options: argparse.Namespace) -> dict[str, Any]:
    """Run the parts asked for; returns everything that was measured."""
    with_peers = "engines" in options.parts
    examples = [review.text for review in corpus.sample(CALIBRATION_REVIEWS, seed=1)]
    models = [
        _timed(f"prepare {name}", apart, prepare, name, options.folder, examples, with_peers)
        for name in (SHIPPED, BASE)
    ]
    results: dict[str, Any] = {
        "when": time.strftime("%Y-%m-%d %H:%M"),
        "machine": machine(options.threads),
        "corpus": corpus.name,
    }
    if "engines" in options.parts:
        results |= _engines(models, corpus, plan, options.threads)
        _save(results, options)
    if "answers" in options.parts:
        sample = corpus.sample(plan.answers)
        results["answers"] = _timed(
            "same answers", answers.compare_answers, models[0], sample, options.threads
        )
        _save(results, options)
    if "servers" in options.parts:
        results |= _servers(models, corpus, plan, options.threads)
        _save(results, options)
    if "peers" in options.parts:
        texts = corpus.evenly(plan.bar_reviews)
        results["server_peers"] = _timed(
            "peers' servers", peer_servers.measure_peers, models[1], texts, plan
        )
        _save(results, options)
    return results


def _save(results: dict[str, Any], options: argparse.Namespace) -> None:
    """Judge and write what there is: a run that is broken off keeps its finished parts."""
    results["bars"] = bars.judge(results)
    text = json.dumps(results, indent=1, ensure_ascii=False)
    write_text(options.output / f"{options.name}.json", text + "\n")


def _engines(models: list[ModelFiles], corpus: Corpus, plan: Plan, threads: int) -> dict[str, Any]:
    """Measure the engines on each model, and the machine's own peaks before, between and after."""
    names = engines.ALL if plan.all_peers else engines.QUICK
    found: dict[str, Any] = {}
    spells = [_peaks(threads)]
    for files, count in zip(models, (plan.shipped_reviews, plan.base_reviews), strict=True):
        found[files.name] = _timed(
            f"engines, {files.name}", in_process.measure_engines, names, files,
            corpus.evenly(count), threads, plan.rounds, plan.latency_reviews,
        )  # fmt: skip
        spells.append(_peaks(threads))
    peaks = gemm.highest(spells)
    for rows in found.values():
        in_process.add_share_of_peak(rows, peaks)
    return {"gemm_peaks": peaks, "engines": found}


def _peaks(threads: int) -> dict[str, float]:
    peaks: dict[str, float] = _timed("GEMM peaks", apart, gemm.measure_peaks, threads)
    return peaks


def _servers(models: list[ModelFiles], corpus: Corpus, plan: Plan, threads: int) -> dict[str, Any]:
    shipped, base = models
    results: dict[str, Any] = {"generator": servers.measure_generator(), "servers": {}}
    texts = corpus.evenly(max(256, plan.bar_reviews))
    results["servers"][SHIPPED] = _timed(
        "servers, shipped", servers.measure_shipped, shipped, texts, threads, plan
    )
    texts = corpus.evenly(plan.bar_reviews)
    results["servers"][BASE] = _timed(
        f"servers, {BASE}", servers.measure_bars, base, texts, threads, plan
    )
    return results


def apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function in a process of its own, whose memory and threads end with it."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def _timed(what: str, function: Callable[..., Any], *arguments: Any) -> Any:
    print(f"{what} ...", flush=True)
    start = time.perf_counter()
    found = function(*arguments)
    print(f"{what}: {time.perf_counter() - start:.0f} s", flush=True)
    return found


def machine(threads: int) -> dict[str, Any]:
    """Return what the figures depend on: processor, threads and libraries."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return {
        "processor": next(names, platform.machine()),
        "threads": threads,
        "python": platform.python_version(),
        "libraries": dict(_versions((*LIBRARIES, "torchserve"))),
    }


def _versions(packages: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the versions of what is installed: the peers may be left out."""
    for name in packages:
        with suppress(PackageNotFoundError):
            yield name, version(name)
