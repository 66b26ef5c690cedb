"""Plots of a report: calibration, kept against wasted, what the states cost."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.quality.baselines import BASELINES
from bench.quality.trial import MODEL, ORACLE, UNFITTED, Trial

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "tixing"
mpl.rcParams["svg.fonttype"] = "none"
PLAIN = {"Date": None, "Creator": None}
SIZE = (3.4, 3.2)


def plot(trials: Sequence[Trial], folder: Path, stem: str) -> dict[str, Path]:
    """Draws all plots; returns them by title."""
    drawn = {"Calibration": _calibration(trials), "Kept and wasted": _trade_off(trials), "Wasted sends and messages lost": _bars(trials)}
    made = {}
    for title, figure in drawn.items():
        path = folder / f"{stem}-{title.lower().replace(' ', '-')}.svg"
        figure.tight_layout()
        figure.savefig(path, metadata=PLAIN)
        plt.close(figure)
        made[title] = path
    return made


def _panels(trials: Sequence[Trial]) -> tuple[Figure, list[Axes]]:
    figure, panels = plt.subplots(1, len(trials), figsize=(SIZE[0] * len(trials), SIZE[1]), squeeze=False)
    return figure, list(panels[0])


def _calibration(trials: Sequence[Trial]) -> Figure:
    figure, panels = _panels(trials)
    for axes, tried in zip(panels, trials, strict=True):
        axes.plot([0, 1], [0, 1], color="0.8", linewidth=1)
        for way, style in ((MODEL, "o-"), (ORACLE, "x--"), (UNFITTED, ".:")):
            bins = tried.ways[way].bins
            axes.plot([b.said for b in bins], [b.true for b in bins], style, label=f"{way} (ECE {tried.ways[way].ece:.3f})", markersize=4)
        axes.set(title=tried.population, xlabel="p_reach", ylabel="share truly reached")
        axes.legend(fontsize=7)
    return figure


def _trade_off(trials: Sequence[Trial]) -> Figure:
    figure, panels = _panels(trials)
    for axes, tried in zip(panels, trials, strict=True):
        for way, style in ((MODEL, "-"), (ORACLE, "--"), (UNFITTED, ":")):
            curve = tried.ways[way].curve
            axes.plot(curve.wasted, curve.kept, style, label=way)
        for way in BASELINES:
            axes.plot(tried.ways[way].wasted, tried.ways[way].kept, "s", markersize=4, label=way)
        axes.plot(tried.ways[MODEL].wasted, tried.ways[MODEL].kept, "o", markersize=4, color="C0", label="model's states")
        axes.set(title=tried.population, xlabel="wasted sends, of use everything's", ylabel="reached messages kept", ylim=(0.9, 1.003))
        axes.legend(fontsize=6)
    return figure


def _bars(trials: Sequence[Trial]) -> Figure:
    figure, panels = _panels(trials)
    for axes, tried in zip(panels, trials, strict=True):
        ways = list(tried.ways)
        axes.barh([w + 0.2 for w in range(len(ways))], [tried.ways[w].wasted for w in ways], 0.4, label="wasted, of use everything's")
        axes.barh([w - 0.2 for w in range(len(ways))], [10 * (1 - tried.ways[w].kept) for w in ways], 0.4, label="lost × 10")
        axes.set_yticks(range(len(ways)), ways, fontsize=7)
        axes.set(title=tried.population, xlim=(0, 1.05))
        axes.legend(fontsize=7)
    return figure
