"""How TorchServe is started: config.properties decides, and nothing behind its back."""

from pathlib import Path

import pytest

from serving import processes, torchserve
from serving.settings import CONFIG, parse_settings


def properties(text: str) -> dict[str, str]:
    """Read a properties file as Java does: comments aside, the last mention of a key counts."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """What TorchServe would be started with, at the port 18080 and with a hostile environment."""
    seen: dict[str, object] = {}

    def record(
        name: str, command: list[str], environment: dict[str, str], directory: Path, log: Path
    ) -> processes.Server | None:
        seen.update(command=command, environment=environment, directory=directory)
        return None

    monkeypatch.setattr(torchserve, "start_server", record)
    for name in ("TS_CONFIG_FILE", "TS_DISABLE_TOKEN_AUTHORIZATION", "JAVA_TOOL_OPTIONS"):
        monkeypatch.setenv(name, "surprise")
    settings = parse_settings(["--inference-port", "18080", "--run-dir", str(tmp_path)])
    torchserve.start_torchserve(settings, Path("/java"), Path("/private"))
    return seen


def test_derived_settings_differ_in_addresses_paths_and_what_a_swap_needs(
    start: dict[str, object], tmp_path: Path
) -> None:
    original = properties(CONFIG.read_text())
    derived = properties((tmp_path / "config.properties").read_text())
    changed = {name for name in derived if derived[name] != original.get(name)}
    assert changed == {"inference_address", "metrics_config", "enable_model_api"}
    assert derived["allowed_urls"] == "none"
    assert derived["inference_address"] == "http://127.0.0.1:18080"
    assert Path(derived["metrics_config"]).is_file()


def test_environment_cannot_change_torchserve(start: dict[str, object]) -> None:
    environment = start["environment"]
    assert isinstance(environment, dict)
    assert "surprise" not in environment.values()
    assert environment["TMPDIR"] == "/private"


def test_virtual_machine_gets_the_options_of_the_file(start: dict[str, object]) -> None:
    command = start["command"]
    assert isinstance(command, list)
    wanted = properties(CONFIG.read_text())["vmargs"].split()
    given = [option for option in wanted if option in command]
    assert given == [option for option in wanted if not option.startswith("-Dlog4j")]
    assert "-Djava.io.tmpdir=/private" in command
    assert "--disable-token-auth" not in command
    assert command.index("-ncs") < command.index("-m")


def test_every_setting_has_its_comment() -> None:
    lines = CONFIG.read_text().splitlines()
    explained = False
    for line in lines:
        if line.startswith("#"):
            explained = not line.startswith("# ---")
        elif line:
            assert explained or line.startswith("grpc_"), line
