"""Draws how seconds and memory grow with states: two log-log panels, the same bytes for the same numbers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["draw"]

# Okabe and Ito's colours, which stay apart for the colour-blind; a sign and a dash for each besides, for
# those who print in grey.
_STYLES = (
    {"color": "#0072B2", "marker": "o", "linestyle": "-"},
    {"color": "#D55E00", "marker": "s", "linestyle": "--"},
    {"color": "#009E73", "marker": "^", "linestyle": "-."},
    {"color": "#CC79A7", "marker": "D", "linestyle": ":"},
)


def draw(document: Mapping[str, Any], file: Path) -> None:
    """Write the plot of a growth measurement as SVG.

    Raises
    ------
    ModuleNotFoundError
        If matplotlib is not installed.
    """
    import matplotlib
    from matplotlib.figure import Figure

    settings = {"svg.hashsalt": "growth", "font.size": 9, "axes.grid": True, "grid.color": "#DDDDDD"}
    with matplotlib.rc_context(settings):
        figure = Figure(figsize=(9, 3.8), layout="constrained")
        time, memory = figure.subplots(1, 2, sharex=True)
        panels = (
            (time, "seconds", "seconds", 1.0),
            (memory, "peak_bytes", "peak memory, MB", 1e-6),
        )
        for panel, measure, label, unit in panels:
            for number, series in enumerate(document["series"]):
                points = series["points"]
                panel.loglog(
                    [point["states"] for point in points],
                    [point[measure] * unit for point in points],
                    label=series["name"],
                    markersize=4.5,
                    **_STYLES[number % len(_STYLES)],
                )
            panel.set_xlabel("states")
            panel.set_ylabel(label)
            panel.set_axisbelow(True)
        available = document["machine"]["memory_bytes"]
        memory.axhline(available * 1e-6, color="#000000", linewidth=0.8)
        memory.annotate(
            f"this machine has {available / 2**30:.0f} GiB",
            (0.02, available * 1e-6),
            xycoords=("axes fraction", "data"),
            xytext=(0, -3),
            textcoords="offset points",
            va="top",
            fontsize=8,
        )
        time.legend(loc="upper left")
        figure.savefig(file, format="svg", metadata={"Date": None, "Creator": None})
