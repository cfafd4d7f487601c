"""With which word and code `serve` ends when something is wrong with the machine."""

from __future__ import annotations

import errno
import os
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from mailgate.app import program
from mailgate.cli import app, serve
from mailgate.model.installation import LogSettings

#: How a program ends is the same on every record.
pytestmark = pytest.mark.either_database


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.ENOTCONN, errno.EMFILE, errno.EROFS])
def test_an_error_of_the_machine_in_operation_is_74_and_not_called_an_address_that_is_taken(number: int, monkeypatch: Any) -> None:
    def ends(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(program, "run", ends)
    monkeypatch.setattr(serve, "settings_of", lambda _: SimpleNamespace(log=LogSettings()))
    monkeypatch.setattr(serve, "start_logging", lambda _: None)
    said = CliRunner().invoke(app, ["serve"])
    assert said.exit_code == 74
    assert "cannot listen" not in said.output and os.strerror(number) in said.output


def test_an_address_that_is_taken_is_1_and_names_the_door(monkeypatch: Any) -> None:
    def ends(*_: object) -> None:
        raise program.CannotListen("smtp on 127.0.0.1 port 25: Permission denied")

    monkeypatch.setattr(program, "run", ends)
    monkeypatch.setattr(serve, "settings_of", lambda _: SimpleNamespace(log=LogSettings()))
    monkeypatch.setattr(serve, "start_logging", lambda _: None)
    said = CliRunner().invoke(app, ["serve"])
    assert said.exit_code == 1
    assert "cannot listen: smtp on 127.0.0.1 port 25: Permission denied" in said.output
