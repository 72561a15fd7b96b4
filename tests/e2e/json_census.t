#!/usr/bin/python3
"""keycensus against Python's json module: records with keys that come and go, in any order, twice, in other
spellings (escapes, blanks), nested values and values longer than a line is looked at whole.

The census must agree on records, NULLs (a missing key is one) and key versions of each column, in blocks of
any size. Then one small file cut at every byte and with every bit flipped: never a complete report with other
counts than the json module gives. JSON_FILES sets the number of files, JSON_SEED the seed."""
import base64
import collections
import json
import os
import random
import sqlite3
import struct
import subprocess
import sys
import tempfile

BUILD = os.environ.get("BUILD", os.path.dirname(os.path.abspath(__file__)) + "/../../build/release")
FILES = int(os.environ.get("JSON_FILES", "20"))
SEED = os.environ.get("JSON_SEED", "1")
TEXTS = ["a", "x y", "O\"Brien", "v", ":", "é漢😀", "0", "\\", "\t", "\n", "\u0000", "null", "Z0FBQUFX", "/", "{", "]"]


def token(rng, blocks):
    raw = b"\x80" + struct.pack(">Q", 1700000000 + rng.randrange(1000)) + rng.randbytes(16 + 16 * blocks + 32)
    return base64.urlsafe_b64encode(base64.urlsafe_b64encode(raw)).decode()


class Value:
    """A value with the versions that it names, each once a record."""

    def __init__(self, value, versions=()):
        self.value, self.versions = value, set(versions)


def scalar(rng, long):
    kind = rng.random()
    if kind < 0.4:
        version = rng.choice(["v1", "v2", "v3"])
        blocks = 400_000 if long and rng.random() < 0.3 else rng.randint(1, 4)
        return Value(f"{version}:{token(rng, blocks)}", [version])
    if kind < 0.7:
        return Value("".join(rng.choice(TEXTS) for _ in range(rng.randint(0, 3))))
    return Value(rng.choice([None, None, True, False, 0, -1.5, 12345678901234567890, 1e-30, "", float("inf")]))


def value(rng, long):
    if rng.random() < 0.85:
        return scalar(rng, long)
    inner = [scalar(rng, False) for _ in range(rng.randint(0, 3))]
    versions = set().union(*[v.versions for v in inner])
    if rng.random() < 0.5:
        return Value([[v.value] for v in inner], versions)
    return Value({f"k{i}": v.value for i, v in enumerate(inner)}, versions)


def spelled(rng, text):
    """The same JSON string in another spelling."""
    if rng.random() < 0.8:
        return json.dumps(text, ensure_ascii=rng.random() < 0.5)
    units = struct.unpack(f"<{len(text.encode('utf-16-le')) // 2}H", text.encode("utf-16-le"))
    return '"' + "".join(f"\\u{u:04{rng.choice('xX')}}" for u in units) + '"'


def dumped(rng, v):
    blank = rng.choice(["", "", " ", "\t "])
    if isinstance(v, str) and len(v) < 5000:
        return spelled(rng, v)
    if isinstance(v, dict):
        return "{" + ("," + blank).join(json.dumps(k) + blank + ":" + dumped(rng, x) for k, x in v.items()) + blank + "}"
    if isinstance(v, list):
        return "[" + blank + (blank + ",").join(dumped(rng, x) for x in v) + "]"
    return json.dumps(v)


def make(rng):
    long = rng.random() < 0.1
    names = ["id", "secret", "é", "a b", "\"", "x.y", "last"][: rng.randint(1, 7)]
    stable = rng.random() < 0.4
    lines, records = [], []
    for _ in range(rng.randint(1, 8) if long else rng.randint(1, 80)):
        keys = list(names)
        if not stable:
            rng.shuffle(keys)
            keys = keys[: rng.randint(0, len(keys))]
        if rng.random() < 0.02 and keys:
            keys.append(rng.choice(keys))
        record = [(k, value(rng, long)) for k in keys]
        blank = rng.choice(["", " "])
        text = ("," + blank).join(spelled(rng, k) + blank + ":" + blank + dumped(rng, v.value) for k, v in record)
        pairs = json.loads("{" + text + "}", object_pairs_hook=lambda p: p)
        assert [k for k, _ in pairs] == keys
        lines.append(blank + "{" + blank + text + "}" + blank)
        if rng.random() < 0.05:
            lines.append("")
        records.append(record)
    end = rng.choice(["\n", "\r\n"])
    data = end.join(lines) + (end if rng.random() < 0.8 else "")
    return (b"\xef\xbb\xbf" if rng.random() < 0.1 else b"") + data.encode(), records


def expected(records):
    keys = list(dict.fromkeys(k for r in records for k, _ in r))
    columns, usage = {}, collections.Counter()
    for key in keys:
        nulls = total = 0
        for r in records:
            values = [v for k, v in r if k == key]
            total += max(1, len(values))
            nulls += 1 if not values else sum(v.value is None for v in values)
            for v in values:
                usage.update((key, version) for version in v.versions)
        columns[key] = (total, nulls)
    return columns, dict(usage)


def scan(path, report, *options):
    done = subprocess.run([BUILD + "/keycensus", "scan", path, "--overwrite", "-q", "-o", report, *options],
                          capture_output=True, text=True)
    return done.returncode, done.stderr


def seen(report):
    with sqlite3.connect(report) as db:
        records = db.execute("SELECT coalesce(sum(records), 0) FROM coverage").fetchone()[0]
        columns = {n: (r, u) for n, r, u in db.execute("SELECT column_name, records, nulls FROM columns")}
        usage = {(c, v): n for c, v, n in
                 db.execute("SELECT column_name, version, record_count FROM key_usage WHERE version<>''")}
    return records, columns, usage


def random_files(rng, folder):
    path, report = folder + "/t.jsonl", folder + "/r.db"
    for number in range(FILES):
        data, records = make(rng)
        with open(path, "wb") as f:
            f.write(data)
        wanted = (len(records), *expected(records))
        for options in [(), ("--threads", "1"), ("--block-size", rng.choice(["1", "7", "64"]))]:
            if len(data) > 1_000_000 and "--block-size" in options:
                options = ("--block-size", "4099")
            status, said = scan(path, report, *options)
            got = seen(report) if status == 0 else None
            if got != wanted:
                os.system(f"cp {path} /tmp/json_census_failed.jsonl")
                return f"file {number} {options}: status {status} {said}\n{got}\nwanted\n{wanted}"
    return None


def verdict(data):
    """Records as the json module reads them, one a line; None: no such file."""
    try:
        lines = [line for line in data.decode("utf-8", "surrogateescape").removeprefix("\ufeff").split("\n")
                 if line.strip(" \t\r")]
        records = [json.loads(line, object_pairs_hook=lambda p: p) for line in lines]
    except (ValueError, RecursionError):
        return None
    return len(records) if all(isinstance(r, list) and line.lstrip()[0] == "{" for r, line in zip(records, lines)) else None


def damage(rng, folder):
    path, report = folder + "/t.jsonl", folder + "/r.db"
    data = (f'{{"id":1,"s":"v1:{token(rng, 1)}","o":[{{"a":"\\u00e9"}},null]}}\n'
            f'{{"id":-2.5e1,"s":null}}\n').encode()
    spoiled = [(f"cut at {n}", data[:n]) for n in range(1, len(data))]
    for n in range(len(data)):
        bit = 1 << rng.randrange(8)
        spoiled.append((f"bit {bit} of byte {n}", data[:n] + bytes([data[n] ^ bit]) + data[n + 1:]))
    for what, bytes_ in spoiled:
        with open(path, "wb") as f:
            f.write(bytes_)
        status, said = scan(path, report)
        if status not in (0, 3, 12):
            return f"{what}: status {status} {said}"
        records = verdict(bytes_)
        if status == 0 and bytes_[:1] == b"{" and (records is None or seen(report)[0] != records):
            return f"{what}: a complete report of {seen(report)[0]} records, json says {records}: {bytes_!r}"
        if status != 0 and records is not None and bytes_.startswith(b'{"'):
            return f"{what}: refused, and json reads it: {said}"
    return None


def main():
    rng = random.Random(SEED)
    print("1..2")
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, test) in enumerate([(f"{FILES} random files count as Python's json module reads them", random_files),
                                               ("a small file with every cut and flipped bits is never wrong and complete", damage)], 1):
            why = test(rng, folder)
            print(f"{'ok' if why is None else 'not ok'} {number} - {name}")
            if why is not None:
                bad = 1
                print("\n".join("# " + line for line in why.splitlines()))
    return bad


sys.exit(main())
