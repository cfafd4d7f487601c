"""Looks of letters in the policy: one desk's over those of all, and a logo that mail programs show."""

from __future__ import annotations

from pathlib import Path

import pytest

from mailgate import settings
from mailgate.cli.init import write_configuration
from mailgate.model.brand import Brand
from mailgate.settings import Mistaken
from mailgate.settings.pictures import hardly_seen_on
from tests.pictures import CLEAR, a_png

BLUE, WHITE, BLACK, GREY = (47, 85, 212), (255, 255, 255), (0, 0, 0), (128, 128, 128)


def folder_with(tmp_path: Path, *lines: str, desk: tuple[str, ...] = ()) -> Path:
    folder = tmp_path / "config"
    write_configuration(folder)
    policy = (folder / "policy.toml").read_text()
    assert 'accent = "#2f55d4"' in policy
    head, _, rest = policy.partition("[brand]\n")
    rest = rest.partition("\n\n")[2]
    own = "\n".join(("[desks.it.brand]", *desk)) if desk else ""
    (folder / "policy.toml").write_text("\n".join((head + "[brand]", *lines, "", own, "", rest)))
    return folder


def brand(folder: Path) -> Brand:
    return settings.load(folder).policy.desks["it"].brand


def mistakes(folder: Path) -> str:
    with pytest.raises(Mistaken) as mistaken:
        settings.load(folder)
    return "\n".join(map(str, mistaken.value.mistakes))


def test_what_init_writes_is_the_brand_without_a_single_key(tmp_path: Path):
    write_configuration(tmp_path / "config")
    assert brand(tmp_path / "config") == Brand()


def test_a_desk_has_its_own_of_each_key_and_the_rest_from_all(tmp_path: Path):
    folder = folder_with(
        tmp_path, 'name = "Example"', 'accent = "#A0c"', 'footer = ["one", "two"]', desk=('name = "Example HR"', "faces = false")
    )
    mine = brand(folder)
    assert (mine.name, mine.accent, mine.footer, mine.faces, mine.steps) == ("Example HR", "#aa00cc", ("one", "two"), False, True)


def test_a_desk_may_do_without_what_all_have(tmp_path: Path):
    folder = folder_with(tmp_path, 'logo = "l.png"', 'footer = ["one"]', desk=('logo = ""', "footer = []"))
    (folder / "l.png").write_bytes(a_png(64, 64))
    assert (brand(folder).picture, brand(folder).footer) == (None, ())


def test_a_logo_is_read_from_beside_the_configuration(tmp_path: Path):
    folder = folder_with(tmp_path, 'logo = "looks/logo.png"')
    (folder / "looks").mkdir()
    png = a_png(120, 64)
    (folder / "looks" / "logo.png").write_bytes(png)
    picture = brand(folder).picture
    assert picture is not None and (picture.png, picture.width, picture.height) == (png, 120, 64)


def test_another_picture_in_the_file_of_a_logo_is_another_policy_that_a_reload_takes(tmp_path: Path):
    folder = folder_with(tmp_path, 'logo = "logo.png"')
    (folder / "logo.png").write_bytes(a_png(120, 64))
    before = settings.load(folder)
    assert settings.load(folder).policy.digest == before.policy.digest
    (folder / "logo.png").write_bytes(a_png(100, 50))
    after, _ = settings.load_policy(folder, before.verify)
    picture = after.desks["it"].brand.picture
    assert picture is not None and picture.width == 100 and after.digest != before.policy.digest


@pytest.mark.parametrize(
    ("line", "data", "words"),
    [
        ('logo = "l.svg"', b"<svg xmlns='http://www.w3.org/2000/svg'/>", "is no PNG: mail programs show no SVG"),
        ('logo = "l.png"', b"\xff\xd8\xff\xe0 a jpeg", "is no PNG"),
        ('logo = "l.png"', b"", "is no PNG"),
        ('logo = "l.png"', a_png(4, 4)[:20], "is no PNG"),
        ('logo = "l.png"', a_png(64, 65), "64 x 65 pixels"),
        ('logo = "l.png"', a_png(561, 10), "561 x 10 pixels"),
        ('logo = "l.png"', a_png(64, 64) + bytes(40_000), "40000 at most"),
        ('logo = "missing.png"', None, "is not there"),
        ('logo = "https://example.org/l.png"', None, "letters fetch nothing"),
        ('logo = "data:image/png;base64,AAAA"', None, "letters fetch nothing"),
        ('accent = "blue"', None, "is no colour: write one like #2f55d4"),
        ('accent = "#12345"', None, "is no colour"),
        ("accent = 7", None, "is no colour"),
        ('short = "HELP"', None, "up to 3 letters"),
        ('footer = ["1", "2", "3", "4", "5"]', None, "has 5 lines: 4 at most"),
        ('footer = ["one\\ntwo"]', None, "holds a line end"),
        ('legal = "one\\u0000"', None, "holds a line end or a control character"),
        ('colour = "#2f55d4"', None, "colour"),
    ],
)
@pytest.mark.parametrize("of_desk", [False, True])
def test_what_no_letter_can_show_is_refused_in_our_words(tmp_path: Path, line: str, data: bytes | None, words: str, of_desk: bool):
    folder = folder_with(tmp_path, *(() if of_desk else (line,)), desk=(line,) if of_desk else ())
    if data is not None:
        (folder / line.split('"')[1]).write_bytes(data)
    assert words in mistakes(folder)


@pytest.mark.parametrize("filtered", [0, 1, 2])
@pytest.mark.parametrize(
    ("colours", "grounds"),
    [
        ([WHITE], ("white",)),
        ([BLACK], ("dark",)),
        ([BLUE], ("dark",)),
        ([GREY], ()),
        ([WHITE, BLACK], ()),
        ([WHITE, WHITE, WHITE, BLACK], ("white",)),
    ],
)
def test_a_logo_that_most_of_cannot_be_seen_is_noticed(colours: list[tuple[int, ...]], grounds: tuple[str, ...], filtered: int):
    assert hardly_seen_on(a_png(16, 16, colours, kind=2, filtered=filtered)) == grounds


def test_what_is_clear_in_a_logo_is_not_asked():
    assert hardly_seen_on(a_png(16, 16, [CLEAR, (*WHITE, 255)], kind=6)) == ("white",)
    assert hardly_seen_on(a_png(16, 16, [CLEAR], kind=6)) == ()
    assert hardly_seen_on(a_png(16, 16, [(20,)], kind=0)) == ("dark",)


def test_nothing_is_said_of_a_picture_that_is_broken():
    png = a_png(16, 16, [BLACK], kind=2)
    assert hardly_seen_on(png[:45]) == hardly_seen_on(png[:40] + b"x" + png[41:]) == ()
