"""One measurement per file. A probe measures and never judges."""
