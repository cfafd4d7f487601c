"""Numbers of reports in a reader's language: what there is too little of to say is not said, and no share is rounded up to a whole one."""

from babel.numbers import format_percent

from mailgate.compose.dates import locale_of
from mailgate.compose.words import Say, duration
from mailgate.model.weekly import WeekFigure

TOO_FEW = "too few"
NOTHING = "–"
MESSAGES = frozenset({TOO_FEW})


def share(value: float, language: str, form: str = "#,##0%") -> str:
    """`97 %` or `97%`, as people of a language write it; cut, so that 100 % are all."""
    digits = 100 * 10 ** form.partition(".")[2].count("#")
    locale = locale_of(language)
    # The language's own pattern says where the sign stands; only digits behind the point are ours.
    pattern = locale.percent_formats[None].pattern
    return format_percent(int(value * digits + 1e-9) / digits, pattern.replace("0", "0.##") if "." in form else pattern, locale=locale)


def fine_share(value: float, language: str) -> str:
    """`99.87 %`: of what is nearly always there, hundredths tell."""
    return share(value, language, "#,##0.##%")


def figure(reading: WeekFigure, form: str, before: bool, language: str, say: Say) -> str:
    """`form`: count, share or span. `before`: as it was the week before."""
    value, few = (reading.before, reading.few_before) if before else (reading.now, reading.few)
    return shown(value, few, form, language, say)


def shown(value: float | None, few: bool, form: str, language: str, say: Say) -> str:
    if few:
        return say(TOO_FEW)
    if value is None:
        return NOTHING
    if form == "share":
        return share(value, language)
    return duration(int(value), say) if form == "span" else str(int(value))
