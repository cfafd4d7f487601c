"""The terms of a policy: all of it that clocks, timers and statuses depend on. With the same ones no clock is counted anew."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta
from enum import Enum
from typing import Any

from mailgate.model.policy import Policy


def terms_of(policy: Policy) -> str:
    """A digest that other agents, letters or budgets do not change."""
    terms = {
        "slas": policy.slas,
        "calendars": {id_: calendar.digest for id_, calendar in policy.calendars.items()},
        "groups": {id_: group.calendar for id_, group in policy.groups.items()},
        "timers": policy.timers,
        "desks": {id_: (desk.sla, desk.group) for id_, desk in policy.desks.items()},
    }
    return hashlib.sha256(json.dumps(_plain(terms), sort_keys=True).encode()).hexdigest()[:16]


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {one.name: _plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return sorted([json.dumps(_plain(key)), _plain(item)] for key, item in value.items())
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, frozenset | set):
        return sorted(_plain(item) for item in value)
    if isinstance(value, timedelta):
        return value // timedelta(seconds=1)
    return value.value if isinstance(value, Enum) else value
