"""The built page: what the plugin serves, and what a saved report carries."""

from __future__ import annotations

import importlib.resources

PAGE_NOT_BUILT = b"""\
export function render() {
  const sentence = document.createElement("p");
  sentence.textContent =
    "The Diagnosis page is missing, because this copy of tb-nndiag was installed without building it. " +
    "Run `pip install .` or `pip install -e .` where its setup.py is, or install a released wheel; " +
    "then start TensorBoard again.";
  document.body.append(sentence);
  document.documentElement.dataset.ready = "true";
}
"""


def static_files() -> dict[str, bytes]:
    """File name → content of the built page; a page that says what is missing when it was not built."""
    files = {}
    static = importlib.resources.files("tb_nndiag") / "static"
    if static.is_dir():
        files = {file.name: file.read_bytes() for file in static.iterdir() if file.is_file()}
    files = {name: content for name, content in files.items() if not name.startswith(".")}
    files.setdefault("index.js", PAGE_NOT_BUILT)
    return files
