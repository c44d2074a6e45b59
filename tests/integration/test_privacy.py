"""No log file holds anything that a person wrote."""

from tests.integration.conftest import Door
from tests.stack import Stack, send

SENTINEL = "zanzibarquokka"


def test_no_log_holds_any_text_of_a_request(stack: Stack, door: Door) -> None:
    bodies: list[object] = [
        {"review": f"I liked {SENTINEL} very much."},
        {"reviews": [f"{SENTINEL} one", "", f"\0 {SENTINEL}"]},
        {"review": f"half a pair \ud83d {SENTINEL}"},
        {"review": 1, SENTINEL: 2},
        {"review": SENTINEL * 4_000},
        {"review": SENTINEL * 150_000},
        f'{{"review": "{SENTINEL}'.encode(),
        b'{"review": "\xff ' + SENTINEL.encode(),
        SENTINEL.encode(),
    ]
    statuses = [door(body).status for body in bodies]
    assert statuses == [200, 200, 400, 400, 413, 413, 400, 400, 400]
    door(SENTINEL.encode(), content_type="text/plain")
    send(f"{stack.gateway_url}/predict?review={SENTINEL}", "POST", b"{}")

    logs = [file for file in stack.runner.run_dir.rglob("*") if file.is_file()]
    assert any(file.stat().st_size for file in logs if file.name == "access_log.log")
    assert any(file.stat().st_size for file in logs if file.name == "gateway.log")
    holding = [file.name for file in logs if SENTINEL.encode() in file.read_bytes()]
    assert holding == []
