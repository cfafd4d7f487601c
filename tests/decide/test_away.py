"""A mail that says its author is away, without a header that calls it automatic (fault 65): inside, answered to nobody, told once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mailgate.decide import away
from mailgate.model.ticket import Status, Visibility
from tests.decide.build import (
    ANN,
    ANN_AT,
    BOB_AT,
    MAX_AT,
    NOON,
    a_file,
    a_letter,
    a_notice,
    a_requesters,
    an_agents,
    an_entry,
    entries,
    events,
    inside,
    letters,
    outside,
)

SUBJECTS = [
    "Abwesenheitsnotiz: VPN drops", "Automatic reply: VPN drops", "Out of Office: Re: VPN drops", "Automatische Antwort: VPN drops",
    "Réponse automatique : VPN drops", "Respuesta automática: VPN drops", "Risposta automatica: VPN drops", "Autosvar: VPN drops",
    "Odpowiedź automatyczna: VPN drops", "Автоответ: VPN drops", "自動応答: VPN drops", "Re: Automatic reply: VPN drops",
]  # fmt: skip
TEXTS = [
    "Hello,\n\nI am out of the office until 7 January. For urgent matters please call the front desk.",
    "Thank you for your message. I'm currently on annual leave with limited access to e-mail.\n\nAnn",
    "I will be away from my desk until Monday and will reply to your mail when I am back.",
    "Guten Tag,\n\nich bin vom 23.12. bis 6.1. im Urlaub. In dringenden Fällen wenden Sie sich an die Zentrale.",
    "Vielen Dank für Ihre Nachricht. Ich bin bis 24.12. nicht im Büro, Ihre E-Mail wird nicht weitergeleitet.",
    "Bonjour,\n\nje suis absente du bureau jusqu'au 6 janvier. En cas d'urgence, appelez l'accueil.",
    "Buenos días:\n\nEstoy de vacaciones hasta el lunes. En caso de urgencia, llame a recepción.",
    "Sono fuori ufficio fino al 6 gennaio. Per urgenze chiamate la segreteria.",
    "Ik ben met vakantie tot 6 januari. Voor dringende zaken belt u de receptie.",
    "Jag är på semester till den 6 januari. Vid brådskande ärenden ring växeln.",
    "Olen lomalla 6.1. saakka. Kiireellisissä asioissa soittakaa keskukseen.",
    "Jestem na urlopie do 6 stycznia. W pilnych sprawach proszę dzwonić do sekretariatu.",
    "Здравствуйте! Я нахожусь в отпуске до 6 января. По срочным вопросам звоните в приёмную.",
    "1月6日まで不在にしております。お急ぎの場合は代表番号までご連絡ください。",
]


def was_kept(decision):
    return (
        not outside(decision)
        and events(decision) == ["auto_reply_received"]
        and [visibility for visibility, _ in entries(decision)] == ["internal"]
        and not any(address == ANN_AT for _, address in letters(decision))
    )


@pytest.mark.parametrize("subject", SUBJECTS)
def test_an_agents_absence_is_kept_inside_by_its_subject(subject):
    decision = an_agents("Back on Monday.", subject=subject, file=a_file(Status.NEW))
    assert was_kept(decision)
    after = decision.changes[0].after
    assert after.owner is None and after.status is Status.NEW, "the clocks run, nobody has taken it"
    assert inside(decision) == [("note_added", BOB_AT)]
    assert decision.letters[0].kind.absent is True


@pytest.mark.parametrize("text", TEXTS)
def test_an_agents_absence_is_kept_inside_by_its_words(text):
    assert was_kept(an_agents(text, subject="Re: VPN drops"))


def test_an_absence_that_comes_within_moments_needs_no_second_sentence():
    notice = a_notice(ANN, made_at=NOON - timedelta(seconds=40))
    assert was_kept(an_agents("I am out of the office.", answers=notice))
    later = a_notice(ANN, made_at=NOON - timedelta(minutes=20))
    assert outside(an_agents("I am out of the office.", answers=later)), "this a person may have written"


@pytest.mark.parametrize(
    "text",
    [
        "Hello Max,\n\nI am on vacation from tomorrow on, Bob goes on with it. Please restart the client meanwhile.",
        "Your colleague wrote: I am out of the office until Monday. So please restart it yourself.",
        'The text of your notice can be: "I am out of the office until Monday. For urgent matters call Eva."',
        "Your colleague wrote:\n\nI am out of the office until Monday. In urgent cases call Eva.",
        "To switch it off: settings, automatic replies. In urgent cases call us.",
        "The scanner is out of office hours now, it will reply when it is on again.",
        "Ich habe die Abwesenheitsnotiz für Sie eingerichtet. In dringenden Fällen rufen Sie an.",
        "Please restart. I am away on Friday.",
        "We are on it.",
    ],
)
def test_a_person_who_speaks_of_being_away_still_answers(text):
    assert [w.person.address for w in outside(an_agents(text))] == [MAX_AT]


def test_words_that_are_only_quoted_are_no_absence():
    decision = an_agents("Please restart.", quoted="> I am out of the office until Monday.\n> For urgent matters call Eva.")
    assert outside(decision)


def test_a_ticket_about_an_absence_is_answered():
    file = a_file()
    file = replace(file, ticket=replace(file.ticket, title="Abwesenheitsnotiz: wie geht das?"))
    assert outside(an_agents("Im Menü unter Automatische Antworten.", subject="Abwesenheitsnotiz: wie geht das?", file=file))


@pytest.mark.parametrize("text", ["#reply\nI am out of the office until Monday. In urgent cases call Bob.", "#take\nBack on Monday."])
def test_no_program_writes_commands(text):
    assert "auto_reply_received" not in events(an_agents(text, subject="Out of office: VPN drops"))


def test_a_colleagues_absence_is_told_once_a_day():
    def again(hours):
        before = an_entry(7, "I am away.", Visibility.INTERNAL, author=ANN, flags=(away.FLAG,), arrived_at=NOON - timedelta(hours=hours))
        return an_agents("Back on Monday.", subject="Out of office: VPN drops", file=a_file(entries=(before,)))

    assert not again(2).letters and was_kept(again(2))
    assert inside(again(30)) == [("note_added", BOB_AT)]


def test_an_answer_to_a_note_that_says_only_who_is_away_is_no_note():
    note = a_notice(ANN, "note_added", answer_is=Visibility.INTERNAL)
    assert was_kept(an_agents(TEXTS[0], answers=note, subject="Automatic reply: VPN drops"))


@pytest.mark.parametrize("status", [Status.RESOLVED, Status.CLOSED, Status.PENDING_USER])
def test_a_requesters_absence_opens_nothing_again_and_alarms_nobody(status):
    decision = a_requesters("Ich bin bis Freitag nicht im Büro.", subject="Automatische Antwort: VPN drops", file=a_file(status))
    assert events(decision) == ["auto_reply_received"] and not decision.letters
    assert decision.changes[0].after.status is status


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Re: VPN drops", "I am out of the office until Monday. In urgent cases call Eva."),
        ("Auto: VPN drops", "It drops in the car as well."),
        ("Automatic reply: VPN drops", "Your automatic reply came, and it still drops."),
    ],
)
def test_a_requesters_words_are_not_hidden_on_one_sign(subject, text):
    assert events(a_requesters(text, subject=subject, answers=a_letter())) == ["requester_wrote"]


def test_without_the_look_at_the_words_an_absence_would_leave(monkeypatch):
    """That these tests can see what they look for."""
    monkeypatch.setattr(away, "kept_inside", lambda s: None)
    assert outside(an_agents(TEXTS[3], subject=SUBJECTS[0]))
