from dataclasses import replace

from made_up import card, run
from recorded import recorded

FIRES = {"digits": recorded("unseeded"), "nobody set one": run(card=card())}
HINTS = {}
SILENT = {"seeded digits": recorded("healthy_dense"), "one was set": run(card=replace(card(), seeded=True))}
UNKNOWN = {"no run card": run(card=None)}
