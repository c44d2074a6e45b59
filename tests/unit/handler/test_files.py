"""Files and folders appear whole or not at all, and a failure says what to do."""

from pathlib import Path

import pytest

from handler.files import WriteError, whole_file, whole_folder, write_text


def test_a_file_appears_when_it_is_whole(tmp_path: Path) -> None:
    with whole_file(tmp_path / "new" / "figures.json") as partial:
        partial.write_text("{}")
        assert partial.suffix == ".json"
        assert not (tmp_path / "new" / "figures.json").exists()
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["figures.json"]


def test_a_folder_replaces_the_one_before(tmp_path: Path) -> None:
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "old").touch()
    with whole_folder(tmp_path / "checkpoint") as staging:
        (staging / "new").touch()
        assert (tmp_path / "checkpoint" / "old").exists()
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == [
        "checkpoint",
        "checkpoint/new",
    ]


@pytest.mark.parametrize("write", [whole_file, whole_folder])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), ZeroDivisionError()])
def test_a_failure_leaves_what_was_there(tmp_path: Path, write: object, error: Exception) -> None:
    place = tmp_path / "place"
    place.mkdir()
    kept = place / "kept" if write is whole_file else place
    if write is whole_file:
        kept.write_text("before")
    expected = WriteError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected), write(kept):  # type: ignore[operator]
        raise error
    assert list(tmp_path.iterdir()) == [place]
    assert [path.name for path in place.iterdir()] == (["kept"] if kept != place else [])


def test_a_place_that_is_taken_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(WriteError, match=r"file/report\.md: expected to write it, found .*kept"):
        write_text(tmp_path / "file" / "report.md", "text")
