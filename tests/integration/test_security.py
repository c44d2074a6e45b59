"""SECURITY.md: its commands do what it says, by curl: with a key, without, with a revoked one."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.stack import ROOT

TEXT = (ROOT / "SECURITY.md").read_text("utf-8")
(COMMANDS,) = re.findall(r"^```\n(.*?gateway\.keys.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def shown(word: str) -> str:
    """Return the one command of the block that holds a word, without its remark."""
    (line,) = (line for line in COMMANDS.splitlines() if word in line)
    return re.sub(r"\s+#.*", "", line)


def run(command: str, **here: str) -> str:
    """Run a command as shown, with what is real here put in place of some words."""
    for word, real in {".venv/bin/python": sys.executable, **here}.items():
        command = command.replace(word, real)
    done = subprocess.run(
        ["bash", "-euc", command], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_key_lets_its_owner_in_until_it_is_revoked(
    another_gateway: Callable[..., str], tmp_path: Path
) -> None:
    keys = {"run/keys.json": str(tmp_path / "keys.json")}
    key = run(shown("create Ada"), **keys).strip()
    url = another_gateway(keys_file=keys["run/keys.json"])

    def ask(key: str) -> tuple[int, Any]:
        command = shown("curl -H").replace("KEY", key)
        if not key:
            command = command.replace('-H "Authorization: Bearer " ', "")
        answer = run(command, **{"http://HOST:8000": url, "curl": "curl -s -w '\\n%{http_code}'"})
        body, status = answer.rsplit("\n", 1)
        return int(status), json.loads(body)

    status, verdict = ask(key)
    assert (status, "label" in verdict) == (200, True)
    for other in ("nobody's", ""):
        status, answer = ask(other)
        assert (status, answer["error"]["code"]) == (401, "invalid_key")
    key_id = run(shown("gateway.keys --file run/keys.json list"), **keys).split()[0]
    assert "Ada" in run(shown("revoke ID"), ID=key_id, **keys)
    status, answer = ask(key)
    assert (status, answer["error"]["code"]) == (401, "invalid_key")
    assert "revoked" in answer["error"]["message"]
