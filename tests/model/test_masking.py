"""Card numbers and passwords are hidden, and only they: a table of each, in six languages. The numbers are the issuers' test numbers."""

import pytest

from mailgate.model.masking import holds_secret, masked, masked_quotes
from tests.growth import assert_linear

#: What people write, with the secret in double braces: that goes, and nothing else.
CARDS = (
    "My card is {{4111 1111 1111}} 1111, please charge it.",
    "Visa {{411111111111}}1111",
    "Visa: {{4111-1111-1111}}-1111, valid 12/27",
    "{{4111.1111.1111}}.1111",
    "{{4111\u00a01111\u00a01111}}\u00a01111 (from a web page)",
    "{{4012 8888 8888}} 1881 is my wife's -> mine is {{5555 5555 5555}} 4444",
    "MC {{555555555555}}4444 and amex {{3782 822463 1}}0005",
    "{{4111 1111 1111}} 1111 2027 123",
    "Amex {{37828224631}}0005",
    "Amex {{3714-496353-9}}8431",
    "Diners {{3056 930902}} 5904",
    "Diners {{3852000002}}3237",
    "Discover {{6011 1111 1111}} 1117",
    "JCB {{3530 1113 3330}} 0000",
    "UnionPay {{6200 0000 0000}} 0005",
    "Maestro {{6759 6498 2643}} 8453",
    "Mir {{2200 0000 0000}} 0004",
    "new Mastercard range {{2223 0031 2200}} 3222",
    "Meine Kreditkarte: {{4111 1111 1111}} 1111, Ablauf 12/27",
    "Carte bancaire {{4970 1000 0000}} 0055",
    "Tarjeta {{4548 8120 4940}} 0004 caduca 12/27",
    "رقم البطاقة {{4111 1111 1111}} 1111",
    "カード番号は{{4111 1111 1111}} 1111です",
    "broken over two lines {{4111 1111\n1111}} 1111 by the mail program",
    "card={{411111111111}}1111&cvv=",
    "I order with {{4111 1111 1111}} 1111 as always",
)
PASSWORDS = (
    "Password: {{hunter2}}",
    "password: {{sommer}}",
    "Username: max\nPassword: {{Tr0ub4dor&3}}\nThanks",
    "user max, password {{hunter22}}",
    "My password is {{hunter2!}} and it does not work.",
    "The password for the VPN is {{Gr33n.House}}",
    "my password is now {{12345678}}.",
    'The password is "{{correcthorse}}", as always',
    "the password was changed to {{Winter2027}}",
    "pw: {{abcd}}",
    "PWD={{s3cret}}",
    "login max / pass: {{qwertz}}",
    "Passphrase: {{correct horse battery staple}}",
    "passcode is {{998877}}",
    "Password (Wifi): {{guest-2026}}",
    "Password:\n{{S0mmer!2026}}\n\nRegards",
    "Password\t{{Summer2026}}\tfrom a table",
    "https://max:{{s3cr3t}}@intranet.example.com/x",
    "access code: {{A1B2C3}}",
    "Passwort: {{geheim1}}",
    "Passwort: {{Sommer}}",
    "Das Passwort lautet {{Sommer}}.",
    "Mein Kennwort ist {{Blume7}}, und es geht nicht.",
    "Das WLAN-Passwort heißt {{blumenwiese}}",
    "Benutzerpasswort für das Portal: {{Xy12345}}",
    "Passwort = „{{Abc123}}“",
    "Zugangscode: {{77-AB-21}}",
    "Benutzer: max, Kennwort: {{blume}}, Server: mail",
    "Mon mot de passe est {{Azerty12}}",
    "mot de passe : {{soleil}}",
    "Le mot de passe pour le wifi est « {{ChezNous2}} »",
    "mdp: {{azerty}}",
    "Voici les mots de passe: {{un2trois}}",
    "Mi contraseña es {{Verano2026}}",
    "contraseña: {{girasol}}",
    "La contrasena del portal es {{abc$123}}",
    "Clave: {{luna}}",
    "clave de acceso: {{luna22}}",
    "كلمة المرور: {{abc123}}",
    "كلمة المرور هي {{Ab12cd34}}",
    "كلمة السر الخاصة بي هي {{q1w2e3}}",
    "كلمه المرور = {{فراشة}}",
    "パスワード:{{sakura}}",
    "パスワードは「{{桜2026}}」です",
    "パスワードは{{sakura99}}です",
    "パスコード：{{kx8812}}",
)
PINS = (
    "PIN: {{4711}}",
    "My PIN is {{4711}}",
    "my pin is {{471199}}.",
    "PIN {{0815}} does not work",
    "pin code: {{1234}}",
    "PIN for the door: {{9876}}",
    "Die PIN lautet {{4711}}",
    "Meine Geheimzahl ist {{4711}}",
    "Le code PIN est {{4711}}",
    "code secret: {{4711}}",
    "Mi número secreto es {{4711}}",
    "El código PIN es {{4711}}",
    "الرقم السري: {{4711}}",
    "暗証番号は{{4711}}です",
    "CVV: {{123}}",
    "CVC {{1234}}",
    "Kartenprüfnummer: {{123}}",
)
HARMLESS = (
    # numbers that look like cards
    "+49 30 4111 1111 1111 1111", "0041 1111 1111 1111 1117", "Call 4111 1111 1111", "order no. 4111 1111 1111 1111",
    "Order 4111111111111111", "Bestellnummer: 4111 1111 1111 1111", "Rechnung Nr. 5555555555554444", "Auftragsnummer 4111111111111111",
    "Sendungsnummer 4111111111111111", "commande numéro: 4111111111111111", "pedido 4111111111111111", "tracking 4111111111111111",
    "注文番号:4111111111111111", "الطلب رقم 4111111111111112", "IMEI 490154203237518", "DE89 3704 0044 0532 0130 00",
    "GB82WEST12345698765432", "FR14 2004 1010 0505 0001 3M02 606", "ES91 2100 0418 4502 0005 1332", "4111 1111 1111 1112",
    "1234 5678 9012 3456", "9999 9999 9999 9995", "4006381333931", "9783161484100", "1764584234000", "2026-12-01 10:15:30.123456",
    "192.168.100.200 10.20.30.40", "https://shop.example.com/o/4111111111111111", "file_4111111111111111.log",
    "550e8400-e29b-41d4-a716-446655440000", "a4111111111111111b", "0.4111111111111111", "2026-4111111111111111",
    "1 4111111111111111111111 1", "+4111111111111111", "1.000.000,00 EUR", "Message-ID 41111111111111119999999",
    "rows: 12 34 56 78 90 12 34 56 78",
    # words about passwords
    "I forgot my password.", "My password is not working", "The password is expired.", "password: forgotten", "Password: see below",
    "Password reset: https://example.com/reset?x=1234abcd", "password: https://vault.example.com/a1b2c3",
    "Password policy: at least 12 characters", "The password has to be 12 characters long", "password is 90 days old",
    "password expired on 2026-12-01", "Password for max@example.org: unknown", "What is the password for this?",
    "Password is the problem, I think", "My password is max's", "password: ********", "password: <your password>", "Passwort vergessen",
    "Das Passwort ist abgelaufen.", "Das Passwort ist falsch, was nun?", "Mein Kennwort ist seit gestern gesperrt", "Passwort: vergessen",
    "Passwort zurücksetzen bitte", "Passwort-Richtlinie 2026", "Das Passwort lautet wie folgt:", "Passwort: siehe Anhang",
    "J'ai oublié mon mot de passe", "Le mot de passe est expiré", "mot de passe : inconnu", "Le mot de passe est trop court",
    "Olvidé mi contraseña", "La contraseña es incorrecta", "contraseña: ninguna", "la palabra clave es importante", "نسيت كلمة المرور",
    "كلمة المرور غير صحيحة", "كلمة المرور: نسيتها", "パスワードを忘れました", "パスワードは8文字以上です", "パスワードの変更",
    "暗証番号を忘れました", "the pin 1204 of the board is bent", "PIN 3 times wrong", "PIN is blocked",
    "The PIN was changed on 2026-12-01", "pinned 1234 messages", "I am typing 12345 words", "Spring 2026 pass", "Passau 94032",
    "passport: expired", "compass: broken", "source code: 1234", "zip code: 12345", "postal code 10115", "error code: 0x80070005",
    "Code: 4711", "Ausweis: L01X00T47", "secret santa on 2026-12-06", "The password you sent works, thank you",
)  # fmt: skip


def _split(text: str) -> tuple[str, str, list[str]]:
    """The text as written, and as it is to be shown: cards keep their last four figures, all else is one mark."""
    written, secrets = "", []
    rest = text
    while "{{" in rest:
        before, _, rest = rest.partition("{{")
        secret, _, rest = rest.partition("}}")
        written += f"{before}{secret}"
        secrets.append(secret)
    return written + rest, text, secrets


@pytest.mark.parametrize("text", CARDS)
def test_a_card_number_keeps_its_last_four_figures_and_its_form(text: str) -> None:
    written, marked, secrets = _split(text)
    shown = marked
    for secret in secrets:
        shown = shown.replace("{{" + secret + "}}", "".join("•" if sign.isdigit() else sign for sign in secret))
    assert masked(written) == shown


@pytest.mark.parametrize("text", [*PASSWORDS, *PINS])
def test_only_the_value_of_a_password_is_hidden(text: str) -> None:
    written, shown, secrets = _split(text)
    for secret in secrets:
        shown = shown.replace("{{" + secret + "}}", "••••••")
    assert masked(written) == shown


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_one_stays_as_it_is(text: str) -> None:
    assert masked(text) == text


def test_the_tables_are_as_long_as_they_are_said_to_be() -> None:
    assert len(CARDS) + len(PASSWORDS) + len(PINS) >= 60
    assert len(HARMLESS) >= 60


def test_what_was_masked_once_stays_as_it_is() -> None:
    for text in (*CARDS, *PASSWORDS, *PINS):
        once = masked(_split(text)[0])
        assert masked(once) == once
        assert holds_secret(_split(text)[0]) and not holds_secret(once)


def test_of_an_agents_words_only_what_they_quote_of_somebody_else_is_masked() -> None:
    mine = "Your new password: hunter2"
    assert masked_quotes(mine) == mine
    assert masked_quotes(f"> My password: hunter1\n{mine}") == f"> My password: ••••••\n{mine}"


@pytest.mark.parametrize(
    "piece",
    [
        "4111 1111 1111 1111 ", "4 1", "4", "password for ", "password: ", "Passwort ist ", "PIN ", "://a:b", "order no. 4111111111111111 ",
        "DE89 3704 0044 ", "パスワードは", "password(", "كلمة المرور ل", "password\n", 'password: "',
    ],
)  # fmt: skip
def test_masking_is_linear_in_the_text(piece: str) -> None:
    assert_linear(lambda n: masked.__wrapped__(piece * (n // len(piece))), 10_000, why=piece)
