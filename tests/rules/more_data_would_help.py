from recorded import recorded

FIRES = {}
HINTS = {}
SILENT = {}
UNKNOWN = {"one training": recorded("healthy_dense")}
