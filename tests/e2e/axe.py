"""What axe finds on a page, and the narrow screen that it is tried on."""

from pathlib import Path
from typing import Any, Final

from tests.e2e.reader import Reader

AXE: Final = Path(__file__).parents[2] / "ui" / "node_modules" / "axe-core" / "axe.min.js"
NARROW: Final = {"width": 320, "height": 640}


def scan(reader: Reader) -> dict[str, Any]:
    """Run axe on the page as it stands, once its fades are over."""
    reader.page.wait_for_function(
        "() => document.getAnimations().every((one) => one.effect.getTiming().iterations > 1"
        " || one.playState === 'finished')"
    )
    reader.page.evaluate(AXE.read_text(encoding="utf-8"))
    found: dict[str, Any] = reader.page.evaluate("() => axe.run()")
    return found


def outline(findings: list[dict[str, Any]]) -> list[str]:
    return [f"{one['id']}: {node['html']}" for one in findings for node in one["nodes"]]
