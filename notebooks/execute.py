"""Run the notebooks from top to bottom: `python notebooks/execute.py [--output FOLDER] [NAME ...]`.

Each `NAME.py` is the notebook as text, which is what is reviewed and changed. This writes
`NAME.ipynb` with its outputs, beside it or into FOLDER, and stops at the first cell that fails.
"""

import argparse
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent


def main() -> None:
    """Run what is named, else every notebook."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = sorted(path.stem for path in FOLDER.glob("[0-9]*.py"))
    parser.add_argument("names", nargs="*", default=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--output", type=Path, default=FOLDER, help="folder of the .ipynb files")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    for name in options.names:
        notebook = execute(FOLDER / f"{name}.py")
        nbformat.write(notebook, options.output / f"{name}.ipynb")


def execute(path: Path) -> nbformat.NotebookNode:
    """Run a notebook in the repository's root; raises CellExecutionError."""
    notebook = jupytext.read(path)
    client = NotebookClient(
        notebook, timeout=3600, resources={"metadata": {"path": str(FOLDER.parent)}}
    )
    client.execute()
    notebook.metadata.pop("language_info", None)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"  # random ones would change with every run
        cell.metadata.pop("execution", None)
    return notebook


if __name__ == "__main__":
    main()
