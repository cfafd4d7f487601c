"""What each letter is told besides ticket, person and entry: the facts that a decision has to bring along, and samples of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from mailgate.model.commands import VERBS, Fault
from mailgate.model.policy import Metric
from mailgate.model.reason import Reason

Key = tuple[str, str]  #: event, audience

#: (event, audience) -> names of facts. A template may use no others. Those in DEFAULTS may be left out by the decision.
FACTS: Mapping[Key, tuple[str, ...]] = MappingProxyType({
    ("ticket_opened", "requester"): ("shown_title",),
    ("ticket_opened", "agent"): ("follows", "beside"),
    ("follow_up_opened", "requester"): ("shown_title", "old_number"),
    ("agent_replied", "requester"): ("waiting",),
    ("agent_replied", "participant"): (),
    ("agent_replied", "agent"): (),
    ("note_added", "agent"): ("absent", "direct"),
    ("requester_wrote", "agent"): ("reopened", "joined"),
    ("unverified_wrote", "agent"): ("because", "may_admit", "direct"),
    ("ticket_resolved", "requester"): ("by", "by_requester", "code"),
    ("ticket_resolved", "participant"): ("by", "code"),
    ("ticket_closed", "requester"): ("by", "by_requester", "code"),
    ("ticket_closed", "participant"): ("by", "code"),
    ("auto_resolved", "requester"): (),
    ("reminder_due", "requester"): ("n",),
    ("status_asked", "requester"): (),
    ("help_asked", "requester"): (),
    ("help_asked", "agent"): ("verb", "verbs"),
    ("sla_warned", "agent"): ("metric", "level", "due_at", "left_s"),
    ("sla_breached", "agent"): ("metric", "due_at", "over_s"),
    ("sla_breached", "lead"): ("metric", "due_at", "over_s"),
    ("wake_due", "agent"): (),
    ("ticket_assigned", "agent"): ("by",),
    ("ticket_lost", "agent"): ("by", "news"),
    ("group_told", "agent"): ("by", "news"),
    ("confirmation_asked", "agent"): ("why", "commands", "text", "until", "direct"),
    ("commands_refused", "agent"): ("faults", "text", "direct", "files", "way"),
    ("commands_applied", "agent"): ("told", "noted", "commands", "heard", "direct"),
    ("letter_refused", "agent"): ("whom", "what", "reply", "state"),
    ("letter_lightened", "agent"): ("whom", "what", "left"),
    ("address_suppressed", "agent"): ("whom", "reply"),
    ("answer_held", "agent"): ("by", "loop"),
    ("notices_combined", "agent"): ("sender", "count", "since", "rows", "more", "more_from", "more_to"),
    ("rating_given", "requester"): ("score", "late"),
    ("low_rating_given", "lead"): ("score", "comment", "requester"),
    ("rating_commented", "agent"): ("score", "comment", "requester"),
    ("agent_welcomed", "agent"): (),
    ("operator_alarmed", "operator"): ("kind", "what", "since", "way_out"),
    ("relay_tested", "operator"): (),
    ("roundtrip_sent", "operator"): ("mark",),
})  # fmt: skip

#: What a fact is when the decision says nothing about it.
DEFAULTS: Mapping[str, object] = MappingProxyType({
    "shown_title": None,  #: str: what of a stranger's subject may be repeated; None: the ticket's title where it is allowed
    "waiting": False,  #: the desk now waits for the requester
    "absent": False,  #: it is no note of theirs: they seem to be away
    "reopened": False,
    "joined": (),  #: addresses of new participants
    "follows": "",  #: the ticket that ended, and that this one continues
    "beside": "",  #: the ticket of another desk that the same mail belongs to
    "may_admit": True,  #: whoever wrote may be let in
    "heard": (),  #: names of those who read a note
    "by": "",  #: name of the agent who resolved, closed or assigned
    "by_requester": False,  #: the requester said so
    "code": "",  #: resolution code
    "n": 1,  #: the how-manieth reminder
    "verb": "",  #: the one command that help was asked for
    "level": None,  #: percent of the promised time
    "due_at": None,  #: None: of the running cycle
    "left_s": None,  #: seconds of business time
    "over_s": None,  #: seconds of business time
    "noted": False,  #: an internal note was added
    "direct": (),  #: names or addresses of outsiders who have the agent's mail directly
    "files": (),  #: names of files that a refused mail brought
    "way": "here",  #: how a refused mail is corrected: see decide/returned
    "late": False,  #: the rating came too late to count
    "comment": "",
    "more": 0,
    "more_from": "",
    "more_to": "",
})  # fmt: skip

_WHEN = datetime(2026, 6, 2, 12, 0, tzinfo=UTC)

#: A value of each fact, for `mailgate check`, for tests and for whoever writes a template.
SAMPLES: Mapping[str, object] = MappingProxyType({
    "shown_title": "VPN drops every ten minutes",
    "old_number": 1001,
    "follows": "IT-1001",
    "beside": "HR-1040",
    "left": (("Log.7z", 31_000_000),),
    "may_admit": True,
    "heard": ("Bob Frey",),
    "news": (("answered", ""), ("given", "Bob Frey")),
    "waiting": True,
    "absent": False,
    "reopened": True,
    "joined": ("eve@example.net",),
    "because": Reason("nobody_here"),
    "loop": "not the requester, not a participant, not an agent",
    "by": "Ann Berg",
    "by_requester": False,
    "code": "fixed",
    "n": 2,
    "verb": "",
    "verbs": tuple(VERBS),
    "metric": Metric.FIRST_REPLY,
    "level": 75,
    "due_at": _WHEN,
    "left_s": 5400,
    "over_s": 600,
    "faults": (
        Fault("E_UNKNOWN", 1, "#resolv", "resolve"),
        Fault("E_QUOTE", 3, "the admin password is kept in the safe", "a line of an internal notice"),
    ),
    "text": "#resolv\n\nThe cable was loose.\nWe plugged it in again.",
    "why": "seen_by_others",
    "until": _WHEN,
    "told": (("priority", "P4", "P2"), ("take", "", "Ann Berg")),
    "noted": True,
    "direct": ("Max Muster",),
    "files": ("trace.txt",),
    "way": "here",
    "commands": ("#priority P2", "#take"),
    "whom": "max@example.com",
    "what": "agent_replied",
    "reply": "550 5.1.1 No such mailbox here",
    "state": "refused",
    "sender": "max@example.com",
    "count": 1840,
    "rows": (
        {"ref": "IT-1042", "title": "VPN drops every ten minutes", "words": "Hello, since this morning the VPN drops every ten minutes."},
        {"ref": "", "title": "VPN", "words": ""},
    ),
    "more": 1838,
    "more_from": "IT-1044",
    "more_to": "IT-2881",
    "score": 2,
    "late": False,
    "comment": "It took three days.",
    "requester": "Max Muster",
    "kind": "set_aside",
    "since": _WHEN,
    "way_out": "mailgate inbox show 42",
    "mark": "<k7qf3m9x.c.0123456789abcdef@example.org>",
})  # fmt: skip
