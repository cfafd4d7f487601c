"""Where things lie: the configuration of this machine, and the templates and samples that mailgate brings along."""

import os
from importlib import resources
from pathlib import Path


def brought_along(kind: str) -> Path:
    """`templates` or `config` as installed with the package, else as they lie in the checkout."""
    inside = Path(str(resources.files("mailgate"))) / "_data" / kind
    if inside.is_dir():
        return inside
    beside = Path(__file__).resolve().parents[2] / kind
    if beside.is_dir() and (beside.parent / "pyproject.toml").is_file():
        return beside
    raise FileNotFoundError(f"the {kind} of mailgate are missing: install it again")


def configuration(given: Path | None = None) -> Path:
    """The folder with mailgate.toml: as given, from MAILGATE_CONFIG, ./config, or /etc/mailgate.
    Raises FileNotFoundError that says where was looked."""
    named = given or (Path(os.environ["MAILGATE_CONFIG"]) if os.environ.get("MAILGATE_CONFIG") else None)
    places = (named,) if named else (Path("config"), Path("/etc/mailgate"))
    for place in places:
        # In a checkout ./config holds the samples, without a key: nobody's installation, unless somebody says so.
        if _is_readable(place / "mailgate.toml") and (named or not _is_sample(place)):
            return place
    if named and _is_closed(named / "mailgate.toml"):
        raise FileNotFoundError(f"{named} may not be read by this user: run mailgate as the user that owns it.")
    looked = ", ".join(str(p / "mailgate.toml") for p in places)
    raise FileNotFoundError(f"no configuration: looked for {looked}. `mailgate init DIR` writes one.")


def _is_readable(path: Path) -> bool:
    try:
        return path.is_file()
    except PermissionError:
        return False  # the folder we stand in is another user's: look further


def _is_closed(path: Path) -> bool:
    try:
        path.stat()
    except OSError as error:
        return isinstance(error, PermissionError)
    return False


def _is_sample(place: Path) -> bool:
    try:
        return place.samefile(brought_along("config"))
    except FileNotFoundError:
        return False
