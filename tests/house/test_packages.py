"""What somebody gets who installs mailgate: the wheel and the sdist, built here and looked into."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

from tests.house.tree import ROOT, files, name


def _built(builder: type[WheelBuilder] | type[SdistBuilder], root: Path, target: Path) -> Path:
    [made] = builder(str(root)).build(directory=str(target), versions=["standard"])
    return Path(made)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _built(WheelBuilder, ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _built(SdistBuilder, ROOT, tmp_path_factory.mktemp("sdist"))


def _ours(folder: str) -> set[str]:
    return {name(path) for path in files() if name(path).startswith(f"{folder}/")}


def test_the_wheel_holds_the_code_the_templates_and_the_sample_configuration(wheel: Path):
    inside = set(zipfile.ZipFile(wheel).namelist())
    assert _ours("templates") and _ours("config")
    assert _ours("mailgate") <= inside
    assert {f"mailgate/_data/{one}" for one in _ours("templates") | _ours("config")} <= inside


def test_the_wheel_holds_nothing_else(wheel: Path):
    tops = {one.split("/")[0] for one in zipfile.ZipFile(wheel).namelist()}
    assert {one for one in tops if not one.endswith(".dist-info")} == {"mailgate"}


def test_the_sdist_can_be_built_installed_and_tested_by_itself(sdist: Path):
    with tarfile.open(sdist) as archive:
        inside = {one.partition("/")[2] for one in archive.getnames()}
    for folder in ("mailgate", "templates", "config", "tests", "docs"):
        assert _ours(folder) <= inside, folder
    assert {"Makefile", "LICENSE", "README.md", "requirements.lock", "requirements-dev.lock", ".ci/run"} <= inside


def test_a_wheel_made_from_the_sdist_is_the_same(wheel: Path, sdist: Path, tmp_path: Path):
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    [unpacked] = tmp_path.iterdir()
    again = _built(WheelBuilder, unpacked, tmp_path / "out")
    assert sorted(zipfile.ZipFile(again).namelist()) == sorted(zipfile.ZipFile(wheel).namelist())


def test_an_installed_gateway_finds_its_templates_and_configuration_far_from_any_checkout(wheel: Path, tmp_path: Path):
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "mailgate", "init", str(tmp_path / "new")]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "new" / "mailgate.toml").is_file()
    assert (tmp_path / "new" / "policy.toml").is_file()
