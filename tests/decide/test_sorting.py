"""What a new ticket is about and who answers for it, and how agents correct that."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mailgate.model.events import CategoryChanged, GroupChanged, TicketAssigned
from mailgate.model.mail import Attachment, Forwarded
from mailgate.model.policy import Agent, Desk, Group, Policy
from mailgate.model.routing import Category, Organisation, RoutingRule
from mailgate.model.ticket import Origin, Status, Ticket
from tests.decide.build import (
    ANN,
    ANN_AT,
    BOB,
    BOB_AT,
    CIM,
    CIM_AT,
    MAX_AT,
    a_file,
    a_mail,
    a_policy,
    addresses,
    an_agents,
    decided,
    event,
    events,
    faults,
    hints,
    inside,
    ticket,
    was_refused,
)

VPN = Category("vpn", name="VPN and remote access", group="network", impact=2, addresses=("vpn@example.org",))
BILLING = Category("billing", name="Billing")
BADGES = Category("badges", name="Badges")


def a_house(*rules: RoutingRule, **more: Any) -> Policy:
    policy = a_policy()
    desk = replace(policy.desks["it"], aliases=("vpn@example.org",))
    return replace(
        policy,
        desks={"it": desk},
        categories={one.id: one for one in (VPN, BILLING, BADGES)},
        organisations={"acme": Organisation("acme", domains=frozenset({"acme.example"}))},
        routing=rules,
        **more,
    )


def sorted_as(*rules: RoutingRule, author: str = MAX_AT, text: str = "It drops.", **mail: Any) -> tuple[str | None, str, str | None]:
    mail.setdefault("subject", "Help")
    made = ticket(decided(a_mail(author, text, **mail), policy=a_house(*rules)))
    return made.category, made.group, made.category_source and made.category_source.value


# --- by address and subject -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("to", "found"),
    [
        ("support@example.org", (None, "it", None)),
        ("support+vpn@example.org", ("vpn", "network", "address")),
        ("Support+VPN@Example.org", ("vpn", "network", "address")),
        ("vpn@example.org", ("vpn", "network", "address")),
        ("support+billing@example.org", ("billing", "it", "address")),
        ("support+network@example.org", (None, "network", "address")),
        ("support+nothing@example.org", (None, "it", None)),
        ("support+vpn@elsewhere.example", (None, "it", None)),
    ],
)
def test_the_address_says_what_it_is_about(to: str, found) -> None:
    assert sorted_as(to=(to,)) == found


def test_such_an_address_is_taken_in_at_the_door_and_others_are_not() -> None:
    policy = a_house()
    taken = [at for at in ("vpn", "billing", "network", "it", "nothing", "vpnx") if policy.desk_at(f"support+{at}@example.org")]
    assert taken == ["vpn", "billing", "network", "it"]
    plain = replace(policy, desks={"it": replace(policy.desks["it"], subaddress="none")})
    assert plain.desk_at("support+vpn@example.org") is None


@pytest.mark.parametrize(
    ("subject", "category"),
    [
        ("[vpn] drops", "vpn"),
        ("drops [VPN]", "vpn"),
        ("Re: [Billing] wrong", "billing"),
        ("[VPN and remote access] drops", "vpn"),
        ("vpn drops", None),
        ("[vpn2] drops", None),
        ("[nothing] [billing] x", "billing"),
    ],
)
def test_a_tag_in_the_subject_says_it(subject: str, category: str | None) -> None:
    assert sorted_as(subject=subject)[0] == category


# --- by rules -----------------------------------------------------------------------------------------------------------------------

PDF = Attachment("bill.pdf", "application/pdf", 9, "a" * 64, False, "", "2")
PICTURE = replace(PDF, name="a.png", type="image/png")


@pytest.mark.parametrize(
    ("condition", "fits", "fails"),
    [
        ({"sender": frozenset({"acme.example"})}, {"author": "kim@mail.acme.example"}, {"author": "kim@notacme.example"}),
        ({"organisation": frozenset({"acme"})}, {"author": "kim@acme.example"}, {}),
        ({"language": frozenset({"de", "fr"})}, {"language": "fr"}, {"language": "en"}),
        ({"subject": "invoice|bill"}, {"subject": "Your BILL"}, {"subject": "VPN"}),
        ({"text": r"order \d{6}"}, {"text": "Hello,\nmy order 123456 is late"}, {"text": "order 12"}),
        ({"header": {"X-Monitor": "."}}, {"headers": (("x-monitor", "nagios"),)}, {"headers": (("x-other", "nagios"),)}),
        ({"header": {"x-monitor": "^nagios$"}}, {"headers": (("x-monitor", "nagios"),)}, {"headers": (("x-monitor", "zabbix"),)}),
        ({"attachment": ("application/pdf",)}, {"attachments": (PICTURE, PDF)}, {"attachments": (PICTURE,)}),
        ({"attachment": ("image/",)}, {"attachments": (PICTURE,)}, {"attachments": ()}),
        ({"desk": frozenset({"it"})}, {}, None),
        ({"desk": frozenset({"hr"})}, None, {}),
    ],
)
def test_each_condition_of_a_rule_holds_or_does_not(condition, fits, fails) -> None:
    rule = RoutingRule(name="one", category="billing", **condition)
    if fits is not None:
        assert sorted_as(rule, **fits) == ("billing", "it", "rule")
    if fails is not None:
        assert sorted_as(rule, **fails)[0] is None


def test_all_conditions_of_a_rule_have_to_hold_and_the_first_rule_decides() -> None:
    both = RoutingRule(name="both", subject="bill", sender=frozenset({"acme.example"}), category="billing", group="network")
    any_ = RoutingRule(name="any", subject="bill", category="badges")
    assert sorted_as(both, any_, subject="bill", author="kim@acme.example") == ("billing", "network", "rule")
    assert sorted_as(both, any_, subject="bill") == ("badges", "it", "rule")
    assert sorted_as(any_, both, subject="bill", author="kim@acme.example")[0] == "badges"


def test_address_comes_before_subject_and_subject_before_rules() -> None:
    rule = RoutingRule(name="all", subject=".", category="badges")
    assert sorted_as(rule, subject="[billing] x", to=("support+vpn@example.org",))[0] == "vpn"
    assert sorted_as(rule, subject="[billing] x")[0] == "billing"
    assert sorted_as(rule, subject="x")[0] == "badges"


def test_a_rule_for_a_group_alone_leaves_the_category_open() -> None:
    assert sorted_as(RoutingRule(name="n", subject=".", group="network")) == (None, "network", "rule")


def test_only_the_beginning_of_a_line_is_asked() -> None:
    rule = RoutingRule(name="late", text="needle", category="badges")
    assert sorted_as(rule, text="x" * 300 + "needle")[0] is None
    assert sorted_as(rule, text="\n" * 500 + "needle")[0] is None


def test_words_of_security_make_it_a_matter_of_that_category() -> None:
    policy = replace(a_house(), categories={"security": Category("security", name="Security", group="network")})
    made = ticket(decided(a_mail(text="I answered a phishing mail.", language_sure=True), policy=policy))
    assert (made.category, made.group, made.category_source, made.priority) == ("security", "network", Origin.WORDS, 2)


def test_the_reason_is_kept_with_the_ticket_and_the_group_that_is_meant_hears_of_it() -> None:
    decision = decided(a_mail(text="It drops.", to=("support+vpn@example.org",)), policy=a_house())
    assert [str(one) for one in ticket(decision).why] == ["written to +vpn"]
    assert inside(decision) == [("ticket_opened", CIM_AT)]
    assert any(line.rule == "sort" and str(line.then) == "P3, category vpn, group network" for line in decision.trace)


def test_a_mail_that_is_passed_on_is_sorted_by_what_was_written_first() -> None:
    first = Forwarded(
        author=addresses("kim@acme.example")[0], date="", subject="[billing] wrong", text="It is urgent.", quoted="", message_id=None,
        above="", form="gmail", attachments=(), language="en",
    )  # fmt: skip
    policy = a_house()
    policy = replace(policy, desks={"it": replace(policy.desks["it"], agents_prove_by="token")})
    from mailgate.decide.forwarding import opened_apart
    from tests.decide.build import a_situation

    made = opened_apart(a_situation(a_mail(ANN_AT, "FYI", forwarded=first, subject="Fwd: x"), policy=policy))
    assert made is not None
    after = ticket(made)
    assert (after.category, after.organisation, after.urgency, after.priority) == ("billing", "acme", 1, 3)


# --- corrected by hand ------------------------------------------------------------------------------------------------------------


def corrected(text: str, *, policy: Policy | None = None, **more: Any) -> Ticket:
    return ticket(an_agents(text, file=a_file(**more), policy=policy or a_house()))


@pytest.mark.parametrize("word", ["vpn", "VPN", "vp", '"VPN and remote access"', '"vpn AND"'])
def test_a_category_is_named_by_id_by_name_or_by_its_only_beginning(word: str) -> None:
    decision = an_agents(f"#category {word}", file=a_file(category="billing"), policy=a_house())
    made, said = ticket(decision), event(decision, CategoryChanged)
    assert (made.category, made.category_source, made.category_by) == ("vpn", Origin.AGENT, ANN)
    assert (said.before, said.after, said.source) == ("billing", "vpn", Origin.AGENT)


def test_a_category_is_taken_away() -> None:
    assert corrected("#category none", category="vpn").category is None


@pytest.mark.parametrize(
    ("line", "fault", "hint"),
    [
        ("#category b", "E_AMBIGUOUS", "badges, billing"),
        ("#category printer", "E_VALUE", "badges, billing, vpn"),
        ("#category ...", "E_VALUE", "badges, billing, vpn"),
        ("#category", "E_ARGS", "#category NAME | none"),
        ("#queue nowhere", "E_VALUE", "it, network"),
        ("#queue one two", "E_ARGS", "#queue NAME"),
    ],
)
def test_what_fits_none_or_several_comes_back_with_those_there_are(line: str, fault: str, hint: str) -> None:
    decision = an_agents(f"{line}\nDone.", policy=a_house())
    assert was_refused(decision)
    assert (faults(decision), [str(one) for one in hints(decision)]) == ([(fault, 1)], [hint])


def test_an_exact_name_comes_before_longer_ones() -> None:
    policy = a_house()
    policy = replace(policy, groups={**policy.groups, "net": Group("net", "Net")}, agents={**policy.agents})
    assert corrected("#queue net", policy=policy, owner=None).group == "net"


@pytest.mark.parametrize("word", ["queue", "group"])
def test_a_new_group_has_the_ticket_with_its_story_and_the_old_one_hears_of_it(word: str) -> None:
    decision = an_agents(f"#{word} network", file=a_file(owner=None), policy=a_house())
    assert ticket(decision).group == "network"
    assert (event(decision, GroupChanged).before, event(decision, GroupChanged).after) == ("it", "network")
    told = inside(decision)
    assert ("ticket_assigned", CIM_AT) in told and ("group_told", BOB_AT) in told and ("commands_applied", ANN_AT) in told


def test_an_owner_stays_only_as_a_member() -> None:
    decision = an_agents("#queue network", file=a_file(owner=BOB), policy=a_house())
    assert (ticket(decision).owner, event(decision, TicketAssigned).to) == (None, None)
    assert ("ticket_lost", BOB_AT) in inside(decision)
    policy = a_house()
    both = replace(policy, agents={**policy.agents, "bob": Agent("bob", "Bob Frey", BOB_AT, groups=("it", "network"))})
    kept = an_agents("#queue network", file=a_file(owner=BOB), policy=both)
    assert ticket(kept).owner == BOB and "ticket_assigned" not in events(kept)


def test_who_answers_and_passes_it_on_does_not_own_it() -> None:
    decision = an_agents("#queue network\nOur network team will look at it.", file=a_file(Status.NEW), policy=a_house())
    assert (ticket(decision).owner, ticket(decision).group) == (None, "network")
    assert ("ticket_assigned", CIM_AT) in inside(decision)


def test_who_is_named_owns_it_whatever_the_group() -> None:
    for text, owner in (("#assign bob\n#queue network", BOB), ("#queue network\n#take", ANN)):
        assert ticket(an_agents(text, file=a_file(owner=None), policy=a_house())).owner == owner
    decision = an_agents("#assign cim\n#queue network", file=a_file(owner=None), policy=a_house())
    assert ticket(decision).owner == CIM
    assert [one for one in inside(decision) if one[1] == CIM_AT] == [("ticket_assigned", CIM_AT)]


def test_a_category_takes_along_what_nobody_owns() -> None:
    assert corrected("#category vpn", owner=None).group == "network"
    assert corrected("#category vpn", owner=BOB).group == "it"
    for text in ("#category vpn\n#queue it", "#queue it\n#category vpn"):
        decision = an_agents(text, file=a_file(owner=None), policy=a_house())
        assert (ticket(decision).group, "group_changed" in events(decision)) == ("it", False)
    assert corrected("#category billing", owner=None).group == "it"


def test_the_same_word_again_is_no_correction() -> None:
    decision = an_agents("#queue it", file=a_file(owner=None), policy=a_house())
    assert "group_changed" not in events(decision)


def test_two_groups_in_one_mail_contradict_each_other() -> None:
    assert was_refused(an_agents("#queue it\n#queue network", policy=a_house()))


def test_a_desk_with_the_same_alias_is_one_desk() -> None:
    assert isinstance(a_house().desk_at("vpn@example.org"), Desk)
