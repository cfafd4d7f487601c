"""Marks, thanks and wishes of one word: read when they are said, never guessed."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailgate.model.evidence import Evidence, EvidenceKind
from mailgate.model.marker import FORMER, FORMER_HINTS, MARKERS, RATING_HINTS
from mailgate.model.reason import Reason
from mailgate.understand.answers.rating import LONGEST_COMMENT, is_thanks, read_rating
from tests.growth import assert_linear


def a_mail(new_text: str) -> Any:
    return SimpleNamespace(new_text=new_text)


def a_score(word: str, valid: bool = True) -> Evidence:
    return Evidence(EvidenceKind.REPLY_ADDRESS, "to", "…", letter="AAAAAAAA", purpose="rate", word=word, valid=valid)


@pytest.mark.parametrize(
    "comment",
    [
        "still not solved", "It is still broken.", "Still doesn't work!", "not fixed", "It isn’t working", "unsolved",
        "Geht immer noch nicht", "Das Problem ist immer noch nicht behoben.", "läuft leider wieder nicht", "nicht gelöst",
        "Ça ne marche toujours pas.", "Le problème n'est pas résolu", "Sigue sin funcionar", "No está resuelto", "لم يتم حل المشكلة",
        "まだ直りません", "解決していません", "未解決です",
    ],
)  # fmt: skip
def test_words_that_say_that_it_still_fails_are_told(comment: str) -> None:
    read = read_rating(a_mail(f"2\n{comment}"), (), True)
    assert read is not None and read.unsolved, comment


@pytest.mark.parametrize(
    "comment", ["", "quick", "took a week", "Es hat lange gedauert.", "Nobody called me.", "slow, but solved", "遅かったです"]
)
def test_words_that_do_not_say_so_are_not_taken_for_it(comment: str) -> None:
    read = read_rating(a_mail(f"2\n{comment}"), (), True)
    assert read is not None and not read.unsolved


@pytest.mark.parametrize(
    ("line", "score", "comment"),
    [
        ("5", 5, ""),
        ("1", 1, ""),
        ("4/5", 4, ""),
        ("4 / 5", 4, ""),
        ("3/5 took a while", 3, "took a while"),
        ("5!", 5, ""),
        ("5.", 5, ""),
        ("4 - quick and kind", 4, "quick and kind"),
        ("4, quick and kind", 4, "quick and kind"),
        ("2: sehr langsam", 2, "sehr langsam"),
        ("★★★★☆", 4, ""),
        ("★", 1, ""),
        ("⭐⭐⭐", 3, ""),
        ("★ ★ ★ ★ ★ lovely", 5, "lovely"),
        ("\U0001f44d", 5, ""),
        ("\U0001f44d\U0001f3fd thank you", 5, "thank you"),
        ("\U0001f44e", 1, ""),
        ("  4  \n\nthe second visit was better", 4, "the second visit was better"),
    ],
)
def test_a_mark_on_the_first_line_counts_when_it_was_asked_for(line: str, score: int, comment: str):
    rating = read_rating(a_mail(line), (), asked=True)
    assert rating is not None
    assert (rating.score, rating.comment, rating.because) == (score, comment, Reason("rated.first_line"))
    assert read_rating(a_mail(line), (), asked=False) is None


@pytest.mark.parametrize(
    "line",
    [
        "5 minutes later it was gone again",
        "3 of us still cannot print",
        "2-3 times a day",
        "2 - 3 times a day",
        "1. open the lid",
        "1) open the lid",
        "1,5 hours",
        "4.5",
        "10",
        "0",
        "6",
        "5/10",
        "5/50",
        "12 people",
        "★★★★★★",
        "\U0001f44d\U0001f44e",
        "It was a 5",
        "Danke!\nRaum 5",
        "Danke!\nDer Drucker 5 geht nicht",
        "Thanks, all 5",
        "Danke!\n5 mal versucht",
        "Danke!\nNoch 5",
        "Leider nein\n5",
        "Danke, aber es geht nicht.\n5",
        "Danke!\n1\n5",
        "Danke!\n5/10",
        "Danke!\n5,5",
        "Danke!\n15",
        "Danke!\nTel. 5",
        "Danke? 5",
        "Note: 5 printers are offline",
        "4 of 5 printers work",
        "Danke!\n3 points are left",
        "3 stars are missing on the flag",
        "",
    ],
)
def test_figures_that_begin_a_story_are_no_mark(line: str):
    assert read_rating(a_mail(line), (), asked=True) is None


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("Danke!\n5", 5), ("Danke!\n\n5", 5), ("Danke! 5", 5), ("Danke, 4.", 4), ("Great, thanks!\n5", 5), ("Thanks!\n\n4/5", 4),
        ("Danke\n5 / 5", 5),
        ("Vielen Dank!\n5 von 5", 5), ("Thank you, 5 out of 5", 5), ("Danke!\nNote: 5", 5), ("Danke! Note 4", 4), ("Bewertung: 5", 5),
        ("Rating: 4/5", 4),
        ("Thanks!\nScore = 3", 3), ("Danke!\n5 Sterne", 5), ("Thanks, 5 stars!", 5), ("Five stars, thank you", 5), ("Danke, fünf Sterne!",
        5), ("Danke ★★★★★", 5),
        ("Thank you!\n⭐⭐⭐⭐", 4), ("Danke!\n👍", 5), ("Hallo Frau Weber,\n\nvielen Dank!\n\n5\n\nViele Grüße\nMax Muster", 5),
        ("Perfect!\n5", 5),
        ("Thanks Ann\n\n2\n\nKind regards\nMax", 2), ("Danke!\n5!", 5), ("Danke!\n5\nMfG Max", 5), ("Merci !\n5", 5),
        ("Hi Ann,\nthanks a lot!\n5", 5),
        ("Danke!\n5\n5/5", 5), ("Gracias\n5", 5), ("Спасибо!\n5", 5),
    ],
)  # fmt: skip
def test_a_mark_beside_nothing_but_thanks_counts_as_well(text: str, score: int):
    rating = read_rating(a_mail(text), (), asked=True)
    assert rating is not None and rating.score == score
    assert read_rating(a_mail(text), (), asked=False) is None


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("５", 5), ("４／５", 4), ("٥", 5), ("۴", 4), ("٤/٥", 4), ("３、少し遅かったです", 3), ("٢، بطيء", 2),
        ("Merci !\n5 étoiles", 5), ("Merci, 4 sur 5", 4), ("Gracias\n5 estrellas", 5), ("¡Gracias!\nPuntuación: 4", 4),
        ("شكرا\n٥ من ٥", 5), ("شكرا\n5 نجوم", 5), ("شكرا جزيلا\nالتقييم: ٤", 4), ("ありがとうございました。\n評価：5", 5),
        ("ありがとうございます。5点", 5), ("星５つ\nありがとうございました", 5), ("ありがとう\n４", 4),
    ],
)  # fmt: skip
def test_a_mark_is_read_from_every_keyboard_and_in_each_language_of_our_letters(text: str, score: int):
    rating = read_rating(a_mail(text), (), asked=True)
    assert rating is not None and rating.score == score


@pytest.mark.parametrize("text", ["５分待ちました", "٥ دقائق وما زال معطلا", "5階です", "Merci, 5 minutes", "Gracias, son 5", "第５会議室"])
def test_a_figure_in_a_sentence_is_no_mark_there_either(text: str):
    assert read_rating(a_mail(text), (), asked=True) is None


def test_the_words_beside_a_mark_stay_as_they_were_typed():
    rating = read_rating(a_mail("５、対応は２日でした"), (), asked=True)
    assert rating is not None and rating.comment == "対応は２日でした"


def test_thanks_with_a_mark_that_nobody_asked_for_are_thanks():
    assert is_thanks("Danke!\n5", attachments=False) and is_thanks("Thanks, 5/5", attachments=False)
    assert not is_thanks("5", attachments=False) and not is_thanks("Danke!\nRaum 5", attachments=False)


def test_the_score_of_a_signed_address_wins_over_the_text():
    rating = read_rating(a_mail("1 visit was enough"), (a_score("5"),), asked=True)
    assert rating is not None
    assert (rating.score, rating.comment, rating.because) == (5, "1 visit was enough", Reason("rated.token"))


def test_a_score_written_once_more_is_no_comment():
    rating = read_rating(a_mail("5\nlovely"), (a_score("5"),), asked=False)
    assert rating is not None and rating.comment == "lovely"


def test_a_badly_signed_score_is_none():
    assert read_rating(a_mail("well"), (a_score("5", valid=False),), asked=False) is None


def test_two_different_scores_in_one_mail_are_a_scanner_not_an_opinion():
    assert read_rating(a_mail(""), (a_score("5"), a_score("1")), asked=True) is None
    assert read_rating(a_mail(""), (a_score("5"), a_score("5")), asked=True) is not None


HINTS = (*RATING_HINTS.values(), *FORMER_HINTS, *MARKERS.values(), *FORMER)
BROKEN = [f"{hint[:at]}\n{hint[at:].lstrip()}" for hint in HINTS for at in (len(hint) // 3, len(hint) // 2)]


@pytest.mark.parametrize("hint", [*HINTS, *BROKEN, HINTS[0].upper(), f"  {HINTS[1]}  "])
def test_what_our_link_put_there_is_no_comment(hint: str):
    rating = read_rating(a_mail(f"quick help\n\n{hint}\nnot mine"), (a_score("4"),), asked=False)
    assert rating is not None and rating.comment == "quick help"
    untouched = read_rating(a_mail(f"\n\n{hint}"), (a_score("4"),), asked=False)
    assert untouched is not None and untouched.comment == ""


def test_a_comment_has_an_end():
    rating = read_rating(a_mail("x" * 10_000), (a_score("2"),), asked=False)
    assert rating is not None and len(rating.comment) == LONGEST_COMMENT


# --- thanks ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Thanks!",
        "thank you very much, it works now",
        "Thanks Ann",
        "Thanks, Ann Smith!",
        "Hi Ann,\n\nthanks a lot, everything works.\n\nKind regards\nBob",
        "Thx",
        "Perfect, thanks",
        "Danke!",
        "Dankeschön",
        "Vielen Dank für die schnelle Hilfe!\nViele Grüße\nMax Muster",
        "Danke, Frau Weber",
        "Super, danke, jetzt geht alles wieder",
        "Hallo Herr Weber,\nherzlichen Dank!\nMfG\nMax",
    ],
)
def test_a_mere_thank_you_is_one(text: str):
    assert is_thanks(text, attachments=False)
    assert not is_thanks(text, attachments=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Great",
        "It works",
        "Thanks, but it is still broken",
        "Thanks, it does not work",
        "Thanks. Not yet.",
        "Thanks, will it stay so?",
        "Thanks in advance",
        "Thanks, please call me",
        "Thanks for the new password, and the scanner",
        "Thank you! Room 204 as well",
        "Thanks, see https://example.org/",
        "Thanks, my address is max@home.example",
        "Danke, geht aber nicht",
        "Danke, klappt nicht",
        "Danke im Voraus",
        "Danke!\nLeider Nein",
        "Danke, Drucker kaputt",
        "Danke, wann kommt jemand",
        "Vielen Dank. Bitte noch den Scanner.",
        "thanks " * 13,
        "Thank you all so very much for your really quick help with that",
        "Danke 👍 👎?",
    ],
)
def test_anything_more_than_thanks_is_a_message(text: str):
    assert not is_thanks(text, attachments=False)


@given(
    st.sampled_from(["but", "not", "still", "aber", "nicht", "leider", "noch", "kaputt", "broken", "error", "Nicht", "However"]),
    st.integers(0, 3),
)
def test_no_word_of_doubt_passes_anywhere_in_a_thank_you(word: str, place: int):
    words = "Thanks Ann works great".split()
    words.insert(place, word)
    assert not is_thanks(" ".join(words), attachments=False)


def test_reading_them_takes_time_in_proportion_to_the_text():
    def read_all(text: str) -> None:
        read_rating(a_mail(text), (), asked=True)
        is_thanks(text, attachments=False)

    for hostile in ("5 ", "★ ", "5 - ", "5/", "(\n", "\U0001f44d\U0001f3fb", "\ufe0f"):
        assert_linear(lambda times, one=hostile: read_all(one * times), 20_000, why=hostile)
