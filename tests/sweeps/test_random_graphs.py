"""Many random networks on the whole way: emitted, imported, emitted again, compared.

``EXAMPLES=300 pytest tests/sweeps/test_random_graphs.py`` runs fewer than the usual ten thousand;
``PART=3/10`` runs the third tenth of them. The same part always draws the same networks.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, given, seed, settings

sys.path.insert(0, str(Path(__file__).parents[1] / "frameworks"))

from random_graphs import networks
from round_trip import assert_round_trip
from twins import assert_twins

EXAMPLES = int(os.environ.get("EXAMPLES", "10000"))
PART, PARTS = map(int, os.environ.get("PART", "1/1").split("/"))


def test_random_networks_keep_their_meaning_on_the_whole_way(capsys) -> None:
    done: Counter[str] = Counter()

    @seed(PART)
    @given(networks())
    @settings(
        max_examples=EXAMPLES // PARTS,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def check(graph) -> None:
        assert_twins(graph)
        assert_twins(assert_round_trip(graph).graph)
        done["networks"] += 1
        done["ops"] += len(graph.nodes)

    try:
        check()
    finally:
        with capsys.disabled():
            print(f"\n{done['networks']} random networks of {done['ops']} ops in all were compared")
