"""All that describes the distribution `tb-nndiag`; build_helpers/ makes its generated parts.

pyproject.toml names the build backend, so that pip, uv and build use this file, and holds the settings of tools.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from setuptools import Command, find_packages, setup
from setuptools.command.build import build
from setuptools.command.sdist import sdist
from setuptools.errors import ExecError

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))  # build backends do not put it there

from build_helpers import generated  # noqa: E402


class BuildGenerated(Command):
    """Makes the generated parts in the source tree, where the commands that follow pick them up."""

    description = "make tb_nndiag/static/ and tb_nndiag/proto/nndiag_pb2.py"
    user_options: list = []
    editable_mode = False  # setuptools sets it; an editable install uses the source tree as it is

    def initialize_options(self):
        pass

    def finalize_options(self):
        pass

    def run(self):
        try:
            generated.make_all()
        except generated.BuildProblem as problem:
            raise ExecError(str(problem)) from None

    # setuptools asks every part of `build` for these; build_py answers for the generated files
    def get_source_files(self):
        return []

    def get_outputs(self):
        return []

    def get_output_mapping(self):
        return {}


class Build(build):
    sub_commands = [("build_generated", None), *build.sub_commands]


class Sdist(sdist):
    def run(self):
        self.run_command("build_generated")
        super().run()


# tensorflow-cpu has wheels for Linux on x86_64 and for Windows only
small = "(platform_system == 'Linux' and platform_machine == 'x86_64') or platform_system == 'Windows'"
other = "(platform_system != 'Linux' or platform_machine != 'x86_64') and platform_system != 'Windows'"
keras = [f"tensorflow-cpu>=2.21; {small}", f"tensorflow>=2.21; {other}", "keras>=3"]
demo = [*keras, "scikit-learn", "rich"]
checks = ["ruff>=0.17,<0.18", "mypy>=2.4,<3"]
pictures = ["matplotlib>=3.10,<4"]  # of docs/rules/, scripts/make_pictures.py
test = [*demo, *checks, *pictures, "pytest>=8", "pytest-timeout", "playwright", "axe-playwright-python", "build"]

readme = ROOT / "README.md"
setup(
    name="tb-nndiag",
    version=re.search(r'__version__ = "(.+)"', (ROOT / "tb_nndiag" / "__init__.py").read_text())[1],
    description="A linter for training runs: a Keras callback and a TensorBoard tab that say what is wrong, and what to do",
    long_description=readme.read_text(encoding="utf-8") if readme.is_file() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    license_files=["LICENSE"],
    keywords=["keras", "tensorboard", "training", "diagnosis", "neural network", "linter"],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Developers",
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
    ],
    python_requires=">=3.10",
    packages=find_packages(include=["keras_callbacks*", "tb_nndiag*"]),
    package_data={"tb_nndiag": ["rates.json", "static/*", "static/.stamp"], "tb_nndiag.proto": ["*.proto", "*.pyi"]},
    include_package_data=False,
    install_requires=["tensorboard>=2.21", "numpy", "protobuf>=3.20", "tomli>=2; python_version < '3.11'"],
    setup_requires=generated.requirements(),
    extras_require={"keras": keras, "demo": demo, "test": test},
    entry_points={
        "console_scripts": ["nndiag = tb_nndiag.cli:main"],
        "tensorboard_plugins": ["nndiag = tb_nndiag.loader:NNDiagLoader"],
    },
    cmdclass={"build": Build, "build_generated": BuildGenerated, "sdist": Sdist},
)
