"""What the pages of the web door say, in English; the catalogues have it in the other languages."""

from collections.abc import Mapping

#: What pages say, besides the scores and the states.
SENTENCES: Mapping[str, str] = {
    "ask": "How did we do?",
    "about": "This is about your request %(ref)s.",
    "comment": "Anything to add? You can leave this empty.",
    "send": "Send rating",
    "none chosen": "Please pick one of the five.",
    "thanks": "Thanks for your rating.",
    "thanks, more": "%(score)s of 5, %(words)s. The team will see it, and there's nothing else to do.",
    "sorry": "We're sorry this didn't go well.",
    "sorry, more": "Thank you for telling us. The head of the team reads your rating.",
    "sorry, until": "Thank you for telling us. The head of the team reads your rating and will get in touch by %(due)s.",
    "not working": "Still not working? Reply to any of our emails and tell us what happens.",
    "change": "Changed your mind? Just pick again; the last one counts.",
    "void": "Please pick once more in a minute.",
    "void, more": "Different ratings came from this link within seconds, as if a program had tried all links. None of them counts.",
    "late": "This rating came too late.",
    "late, more": "Ratings for %(ref)s are no longer counted. If something is still wrong, reply to any of our emails.",
    "refused": "This request can't be rated now.",
    "refused, more": "It isn't solved yet, or it belongs to somebody else. Reply to any of our emails and tell us how it went.",
    "ended": "This link has run out.",
    "ended, more": "Reply to any of our emails and we'll send you a new one.",
    "wrong": "There's no such page.",
    "wrong, more": "Please open the link from our email once more, and check that it is there as a whole.",
    "trouble": "That didn't work.",
    "trouble, more": "It's not your fault. Please try again in a few minutes.",
    "too long": "That was too long.",
    "too long, more": "A comment may have up to 2,000 characters. For more, reply to any of our emails.",
    "not this way": "This can't be done on this page.",
    "request": "Request %(ref)s",
    "opened": "Received",
    "reopen until": "Can be reopened until",
    "messages": "Messages",
    "left out": "Older messages are not shown here.",
    "you": "You",
    "files": "Files",
    "file": "File without a name",
    "reply": "Reply",
    "close": "Mark as solved",
    "reopen": "Open it again",
    "ready-made": "Each button opens a ready-made email: just press Send.",
    "who sees it": "Anyone with this link can see this page. It works until %(until)s.",
    "back": "Back to the request",
}
#: Where a request stands, as the headline of its page.
HEADLINES: Mapping[str, str] = {
    "new": "We've got it, and nobody has started yet",
    "open": "We're working on it",
    "pending_user": "We're waiting for your answer",
    "on_hold": "Your request is on hold",
    "resolved": "Your request is solved",
    "closed": "Your request is closed",
}
#: Every message of this module, for the catalogues.
MESSAGES: frozenset[str] = frozenset((*SENTENCES.values(), *HEADLINES.values()))
