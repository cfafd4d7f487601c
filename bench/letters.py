"""What composing a letter costs, over every kind of letter in English and German, and how large letters are before their files.

    python -m bench.letters --before ../an/older/tree --write

Processor time. With an older tree beside it (`git worktree add`) the rounds of both are interleaved, each in a process of its own, over the
letters that both have, and the ratio is the median of the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
ROUNDS, TIMES = 7, 30
Costs = dict[str, float]


def costs(times: int) -> dict[str, Any]:
    """CPU of each letter in microseconds, and its octets, in the tree that is on the path."""
    from mailgate.compose import samples
    from mailgate.compose.letters import compose
    from mailgate.compose.templates import load
    from mailgate.model.letter import Audience
    from mailgate.model.letters import LETTERS
    from mailgate.settings import brought_templates, sample_policy

    templates, policy = load(*brought_templates(None)), sample_policy()
    desk = policy.desks["it"]
    spent: Costs = {}
    sizes: dict[str, int] = {}
    for (event, audience), kind in LETTERS.items():
        for language in ("en", "de"):
            wanted = samples.wanted(kind, Audience(audience), desk, language)
            context = samples.a_context(templates, policy, desk, kind)
            letter = compose(wanted, context)
            begun = time.process_time()
            for _ in range(times):
                compose(wanted, context)
            name = f"{event}/{audience}/{language}"
            spent[name] = (time.process_time() - begun) / times * 1e6
            sizes[name] = len(letter.header) + len(letter.body)
    return {"cpu_us": spent, "sizes": sizes}


def run(tree: Path) -> dict[str, Any]:
    """In a process of its own: two trees have the same names."""
    command = [sys.executable, str(Path(__file__).resolve()), "--once"]
    found = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(tree)}, cwd=tree, capture_output=True, text=True, check=True)
    return dict(json.loads(found.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--before", type=Path, help="an older tree")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--write", action="store_true", help="into docs/measured.md")
    parser.add_argument("--once", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.once:
        print(json.dumps(costs(TIMES)))
        return
    ratios: list[float] = []
    means: list[float] = []
    for _ in range(given.rounds):
        old = run(given.before) if given.before else None
        new = run(ROOT)
        kinds = sorted(new["cpu_us"].keys() & (old["cpu_us"].keys() if old else new["cpu_us"].keys()))
        means.append(statistics.fmean(new["cpu_us"].values()))
        if old:
            ratios.append(sum(new["cpu_us"][kind] for kind in kinds) / sum(old["cpu_us"][kind] for kind in kinds))
    largest = max(new["sizes"], key=lambda kind: new["sizes"][kind])
    figures: dict[str, Any] = {"cpu_us": round(statistics.median(means)), "mean_octets": round(statistics.fmean(new["sizes"].values()))}
    figures |= {"largest_octets": new["sizes"][largest], "largest": largest}
    if ratios:
        figures |= {"of_before": f"{statistics.median(ratios):.2f}", "compared": len(kinds)}
    too_large = sum(size > 22_000 for size in new["sizes"].values())
    if given.write:
        from bench import measured

        measured.write("composing-a-letter", n=len(new["sizes"]), failed=too_large, **figures)
    print(figures, "ratios", [f"{one:.2f}" for one in sorted(ratios)])


if __name__ == "__main__":
    main()
