"""What the weekly report shows: numbers beside those of the week before, the last weeks, and samples of all of it for its template."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WeekFigure:
    """A number of a week. None: there is nothing to say it of, or (`few`, `few_before`) too little."""

    now: float | None
    before: float | None
    n: int = 0
    few: bool = False
    few_before: bool = False
    low: float | None = None  #: in which a share lies, 95 times of 100
    high: float | None = None
    hits: int = 0  #: of a share, how many of the n


@dataclass(frozen=True, slots=True)
class WeekShown:
    """One of the last weeks, in the table and in the pictures."""

    week: int
    kept: float | None  #: share of first replies in time
    kept_few: bool
    open: int
    reply: float | None  #: seconds of business time, half of the first replies
    reply_few: bool


#: Samples.
A_WEEK: Mapping[str, WeekFigure] = {
    "created": WeekFigure(38, 34, 38),
    "resolved": WeekFigure(41, 35, 41),
    "backlog": WeekFigure(12, 15, 12),
    "attainment_first_reply": WeekFigure(36 / 37, 0.92, 37, hits=36),
    "attainment_resolution": WeekFigure(39 / 41, 0.9, 41, hits=39),
    "first_reply_p50": WeekFigure(6120, 7200, 37),
    "first_reply_p90": WeekFigure(18_600, 21_000, 37),
    "resolution_p50": WeekFigure(30_000, 33_000, 41),
    "resolution_p90": WeekFigure(90_000, 81_000, 41),
    "csat": WeekFigure(15 / 17, None, 17, few_before=True, low=0.657, high=0.967, hits=15),
    "response_rate": WeekFigure(17 / 38, 0.4, 38, hits=17),
    "own_outage": WeekFigure(2700, 0, 3),
}
SOME_WEEKS = tuple(
    WeekShown(week, kept, kept is None, open_, reply, reply is None)
    for week, kept, open_, reply in (
        (15, None, 3, None), (16, 0.9, 8, 9000.0), (17, 0.94, 9, 8100.0), (18, 0.88, 14, 10_800.0), (19, 0.91, 17, 9600.0),
        (20, 0.95, 16, 7500.0), (21, 0.92, 15, 7200.0), (22, 36 / 37, 12, 6120.0),
    )
)  # fmt: skip
SOME_BROKEN: tuple[Mapping[str, object], ...] = (
    {"ref": "IT-1051", "title": "Projector in room 2 stays dark", "metric": "first_reply", "over_s": 1500, "status": "new", "hold": ""},
    {"ref": "IT-1029", "title": "Printer on floor 3 prints blank pages", "metric": "resolution", "over_s": 21_600, "status": "on_hold",
     "hold": "vendor"},
    {"ref": "IT-1033", "title": "New starter has no mailbox", "metric": "resolution", "over_s": 0, "status": "promise", "hold": ""},
)  # fmt: skip
SOME_WAITING: tuple[Mapping[str, object], ...] = (
    {"ref": "IT-1009", "title": "Docking station loses the second screen", "days": 19, "owner": "Ann Berg"},
    {"ref": "IT-1022", "title": "Access to the archive", "days": 11, "owner": ""},
)
SOME_RATINGS: tuple[Mapping[str, object], ...] = ({"ref": "IT-1029", "score": 2, "comment": "It took three days."},)
