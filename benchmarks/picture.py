"""Draws the runs of benchmarks/bin_packing.py: the best on train over evaluations, every run of every arm.

Run: pip install -e '.[plots]' && python benchmarks/picture.py STORE docs/curve.svg
"""

import sys

import matplotlib as mpl
from matplotlib import pyplot as plt

from ryumon.archive.history import History
from ryumon.store import open_store

ARMS = {"mutate": "tab:blue", "random": "tab:orange", "best-of-n": "tab:green"}
REFERENCES = {"best fit, the seed program": 4.12, "FunSearch's published heuristic": 0.72}


def main() -> None:
    """Reads the store named first and writes the picture named second."""
    store = open_store(sys.argv[1], create=False)
    mpl.rcParams["svg.hashsalt"] = "ryumon"
    figure, axes = plt.subplots(figsize=(7.2, 3.6), layout="constrained")
    drawn: dict[str, int] = {}
    for name in store.runs():
        history = History(name).follow(store.events(name))
        if history.started is None or history.finished is None:
            continue
        arm = history.started.improver
        drawn[arm] = drawn.get(arm, 0) + 1
        x = [point.evaluations for point in history.curve] + [history.evaluations]
        y = [100 * point.score for point in history.curve] + [100 * history.curve[-1].score]
        axes.step(x, y, where="post", color=ARMS[arm], alpha=0.8, linewidth=1.2)
    for arm, runs in drawn.items():
        axes.plot([], [], color=ARMS[arm], label=f"{arm}, {runs} seeds")
    for (label, excess), style in zip(REFERENCES.items(), ("dotted", "dashed"), strict=True):
        axes.axhline(excess, color="grey", linestyle=style, linewidth=1, label=label)
    axes.set(xlabel="evaluations", ylabel="best excess on train, %", ylim=(0, 4.6), xlim=(0, None))
    axes.legend(frameon=False, fontsize=8, loc=(0.62, 0.45))
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(sys.argv[2], metadata={"Date": None})


if __name__ == "__main__":
    main()
