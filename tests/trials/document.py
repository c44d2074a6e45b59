"""Requests made from the service's own description, fit and unfit: what answers is described."""

import time
from collections import Counter
from typing import Any, Final

import schemathesis
from hypothesis import given
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.stack import Stack
from tests.trials.bulk import worker_pids
from tests.trials.fuzz import repeatable
from tests.trials.results import Bar, Result

# Not that unfit data is refused: an unfit item of a list gets an error in its place. Nor that fit
# data is taken: which labels a report may name, the model says and not the document.
CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def document(stack: Stack, count: int = 200) -> Result:
    """Send up to `count` fit and as many unfit requests to each operation of openapi.json."""
    begin = time.monotonic()
    workers = worker_pids(stack)
    statuses: Counter[int] = Counter()
    faults: Counter[str] = Counter()
    described = schemathesis.openapi.from_url(f"{stack.gateway_url}/openapi.json")
    operations: list[Any] = list(described.get_all_operations())
    for operation in (each.ok() for each in operations):
        for mode in GenerationMode:
            _send(operation, mode, count, statuses, faults)
    return Result(
        f"{sum(statuses.values()):,} requests made from openapi.json",
        [
            Bar("5xx or lost", sum(n for status, n in statuses.items() if status >= 500), 0),
            Bar("answers outside the document", sum(faults.values()), 0),
            Bar("workers replaced", len(workers - worker_pids(stack)), 0),
        ],
        {
            "statuses": dict(sorted(statuses.items())),
            **({"faults": dict(faults)} if faults else {}),
            "seconds": round(time.monotonic() - begin, 1),
        },
    )


def _send(
    operation: Any,
    mode: GenerationMode,
    count: int,
    statuses: "Counter[int]",
    faults: "Counter[str]",
) -> None:
    @repeatable(count)
    @given(operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        response = case.call()
        statuses[response.status_code] += 1
        try:
            case.validate_response(response, checks=CHECKS)
        except FailureGroup as group:
            faults.update(f"{operation.label}: {type(each).__name__}" for each in group.exceptions)

    try:
        send()
    except Unsatisfiable:  # an operation without parameters has no unfit request
        if mode is not GenerationMode.NEGATIVE:
            raise
