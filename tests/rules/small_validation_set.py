from made_up import run, series
from recorded import recorded

FIRES = {"forty rows": recorded("forty_validation_rows"), "12 rows": run(overlap=series("overlap", val_rows=12)), "99 rows": run(overlap=series("overlap", val_rows=99))}
HINTS = {}
SILENT = {"a healthy run": recorded("healthy_dense"), "100 rows": run(overlap=series("overlap", val_rows=100))}
UNKNOWN = {"no row": run(overlap=series("overlap", val_rows=0)), "not recorded": run()}
