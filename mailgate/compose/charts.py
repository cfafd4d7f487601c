"""Charts of a report as pictures within the mail: bars over the weeks, without a word in them, for the table below says it all.

Mid tones on no ground of their own are seen on white and in the dark. Whoever has not installed the library (`mailgate[charts]`) gets the
tables alone."""

from collections.abc import Sequence
from io import BytesIO

from mailgate.model.brand import Enclosed

WIDTH, HEIGHT = 536, 120  #: as it is shown; drawn twice as large, for sharp screens
_SCALE, _FINE = 2, 4  #: times; and how much finer it is drawn before it is made smaller, for smooth corners
_BAR, _NONE, _LINE, _TARGET = "#4f73e0", "#8a94a8", "#8a94a8", "#c07a1a"
_TOP = 8  #: free above the highest bar


def drawn(name: str, cid: str, values: Sequence[float | None], *, most: float | None = None, line: float | None = None) -> Enclosed | None:
    """One bar for each value, a stub for one that is not said. `most`: what the full height means, else the largest of them; `line`: a
    target. None where nothing can be drawn."""
    try:
        from PIL import Image, ImageDraw
    except ImportError:
        return None
    known = [value for value in values if value is not None]
    top = most if most is not None else max(known, default=0)
    if not known or top <= 0:
        return None
    big = _SCALE * _FINE
    picture = Image.new("RGBA", (WIDTH * big, HEIGHT * big), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)
    step, floor = WIDTH / len(values), HEIGHT - 2
    for at, value in enumerate(values):
        left, right = at * step + step * 0.2, (at + 1) * step - step * 0.2
        high = 2.0 if value is None else max(2.0, min(value / top, 1) * (floor - _TOP))
        box = [left * big, (floor - high) * big, right * big, floor * big]
        pen.rounded_rectangle(box, radius=3 * big if value is not None else 0, fill=_BAR if value is not None else _NONE, corners=_UPPER)
    if line is not None:
        level = floor - min(line / top, 1) * (floor - _TOP)
        for start in range(0, WIDTH, 12):
            pen.line([start * big, level * big, (start + 7) * big, level * big], fill=_TARGET, width=2 * big)
    pen.line([0, floor * big, WIDTH * big, floor * big], fill=_LINE, width=big)
    picture = picture.resize((WIDTH * _SCALE, HEIGHT * _SCALE), Image.Resampling.LANCZOS)
    written = BytesIO()
    picture.save(written, "PNG", optimize=True)
    return Enclosed(cid, f"{name}.png", written.getvalue(), WIDTH * _SCALE, HEIGHT * _SCALE)


_UPPER = (True, True, False, False)
