from dataclasses import replace

from made_up import card, run

SEEDED = replace(card(), seeded=True)

FIRES = {"a seed alone": run(card=SEEDED)}
HINTS = {}
SILENT = {"a seed and deterministic operations": run(card=replace(SEEDED, deterministic_ops=True))}
UNKNOWN = {"no seed": run(card=card()), "no run card": run(card=None)}
