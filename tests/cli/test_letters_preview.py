"""`mailgate letters preview`: all letters to look at, with an operator's own words and looks, or as they are brought along."""

from __future__ import annotations

import email
import email.policy
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mailgate.app.previews import OURS
from mailgate.cli import app
from mailgate.cli.init import write_configuration
from mailgate.model.letters import LETTERS
from tests.compose.desk import templates
from tests.pictures import a_png

pytestmark = pytest.mark.either_database


def preview(folder: Path, *more: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["letters", "preview", str(folder), *more])
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """All letters as they are brought along, and what was said meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MAILGATE_CONFIG", raising=False)
        patch.chdir(tmp_path_factory.mktemp("nowhere"))
        return Path("pages").resolve(), preview(Path("pages"))


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder without a configuration, on a machine without one."""
    monkeypatch.delenv("MAILGATE_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "pages"


def test_without_a_configuration_every_letter_is_there_in_every_language(pages: tuple[Path, str]):
    nowhere, said = pages
    for language in templates().languages:
        assert f"{language}: {len(LETTERS)} letters" in said and (nowhere / f"{language}.html").is_file()
        for event, audience in LETTERS:
            name = f"{event}.{audience}.{language}"
            assert f'id="{event}.{audience}"' in (nowhere / f"{language}.html").read_text()
            assert {path.name.removeprefix(name) for path in (nowhere / "files").glob(f"{name}.*")} == {
                ".eml",
                ".txt",
                ".light.html",
                ".dark.html",
            }
            mail = email.message_from_bytes((nowhere / "files" / f"{name}.eml").read_bytes(), policy=email.policy.default)
            assert mail["Content-Language"] == language
    assert (nowhere / "index.html").read_text().startswith(OURS)


def test_nothing_in_the_pages_is_fetched_or_runs_and_all_that_they_show_is_there(pages: tuple[Path, str]):
    nowhere, _ = pages
    for page in nowhere.rglob("*.html"):
        text = page.read_text()
        assert not re.search(r"<script|https?://(?!schemas|www\.w3)|src=\"(?!files/|data:)|\son[a-z]+=", text), page
        for there in re.findall(r'(?:src|href)="((?:files/|[a-z]{2}\.html)[^"#]*)', text):
            assert (nowhere / there).is_file()


def test_light_and_dark_are_shown_whatever_the_browser_prefers(pages: tuple[Path, str]):
    light, dark = ((pages[0] / "files" / f"ticket_opened.requester.en.{scheme}.html").read_text() for scheme in ("light", "dark"))
    assert "prefers-color-scheme" not in light + dark
    assert "@media not all" in light and "@media all" in dark and "color-scheme: dark" in dark and "color-scheme: dark" not in light


def test_an_operators_words_and_looks_are_shown(nowhere: Path, tmp_path: Path):
    config = tmp_path / "config"
    write_configuration(config)
    (config / "logo.png").write_bytes(a_png(64, 64))
    policy = (config / "policy.toml").read_text().replace("[brand]\n", '[brand]\nlogo = "logo.png"\nfooter = ["Example & Sons"]\n', 1)
    (config / "policy.toml").write_text(re.sub(r"(?m)^accent = \S+", 'accent = "#0a7f3f"', policy))
    (config / "templates" / "wake_due").mkdir(parents=True)
    (config / "templates" / "wake_due" / "agent.txt").write_text("Subject: Wake\n\nMine alone\n")
    preview(nowhere, "--language", "en", "--config", str(config))
    page = (nowhere / "files" / "wake_due.agent.en.light.html").read_text()
    assert "Mine alone" in page and "Example &amp; Sons" in page and '<img src="data:image/png;base64,' in page
    assert b"Content-ID: <logo." in (nowhere / "files" / "wake_due.agent.en.eml").read_bytes()
    assert "#0a7f3f" in (nowhere / "files" / "reminder_due.requester.en.light.html").read_text()


def test_a_folder_with_other_things_is_left_alone_and_one_of_before_is_written_anew(nowhere: Path):
    nowhere.mkdir()
    (nowhere / "index.html").write_text("<h1>my page</h1>")
    assert "holds something else" in " ".join(preview(nowhere, code=2).split())
    assert [path.name for path in nowhere.iterdir()] == ["index.html"]
    (nowhere / "index.html").write_text(f"{OURS}\nof before")
    preview(nowhere, "--language", "de")
    assert (nowhere / "de.html").is_file() and "of before" not in (nowhere / "index.html").read_text()


def test_what_is_wrong_is_said_in_our_words(nowhere: Path, tmp_path: Path):
    assert "no such language" in preview(nowhere, "--language", "tlh", code=2)
    assert "no such desk" in preview(nowhere, "--desk", "sales", code=2)
    assert "no configuration" in " ".join(preview(nowhere, "--config", str(tmp_path / "none"), code=78).split())
    config = tmp_path / "config"
    write_configuration(config)
    (config / "templates" / "wake_due").mkdir(parents=True)
    own = config / "templates" / "wake_due" / "agent.txt"
    own.write_text("Subject: x\n\n{{ nothing }}\n")
    assert "'nothing' is undefined" in preview(nowhere, "--language", "en", "--config", str(config), code=1)
    assert (nowhere / "files" / "ticket_opened.agent.en.eml").is_file()
    own.write_text("Subject: {{ x\n")
    assert "wake_due/agent.txt:1" in preview(tmp_path / "other", "--config", str(config), code=78)
    (config / "policy.toml").write_text("[desks]\n")
    assert "1 mistake in the configuration" in preview(tmp_path / "other", "--config", str(config), code=78)
