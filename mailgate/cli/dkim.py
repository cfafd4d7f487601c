"""`mailgate dkim`: keys that sign our letters, and what a domain publishes of them."""

from pathlib import Path
from typing import Annotated

import typer

from mailgate.cli.init import write_new
from mailgate.cli.screen import console, fail, harmless

app = typer.Typer(help="Keys that sign our letters.", no_args_is_help=True)


@app.callback()
def dkim() -> None:
    """Keys that sign our letters."""


@app.command()
def key(
    domain: Annotated[str, typer.Argument(help="That stands behind the @ of your desks.")],
    selector: Annotated[str, typer.Argument(help="The name of this key, mg1 for example; each key has its own.")],
    file: Annotated[Path, typer.Argument(help="Where to put it; nothing is overwritten.")],
    ed25519: Annotated[bool, typer.Option("--ed25519", help="A second key beside the RSA one: shorter, and not read everywhere.")] = False,
) -> None:
    """Make a key, and say what to publish and what to write into mailgate.toml."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from pydantic import TypeAdapter, ValidationError

    from mailgate.model.setting import As
    from mailgate.send.dkim import SHORTEST_KEY, record_of, txt
    from mailgate.settings.forms import WRITTEN

    for value, form, what in ((domain, As.DOMAIN, "the name of a domain"), (selector, As.SELECTOR, "a selector")):
        try:
            TypeAdapter(WRITTEN[form]).validate_python(value)
        except ValidationError:
            fail(f"{harmless(value)} is not {what}", 2)
    made = Ed25519PrivateKey.generate() if ed25519 else generate_private_key(public_exponent=65537, key_size=SHORTEST_KEY)
    pem = made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    try:
        write_new(file, pem.decode("ascii"), 0o600)
    except FileExistsError:
        fail(f"{harmless(file)} is there already; nothing was overwritten. Choose another file.")
    except OSError as error:
        fail(f"{harmless(file)}: {error.strerror}")
    console.print(f"Written: {harmless(file)}, which only this user can read")
    console.print(f"Publish: {harmless(selector.lower())}._domainkey.{harmless(domain.lower())}, type TXT (its strings are one value):")
    typer.echo(f"         {txt(record_of(made))}")
    console.print("Then:    into mailgate.toml, and `mailgate check` says when the world sees it")
    lines = ("[[dkim]]", f'domain = "{domain.lower()}"', f'selector = "{selector.lower()}"', f'key_file = "{file.absolute()}"')
    typer.echo("\n".join(f"         {line}" for line in lines))
