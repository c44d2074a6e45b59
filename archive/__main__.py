"""Lets `python -m archive` pack."""

from archive.build import main

raise SystemExit(main())
