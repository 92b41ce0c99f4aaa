from dataclasses import replace

from made_up import card, run

FIRES = {"nobody set one": run(card=card())}
HINTS = {}
SILENT = {"one was set": run(card=replace(card(), seeded=True))}
UNKNOWN = {"no run card": run(card=None)}
