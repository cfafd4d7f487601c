"""A mail server's side of the bench: many connections that hand mails over as fast as they are taken, or so many a second.

    python -m bench.load --port 2525 --mails 3000 --connections 20 --per-connection 20 --rate 300

Prints one JSON line: seconds from the first connect to the last 250, the latency of the answer to the last dot in ms, and the CPU of
this client a mail in µs.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time

SUPPORT = "support@example.org"
SENDERS = 200
WORDS = (
    "printer network drops window license server since morning the and of after update password cannot open file report "
    "screen error please help account mail folder share restart version driver slow phone office meeting room desk cable"
).split()


def mails(count: int, seed: int = 1) -> list[tuple[str, bytes]]:
    """Distinct multipart/alternative mails of about 3.9 KB, every fifth an answer to an earlier one of its sender."""
    chance = random.Random(seed)
    made: list[tuple[str, bytes]] = []
    last: dict[str, str] = {}
    for index in range(count):
        sender = f"user{index % SENDERS}@example.com"
        answers = last.get(sender) if index % 5 == 4 else None
        name = f"<bench-{seed}-{index}@example.com>"
        paragraphs = [" ".join(chance.choices(WORDS, k=60)) for _ in range(3)]
        text = "\r\n\r\n".join(paragraphs)
        html = "<html><body>\r\n" + "\r\n".join(f"<p>{p}</p>" for p in paragraphs) + "\r\n</body></html>"
        head = [
            f"From: User {index % SENDERS} <{sender}>",
            f"To: {SUPPORT}",
            f"Subject: {'Re: ' if answers else ''}{' '.join(chance.choices(WORDS, k=5))}",
            f"Message-ID: {name}",
            "Date: Mon, 1 Jun 2026 08:00:00 +0000",
            "MIME-Version: 1.0",
            f'Content-Type: multipart/alternative; boundary="b{index}"',
            *([f"In-Reply-To: {answers}", f"References: {answers}"] if answers else []),
        ]
        body = (
            f"--b{index}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
            f"--b{index}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n--b{index}--\r\n"
        )
        made.append((sender, ("\r\n".join(head) + "\r\n\r\n" + body).encode()))
        if not answers:
            last[sender] = name
    return made


async def connection(port: int, share: list[tuple[str, bytes]], per_connection: int, latencies: list[float], pause: float) -> None:
    """`pause`: seconds between the beginnings of two mails of this connection, 0 for none."""
    due = time.perf_counter()
    while share:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def reply(reader: asyncio.StreamReader = reader) -> bytes:
            while True:
                line = await reader.readline()
                if line[3:4] != b"-":
                    return line

        await reply()
        writer.write(b"EHLO bench.example\r\n")
        await reply()
        for _ in range(min(per_connection, len(share))):
            sender, raw = share.pop()
            if pause:
                due += pause
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            writer.write(f"MAIL FROM:<{sender}>\r\nRCPT TO:<{SUPPORT}>\r\nDATA\r\n".encode())
            for _ in range(3):
                await reply()
            writer.write(raw + b".\r\n")
            began = time.perf_counter()
            said = await reply()
            latencies.append(time.perf_counter() - began)
            if not said.startswith(b"250"):
                raise SystemExit(f"the gateway said {said!r}")
        writer.write(b"QUIT\r\n")
        await reply()
        writer.close()


async def run(port: int, made: list[tuple[str, bytes]], connections: int, per_connection: int, rate: float) -> dict[str, float]:
    latencies: list[float] = []
    # A connection keeps its mails in order; the order between connections is nobody's.
    shares = [made[number::connections][::-1] for number in range(connections)]
    pause = connections / rate if rate else 0.0
    began, spent = time.perf_counter(), time.process_time()
    await asyncio.gather(*(connection(port, share, per_connection, latencies, pause) for share in shares))
    seconds, spent = time.perf_counter() - began, time.process_time() - spent
    latencies.sort()
    rank = lambda p: latencies[max(0, -(-int(p * len(latencies)) // 100) - 1)] * 1000  # noqa: E731
    return {"seconds": seconds, "p50_ms": rank(50), "p99_ms": rank(99), "max_ms": latencies[-1] * 1000, "cpu_us": spent * 1e6 / len(made)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--mails", type=int, default=3000)
    parser.add_argument("--connections", type=int, default=20)
    parser.add_argument("--per-connection", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rate", type=float, default=0.0, help="mails a second over all connections; 0: as fast as they are taken")
    given = parser.parse_args()
    print(json.dumps(asyncio.run(run(given.port, mails(given.mails, given.seed), given.connections, given.per_connection, given.rate))))
