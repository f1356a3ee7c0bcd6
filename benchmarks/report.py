"""Figures as a table for people, and as a file with which the next run compares."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `met` is None where there is nothing to meet."""

    what: str
    ours: str
    floor: str = ""
    ratio: float | None = None
    target: str = ""
    met: bool | None = None


HEAD = ("figure", "ours", "floor", "ratio", "target", "")


def show(title: str, figures: Sequence[Figure]) -> None:
    """Print `figures` as a Markdown table."""
    rows = [HEAD, *map(_cells, figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    print(f"\n### {title}\n")
    print("\n".join(lines), flush=True)


def _cells(figure: Figure) -> tuple[str, ...]:
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    verdict = "" if figure.met is None else "yes" if figure.met else "NO"
    return figure.what, figure.ours, figure.floor, ratio, figure.target, verdict


def describe_machine() -> str:
    """What the figures were taken on, and how busy it was: a load above one or two makes them worthless."""
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, load {load:.1f} before the start"


def keep(path: Path, values: Mapping[str, Any]) -> None:
    """Add `values` to the file of results at `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**kept(path), **values}, indent=1) + "\n")


def kept(path: Path) -> dict[str, Any]:
    """The results at `path`, empty where there are none."""
    return json.loads(path.read_text()) if path.exists() else {}
