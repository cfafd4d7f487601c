"""Programs that answer mail, with every header that would tell them taken away. Each is a function from a letter to what it answers."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass

from tests.zoo.house import SUPPORT, Letter


@dataclass(frozen=True)
class Reply:
    text: str
    subject: str
    to: str


Machine = Callable[[Letter], Reply | None]


def _re(letter: Letter) -> str:
    return letter.subject if letter.subject.startswith("Re:") else f"Re: {letter.subject}"


def exchange() -> Machine:
    """Out of office: to Reply-To, with a subject of its own."""
    said = "Thank you for your message. I am out of the office until Monday and have limited access to my mail. Regards"
    return lambda letter: Reply(said, f"Out of office: {letter.subject}", letter.reply_to)


def gmail() -> Machine:
    said = "Hi, thanks for writing. I'm travelling this week and will get back to you when I return. Cheers"
    return lambda letter: Reply(said, _re(letter), letter.reply_to)


def rfc5230() -> Machine:
    """`vacation` of Sieve: to the sender of the envelope, and it cites nothing."""
    said = "I am on vacation from the first to the end of the month. My mail is read by nobody meanwhile."
    return lambda letter: Reply(said, "Auto: away for a while", SUPPORT)


def otrs() -> Machine:
    number = itertools.count(2026060110000042)

    def answer(letter: Letter) -> Reply:
        n = next(number)
        return Reply(
            f"Dear customer, your request was received and got the number {n}. It will be worked on as soon as possible. Your service team",
            f"[Ticket#{n}] RE: {letter.subject}",
            letter.reply_to,
        )

    return answer


def rt() -> Machine:
    number = itertools.count(4711)

    def answer(letter: Letter) -> Reply:
        n = next(number)
        text = (
            f'Greetings, this message was generated in response to the creation of a request regarding "{letter.subject}". '
            f"There is no need to reply. Its id is [example.net #{n}]."
        )
        return Reply(text, f"[example.net #{n}] received: {letter.subject}", SUPPORT)

    return answer


def osticket() -> Machine:
    number = itertools.count(100200)

    def answer(letter: Letter) -> Reply:
        n = next(number)
        text = (
            f"Dear user, a request for support has been created and assigned #{n}. "
            "A representative will follow up with you as soon as possible."
        )
        return Reply(text, f"Support request opened [#{n}]", letter.reply_to)

    return answer


def freescout() -> Machine:
    number = itertools.count(12)

    def answer(letter: Letter) -> Reply:
        text = "We received your message and will reply soon. This conversation can be continued by answering this mail."
        return Reply(text, f"{_re(letter)} [#{next(number)}]", letter.reply_to)

    return answer


def bouncing_mx() -> Machine:
    """A server that says so in words of its own, from a mailbox like any other."""
    said = "The message you sent could not be handed over to this mailbox today. We keep trying and tell you when it works."
    return lambda letter: Reply(said, "About your message", letter.reply_to)


def mailing_list() -> Machine:
    """A list on which the desk is: what it gets it sends to all, under its own name."""
    return lambda letter: Reply(
        f"{letter.text}\n____\nstaff mailing list, to leave it write to the owner\n", f"[staff] {letter.subject}", SUPPORT
    )


def forward_to_self() -> Machine:
    """Everything of this mailbox goes to the desk."""
    return lambda letter: Reply(letter.text, letter.subject, SUPPORT)


def assistant(seed: int = 7) -> Machine:
    """Words each answer differently, sensibly, and at once."""
    chance = random.Random(seed)
    openings = (
        "Thanks for the update",
        "I understand",
        "That is helpful",
        "Good to know",
        "Happy to help",
        "Noted",
        "Of course",
        "Understood",
    )
    things = ("the printer", "your account", "the network", "this request", "the invoice", "the delivery", "the contract", "the meeting")
    doing = ("I will look into", "please send me more about", "could you describe", "we should talk about", "let me check", "I have noted")
    when = ("this afternoon", "tomorrow", "right away", "next week", "as soon as I can", "after the call", "by Friday", "in an hour")

    def answer(letter: Letter) -> Reply:
        sentences = [f"{chance.choice(openings)}. {chance.choice(doing)} {chance.choice(things)} {chance.choice(when)}" for _ in range(3)]
        extra = " ".join("".join(chance.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(6)) for _ in range(12))
        return Reply(f"{'. '.join(sentences)}. {extra}.", _re(letter), letter.reply_to)

    return answer


def another_mailgate() -> Machine:
    number = itertools.count(77)

    def answer(letter: Letter) -> Reply:
        n = next(number)
        text = (
            f"-- please write above this line --\n\nWe have your message. Its number is HD-{n}.\n\n"
            "Priority: standard\n\nAnswer this mail if you want to add something."
        )
        return Reply(text, f"{_re(letter)} [HD-{n}-K7QF3M9X]", letter.reply_to)

    return answer


ZOO: dict[str, Callable[[], Machine]] = {
    "exchange": exchange, "gmail": gmail, "rfc5230": rfc5230, "otrs": otrs, "rt": rt, "osticket": osticket, "freescout": freescout,
    "bouncing-mx": bouncing_mx, "list": mailing_list, "forward-to-self": forward_to_self, "assistant": assistant,
    "another-mailgate": another_mailgate,
}  # fmt: skip
