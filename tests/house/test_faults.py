"""What can go wrong with mail, by its number in the catalogue: a test names what it holds, and what is not held says why."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import pytest

from tests.house.tree import ROOT, modules, name, tree

#: What concerns what is built: loss, doubling, takeover, disclosure, standstill, loops, and what is only a nuisance.
HELD = {
    1: "a program that is killed at any of its writes",
    2: "the power goes, and the disk keeps what it likes of what was not flushed",
    3: "a file whose folder was never flushed",
    5: "a flush that fails",
    6: "no room left on the disk",
    7: "no descriptors, memory or processes left",
    8: "an error of ours while somebody hands a mail over",
    9: "a client that hangs up before it has its answer",
    10: "the same mail again, here or at another node",
    12: "two mails under one Message-ID",
    13: "one mail for several of our addresses",
    14: "mails without a Message-ID of their own",
    15: "a Message-ID that is none",
    16: "a letter of ours that comes back",
    17: "a mailbox that is cut off within a mail",
    18: "a mailbox left between the commit and the flag",
    19: "a mailbox left between the move and the commit",
    20: "a mailbox with new numbers for old mails",
    21: "a mailbox with old numbers for new mails",
    22: "mails that move while they are listed",
    23: "one mail of a mailbox that cannot be read",
    24: "mail that somebody has read before us",
    25: "others at work in a mailbox, and servers that end the session",
    26: "a mail of a mailbox that is far too large",
    27: "a mailbox that lets us in no more",
    28: "a courier that is killed at any moment of a delivery",
    29: "a relay that says later",
    30: "a relay that says never",
    31: "no answer to the last dot",
    32: "one of several recipients is refused",
    33: "a relay that is down, slow or ends in the middle",
    34: "TLS that is missing, taken out or proves nothing",
    35: "a relay that drips",
    36: "two couriers want one letter",
    37: "who slept past the lease wakes up",
    38: "two nodes at one mailbox",
    39: "two answers to one ticket in the same instant",
    40: "mails of one thread in any order",
    41: "ticket numbers given out by many at once",
    42: "a database server that is killed, or ends a session",
    43: "a database server that stays away",
    44: "a database that somebody else is busy with",
    45: "a database that lost its log, or is damaged",
    46: "a restored copy",
    47: "an upgrade that is killed",
    48: "an upgrade while older programs go on",
    49: "the end of the program under load",
    50: "a clock that jumps",
    51: "hours that come twice or never",
    52: "a reminder at an hour that comes twice or never",
    53: "a clock that is due while the program dies",
    54: "three days in which nobody looked at the clocks",
    55: "a Date: of any kind",
    57: "a null reverse-path",
    58: "reports in their standard forms, and complaints",
    59: "reports without a form",
    60: "Auto-Submitted:",
    61: "a header that says it was no machine",
    62: "somebody who wants no automatic reply",
    63: "Precedence:",
    64: "the many headers of lists and machines",
    65: "absences that only their words tell",
    66: "addresses where nobody reads, and our own",
    67: "a forged mark of ours",
    68: "an agent at the address of a desk",
    69: "two gateways without headers",
    70: "a gateway and another help desk",
    71: "absences by the hundred",
    72: "bounces of bounces",
    73: "mail that goes in circles",
    74: "ever new senders, so that no single one is too many",
    75: "budgets across restarts and nodes",
    76: "mail to nobody here",
    77: "a forged sender whom our acknowledgement would reach",
    78: "a bounce to an address that we never signed",
    80: "an old burst that comes again",
    81: "a second mail smuggled in",
    82: "words in clear that would count under TLS",
    83: "an address that is more than an address",
    84: "peers that are slow, many, or never done",
    85: "a command under a forged name",
    86: "a forged stamp",
    87: "an author that can be read twice",
    88: "Reply-To: as if it were an author",
    89: "names that pretend to be somebody",
    90: "an agent who is none any more",
    91: "the token of one person or kind in place of another",
    92: "tokens without a signature",
    93: "guessing tokens",
    94: "a stranger with somebody's token",
    95: "a stranger with somebody's Message-ID",
    96: "numbers of tickets in odd places",
    97: "codes that a service sends to a signed address",
    98: "people let in by copy",
    99: "a note that gets out",
    100: "addresses and headers that get out",
    101: "headers of ours from outside",
    102: "a line that becomes a header of a letter",
    103: "a name that becomes a recipient",
    104: "a mail that becomes a template",
    105: "a template of the operator without end",
    106: "HTML that acts",
    107: "a file that a browser would open in the place of a page",
    108: "a file name that is a path",
    109: "a mail that makes us fetch something",
    110: "parts within parts without end",
    111: "very many parts, headers, addresses or files",
    112: "little that unpacks to very much",
    113: "parts that do not begin or end as they should",
    114: "charsets that are none",
    115: "characters that a database does not take",
    116: "expressions that take for ever",
    117: "addresses that take for ever",
    118: "a mail on which the reading hangs",
    119: "a program that follows the links to rate",
    120: "a program that presses every button",
    121: "ratings said again, by others, too late",
    122: "what a client calls us",
    123: "paths that are none of ours",
    124: "signed addresses where they do not belong",
    125: "secrets in logs, answers and errors",
    126: "words of mails in logs",
    127: "who asks which addresses there are",
    129: "control characters on a screen",
    130: "words that a database would obey",
    131: "what belongs to one desk, found from another",
    132: "whoever can write the configuration",
    133: "files that others can read, links in place of files",
    134: "what is a command and what is not",
    135: "a command said again",
    136: "a command of days ago",
    137: "headers within a wrapping",
    138: "libraries with known holes",
    139: "letters against the standard",
    140: "our own Message-IDs",
    141: "references that grow",
    142: "scripts, names and faces of the whole world",
    143: "subjects that grow",
    144: "addresses outside ASCII",
    145: "lines that servers change on the way",
    146: "a text that says less than its page",
    147: "letters of machines that do not say so",
    148: "whose address a letter of ours comes from and is answered at",
    149: "letters that nobody signed, or whose signature does not hold on the way",
    151: "a bounce and its letter",
    152: "letters that fall out of their conversation",
    153: "a letter that is too large for the relay",
    154: "letters as they are read",
    155: "tests that cannot fail",
    158: "lessons that nobody remembers",
}
#: Those that concern nothing that is built, or are held by no test, each with its reason.
WITHOUT = {
    4: "mails lie in the database itself: no file stands beside a row",
    11: "how long a yes takes is measured by `make bench`, and no bound of ours",
    56: "a date beyond what a clock can say is none (55), so none is stored",
    79: "there are no rules of operators that would act on what other rules did",
    128: "exports are JSON: there are no cells that a spreadsheet would calculate",
    150: "nothing is sent in bulk: there is no list, and a question for a rating ends by a word",
    156: "runs of chance with a model beside them are those of the storms and nodes",
    157: "no figure is kept of mutations: the grave ones are made on purpose (155)",
}
#: Lessons that others published, as far as they concern what is built.
LESSONS = {
    "CVE-2005-3895": "HTML that acts", "CVE-2012-4751": "HTML that acts", "CVE-2014-1695": "HTML that acts",
    "CVE-2018-1000154": "HTML in a subject", "CVE-2020-24881": "pictures that are fetched", "CVE-2021-21441": "HTML without a click",
    "CVE-2021-3945": "HTML of strangers", "CVE-2021-3950": "HTML of strangers", "CVE-2021-3994": "HTML of strangers",
    "CVE-2026-32754": "HTML in notices", "CVE-2026-107393": "HTML in notices",
    "CVE-2011-4458": "an address that reached a shell", "GHSA-v3q9": "an address that reached the relay", "GHSA-5vg9": "lines in addresses",
    "CVE-2012-4730": "lines in headers", "CVE-2013-3373": "lines in headers", "CVE-2024-6923": "lines in headers",
    "CVE-2026-1299": "lines in headers", "CVE-2025-1795": "lists of addresses that fall apart", "gh-80222": "lost quotes",
    "gh-121284": "lost commas", "CVE-2012-4735": "headers of ours from outside", "CVE-2023-41259": "headers of ours from outside",
    "CVE-2014-1474": "slow addresses", "CVE-2018-18898": "slow addresses", "CVE-2018-12558": "slow addresses",
    "CVE-2026-129295": "slow headers", "gh-105802": "a slow parser", "gh-136063": "a slow parser", "gh-148518": "a slow parser",
    "gh-151857": "a slow parser", "CVE-2014-9472": "charsets that are none", "CVE-2020-1775": "blind copies that show",
    "CVE-2021-21435": "blind copies that show", "CVE-2021-36093": "a mail on which the reading hangs",
    "CVE-2026-48187": "a mail on which the reading hangs", "CVE-2021-38562": "an answer whose time tells something",
    "CVE-2023-41260": "answers that tell something", "CVE-2024-43444": "passwords in logs", "CVE-2023-27043": "an author read twice",
    "CVE-2026-27443": "headers within a wrapping", "CVE-2026-29143": "headers within a wrapping", "CVE-2023-51764": "smuggling",
    "CVE-2023-51765": "smuggling", "CVE-2023-51766": "smuggling", "CVE-2023-52354": "smuggling", "CVE-2024-27305": "smuggling",
    "CVE-2024-34083": "what came before TLS", "CVE-2026-41016": "certificates that nobody looks at", "GHSA-3588": "TLS that is taken out",
    "CVE-2026-27636": "a file name that is a path", "CVE-2026-28289": "looked at first and cleaned then",
    "CVE-2026-40569": "settings that strangers write", "CVE-2026-40591": "ids across desks", "CVE-2026-41902": "links without an end",
    "CVE-2026-47123": "tokens of one kind that nobody checks", "GHSA-6r38": "tokens of one kind that nobody checks",
    "GHSA-8vm3": "tokens without a signature", "GHSA-83xx": "rights of yesterday", "GHSA-j49f": "a stranger on somebody's ticket",
    "GHSA-6ww2": "notes that get out", "CVE-2026-84458": "addresses joined without proof", "gitlab#349329": "Reply-To: as an author",
    "CVE-2019-11581": "a mail that becomes a template", "CVE-2021-39115": "a mail that becomes a template",
    "CVE-2026-38431": "a mail that becomes a template", "CVE-2026-119144": "a mail that becomes a template",
    "CVE-2022-25802": "files that act", "CVE-2024-39126": "files that act", "CVE-2022-25803": "pages that lead elsewhere",
    "CVE-2026-40496": "links that can be guessed", "GHSA-qjr9": "links that can be guessed", "GHSA-2wmj": "what a client calls us",
    "FreeScout#5591": "two mails under one Message-ID", "FreeScout#5462": "the newest page of a mailbox",
}  # fmt: skip
#: The others.
NO_LESSONS = {
    "CVE-2021-21443": "no page lists recipients",
    "CVE-2024-39124": "no page of ours helps to choose", "CVE-2024-39125": "no page says what a browser says of itself",
    "CVE-2025-2545": "nothing is encrypted by us", "CVE-2026-22200": "nothing makes documents out of HTML",
}  # fmt: skip
#: Mistakes that were made on purpose, and the test that finds each: a run that would not see them proves nothing.
SEEDED = {
    "yes before the commit": "exam/test_long_storm.py::test_the_storm_fails_when_the_commit_is_moved_behind_the_250",
    "commits that are not flushed": "record/test_power_cut.py::test_commits_that_are_not_flushed_lose_mail",
    "a folder that is not flushed": "record/test_power_cut.py::test_a_folder_that_is_not_flushed_loses_the_database",
    "mails told apart by Message-ID alone": "journeys/test_message_ids.py::test_two_mails_under_one_message_id_are_both_read",
    "no key against duplicates": "exam/test_two_nodes.py::test_the_run_fails_without_the_key_against_duplicates_and_without_fencing",
    "leases that fence nobody": "record/test_nodes.py::test_a_node_that_slept_past_its_leases_writes_nothing_any_more",
    "signatures compared with ==": "decide/test_lessons.py::test_cve_2021_38562_signatures_are_compared_in_constant_time_with_every_key",
    "an answer to <>": "understand/test_classify.py::test_a_null_reverse_path_is_never_answered",
    "tokens taken without a signature": "decide/test_lessons.py::test_ghsa_8vm3_no_form_without_a_signature_names_a_letter",
    "a note in a quote": "journeys/test_never_inside_out.py::test_without_the_check_the_canary_would_leave",
    "a template made of a string": "house/test_modules.py::test_nobody_makes_a_template_out_of_a_string",
    "5xx for an error": "receive/test_smtp_door.py::test_whatever_fails_behind_the_door_the_sender_keeps_the_mail_and_hears_no_reason",
    "UIDs without UIDVALIDITY": "receive/test_imap_folder.py::test_new_mails_under_numbers_that_old_ones_had_are_taken_in",
    "a cursor before the commit": "receive/test_imap_torture.py::test_the_torture_finds_a_cursor_that_goes_on_before_the_commit",
    "a courier that lies": "exam/test_relay_storm.py::test_the_storm_fails_for_a_courier_that_lies",
}

_FAULTS = re.compile(r"\bfaults?[ _](\d+(?:(?:, (?:fault )?| and (?:fault )?)\d+)*)", re.IGNORECASE)
_LESSON = re.compile(
    r"(?P<cve>cve[-_]\d{4}[-_]\d+)|ghsa[-_](?P<ghsa>[0-9a-z]{4})|\bgh-(?P<gh>\d+)|(?P<where>gitlab|freescout)[#_](?P<n>\d+)", re.IGNORECASE
)
_SPELT = {"gitlab": "gitlab", "freescout": "FreeScout"}


def faults_in(text: str) -> set[int]:
    return {int(number) for found in _FAULTS.finditer(text) for number in re.findall(r"\d+", found[1])}


def lessons_in(text: str) -> set[str]:
    found = set()
    for one in _LESSON.finditer(text):
        if one["cve"]:
            found.add(one["cve"].upper().replace("_", "-"))
        elif one["ghsa"]:
            found.add(f"GHSA-{one['ghsa'].lower()}")
        else:
            found.add(f"gh-{one['gh']}" if one["gh"] else f"{_SPELT[one['where'].lower()]}#{one['n']}")
    return found


def _tests() -> Iterator[tuple[str, str]]:
    """Each test, and each module of tests, with its name and what it says of itself."""
    for path in modules("tests"):
        if not path.name.startswith("test_"):
            continue
        yield name(path), ast.get_docstring(tree(path)) or ""
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                yield f"{name(path)}::{node.name}", f"{node.name.removeprefix('test_')}\n{ast.get_docstring(node) or ''}"


@cache
def named() -> tuple[dict[int, list[str]], dict[str, list[str]]]:
    faults, lessons = defaultdict(list), defaultdict(list)
    for where, said in _tests():
        for number in faults_in(said):
            faults[number].append(where)
        for lesson in lessons_in(said):
            lessons[lesson].append(where)
    return dict(faults), dict(lessons)


def test_every_fault_that_is_held_is_named_by_a_test() -> None:
    assert {number: what for number, what in HELD.items() if number not in named()[0]} == {}


def test_every_lesson_that_concerns_us_is_named_by_a_test() -> None:
    """(fault 158)"""
    assert {lesson: what for lesson, what in LESSONS.items() if lesson not in named()[1]} == {}


def test_no_test_names_what_is_in_no_table() -> None:
    faults, lessons = named()
    assert {number: where for number, where in faults.items() if number not in HELD} == {}
    assert {lesson: where for lesson, where in lessons.items() if lesson not in LESSONS} == {}


def test_what_is_not_held_says_why() -> None:
    assert HELD.keys() | WITHOUT.keys() == set(range(1, 159))
    assert not HELD.keys() & WITHOUT.keys() and not LESSONS.keys() & NO_LESSONS.keys()
    assert all(len(why.split()) > 3 for why in (*WITHOUT.values(), *NO_LESSONS.values()))


@pytest.mark.parametrize("mistake", SEEDED)
def test_a_mistake_made_on_purpose_has_the_test_that_finds_it(mistake: str) -> None:
    """(fault 155)"""
    path, _, test = SEEDED[mistake].partition("::")
    assert test in {node.name for node in ast.walk(tree(ROOT / "tests" / path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize(
    ("said", "faults", "lessons"),
    [
        ("Nothing is lost (fault 84).", {84}, set()),
        ("(faults 84, 86 and 90)", {84, 86, 90}, set()),
        ("Faults 7, 8: no storm. (fault 57, fault 59)", {7, 8, 57, 59}, set()),
        ("as after a fault in a library, 3 of 4 default 12", set(), set()),
        ("fault_12_is_held", {12}, set()),
        ("cve_2021_38562_is and GHSA-v3q9-hj7j-63hq, ghsa_8vm3_no", set(), {"CVE-2021-38562", "GHSA-v3q9", "GHSA-8vm3"}),
        ("gitlab_349329_reply, gitlab#349329, freescout#5591, gh-80222", set(), {"gitlab#349329", "FreeScout#5591", "gh-80222"}),
    ],
)
def test_a_name_is_read_as_it_is_written(said: str, faults: set[int], lessons: set[str]) -> None:
    assert (faults_in(said), lessons_in(said)) == (faults, lessons)
