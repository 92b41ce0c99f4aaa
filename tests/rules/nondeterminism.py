from dataclasses import replace

from made_up import card, run
from recorded import recorded

SEEDED = replace(card(), seeded=True)

FIRES = {"digits": recorded("seed_alone"), "a seed alone": run(card=SEEDED)}
HINTS = {}
SILENT = {"deterministic digits": recorded("healthy_repeatable"), "a seed and deterministic operations": run(card=replace(SEEDED, deterministic_ops=True))}
UNKNOWN = {"no seed": run(card=card()), "no run card": run(card=None)}
