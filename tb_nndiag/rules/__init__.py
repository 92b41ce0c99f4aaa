"""One rule per file; the file's name is the rule's name. Found by walking this package."""
