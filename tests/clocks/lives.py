"""Lives of tickets through a real gateway: each person and each cause does something, and time passes in between."""

from __future__ import annotations

from mailgate.model.delivery import Delivered, Refused
from tests.clocks.house import EditedHouse

P4 = 'first_reply = "8h", resolution = "40h"'
HOLIDAYS = "holidays = ["


def lived(house: EditedHouse) -> list[int]:
    """Ten tickets; their numbers."""
    quiet, asked, held, back, bounced, late, higher, closed, noted, due = (
        house.open(f"Request {n}", f"max{n}@example.com") for n in range(10)
    )
    house.say(asked, "#wait\nWhich printer is it?")
    house.say(held, "#hold vendor until 3d\nThe maker looks at it.")
    house.say(back, "#resolve\nIt works again.")
    house.say(closed, "#take")
    house.say(closed, "#close duplicate\nSee the other one.")
    house.say(noted, "#note\n#watch\nWho knows it?")
    house.say(due, "#due 2026-06-05\nOn Friday.")
    house.relay = lambda one: Refused("550 5.1.1 no such user") if one.recipient == "max4@example.com" else Delivered("250 taken")
    house.say(bounced, "Have you tried another one?")
    house.relay = lambda one: Delivered("250 taken")
    house.turn(hours=3)
    house.say(back, "It does not.", "max3@example.com")
    house.say(higher, "#priority P2")
    house.run()
    # Other targets, and a holiday afterwards.
    house.reload((P4, 'first_reply = "4h", resolution = "20h", update = "10h"'), (HOLIDAYS, f'{HOLIDAYS}"2026-06-03", '))
    house.gateway.recount()
    house.turn(hours=3)
    house.run()
    house.say(asked, "The one on the third floor.", "max1@example.com")
    house.turn(days=1)
    house.say(late, "#reply\nSorry for the wait.")
    house.say(higher, "#priority P5")
    house.say(asked, "#assign bob")
    house.say(back, "#reply\n#hold scheduled until tomorrow\nTomorrow then.")
    house.reload((f'{HOLIDAYS}"2026-06-03", ', HOLIDAYS))
    house.turn(days=1)
    house.run()  # this time an answer is there before anybody counted anew
    house.say(late, "#reply\n#wait\nDoes it print?")
    for _ in range(5):
        house.turn(days=2)
        house.gateway.recount()
        house.run()
    house.say(late, "It does, thanks.", "max5@example.com")
    house.turn(days=9)
    house.run()
    house.say(back, "#reply\n#resolve\nA new cable.")
    house.run()
    return [quiet, asked, held, back, bounced, late, higher, closed, noted, due]
