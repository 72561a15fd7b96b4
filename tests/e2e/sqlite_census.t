#!/usr/bin/python3
"""keycensus against Python's sqlite3 module: databases, and their dumps by the shell and by that module, with tables of every kind, names with odd characters,
values of every type, rows beyond what comes whole, page sizes and encodings.

The census must agree on the records, NULLs and key versions of each column, in blocks of any size. Then one
small database cut at many places and with bits flipped: whatever SQLite's own check finds is never complete.
SQLITE_FILES sets the number of files, SQLITE_SEED the seed."""
import base64
import collections
import os
import random
import sqlite3
import struct
import subprocess
import sys
import tempfile

BUILD = os.environ.get("BUILD", os.path.dirname(os.path.abspath(__file__)) + "/../../build/release")
FILES = int(os.environ.get("SQLITE_FILES", "15"))
SEED = os.environ.get("SQLITE_SEED", "1")
NAMES = ["id", "secret", "rowid", "oid", "_rowid_", "é漢", "a b", "x\"y", "select", "it's", "[z]", "`q`", "%s", "UPPER"]
TABLES = ["users", "Ünïcode", "odd \"name\"", "order", "a.b", "semi;colon", "sqlitex", "new\nline"]


def token(rng, blocks):
    raw = b"\x80" + struct.pack(">Q", 1700000000 + rng.randrange(1000)) + rng.randbytes(16 + 16 * blocks + 32)
    return base64.urlsafe_b64encode(base64.urlsafe_b64encode(raw)).decode()


def cell(rng, large):
    """(value, version or None)"""
    kind = rng.random()
    if kind < 0.4:
        version = rng.choice(["v1", "v2", "v3"])
        text = f"{version}:{token(rng, rng.randint(1, 4))}"
        if large and rng.random() < 0.3:
            text = "x" * rng.randint(8_000_000, 9_000_000) + " " + text + " end"
        elif rng.random() < 0.1:
            text = "x\t\n\\" * rng.randint(1, 3000) + " " + text + " end"
        return (text.encode() if rng.random() < 0.3 else text), version
    return rng.choice([None, None, 0, -1, 2**63 - 1, 1.5, -1e300, "", b"", "text", b"\0\1\xff", "tab\tnew\nline\\N", "\\N",
                       "é漢😀", "\\.", "nul\0nul"]), None


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def make(rng, path, folder):
    """The file; {table: (records, {column: nulls}, {(column, version): count})}"""
    if os.path.exists(path):
        os.remove(path)
    large = rng.random() < 0.15
    db = sqlite3.connect(path, isolation_level=None)
    encoding = rng.choice(["UTF-8", "UTF-8", "UTF-16le", "UTF-16be"]) if not large else "UTF-8"
    db.execute(f"PRAGMA page_size={rng.choice([512, 1024, 4096, 65536])}")
    db.execute(f"PRAGMA encoding='{encoding}'")
    if rng.random() < 0.3:
        db.execute("PRAGMA auto_vacuum=FULL")
    db.execute("BEGIN")
    wanted = {}
    for name in rng.sample(TABLES, rng.randint(1, 4)):
        columns = rng.sample([n for n in NAMES if n != "oid" or not large], rng.randint(1, 6))
        without = rng.random() < 0.25 and not large
        generated = rng.random() < 0.2 and not large
        key = columns[0] if without or rng.random() < 0.4 else None
        definitions = []
        for c in columns:
            kind = rng.choice(["", "TEXT", "BLOB"])
            if c == key:
                kind = "INTEGER PRIMARY KEY" if not without else "PRIMARY KEY"
            definitions.append(quoted(c) + " " + kind)
        if generated:
            definitions.insert(rng.randint(0, len(definitions)), f"gen AS ({quoted(columns[-1])}||'x')")
        db.execute(f"CREATE TABLE {quoted(name)} ({','.join(definitions)}){' WITHOUT ROWID' if without else ''}")
        nulls, usage = dict.fromkeys(columns, 0), collections.Counter()
        rows = rng.choice([0, 1, 7, 300]) if not large else rng.randint(1, 4)
        for number in range(rows):
            values = []
            for c in columns:
                value, version = cell(rng, large and c != key)
                if c == key:
                    value, version = (number * 7919) % 1009 - 500, None
                values.append(value)
                nulls[c] += value is None
                if version:
                    usage[(c, version)] += 1
            db.execute(f"INSERT INTO {quoted(name)} ({','.join(map(quoted, columns))}) VALUES ({','.join('?' * len(columns))})", values)
        if rng.random() < 0.5:
            db.execute(f"CREATE INDEX {quoted('i' + name)} ON {quoted(name)} ({','.join(map(quoted, rng.sample(columns, 1)))})")
        if rng.random() < 0.3:
            db.execute(f"CREATE VIEW {quoted('v' + name)} AS SELECT * FROM {quoted(name)}")
        wanted[name] = (rows, nulls, dict(usage))
    db.execute("COMMIT")
    db.close()
    return wanted


def scan(path, report, *options):
    done = subprocess.run([BUILD + "/keycensus", "scan", path, "--overwrite", "-q", "-o", report, *options],
                          capture_output=True, text=True, errors="replace")
    return done.returncode, done.stderr


def seen(report):
    with sqlite3.connect(report) as db:
        tables = {n: [r, {}, {}] for n, r, k in db.execute("SELECT table_name, records, kind FROM coverage") if k == "table"}
        for t, c, r, n in db.execute("SELECT table_name, column_name, records, nulls FROM columns"):
            assert r == tables[t][0], (t, c, r)
            tables[t][1][c] = n
        for t, c, v, n in db.execute("SELECT table_name, column_name, version, record_count FROM key_usage WHERE version<>''"):
            tables[t][2][(c, v)] = n
        partial = db.execute("SELECT value FROM summary WHERE item='partial'").fetchone()[0]
    return {name: tuple(t) for name, t in tables.items()}, partial


def write_dump(how, path, into):
    """False: the one who is to write it cannot."""
    with open(into, "wb") as f:
        if how == "iterdump":
            db = sqlite3.connect(path)
            try:
                for line in db.iterdump():
                    f.write(line.encode() + b"\n")
            except (sqlite3.Error, UnicodeError):
                return False
            finally:
                db.close()
            return True
        return subprocess.run(["sqlite3", path, ".dump" if how == "shell" else ".dump --newlines"], stdout=f).returncode == 0


def random_files(rng, folder):
    path, report = folder + "/t.db", folder + "/r.db"
    for number in range(FILES):
        wanted = make(rng, path, folder), 0
        before = open(path, "rb").read()
        for options in [(), ("--threads", "1", "--block-size", rng.choice(["50", "64", "4099"]))]:
            status, said = scan(path, report, *options)
            got = seen(report) if status == 0 else None
            if got is None or got[0] != wanted[0] or int(got[1]) != 0:
                return f"file {number} {options}: status {status} {said}\n{got}\nwanted\n{wanted}"
        for dump in ["shell", "newlines", "iterdump"]:
            if not write_dump(dump, path, folder + "/t.sql"):
                continue
            for options in [(), ("--block-size", "64")] if len(before) < 1_000_000 else [()]:
                status, said = scan(folder + "/t.sql", report, *options)
                got = seen(report) if status == 0 else None
                if got is None or got[0] != wanted[0] or int(got[1]) != 0:
                    os.system(f"cp {folder}/t.sql /tmp/sqlite_census_failed.sql")
                    return f"file {number} {dump} {options}: status {status} {said}\n{got}\nwanted\n{wanted}"
            os.remove(folder + "/t.sql")
        if open(path, "rb").read() != before or sorted(os.listdir(folder)) != ["r.db", "t.db"]:
            return f"file {number}: something was written beside it: {os.listdir(folder)}"
    return None


def sound(path):
    """The answer of SQLite's own check."""
    try:
        db = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
        db.text_factory = bytes
        try:
            if any(said != b"ok" and b" value in " not in said for (said,) in db.execute("PRAGMA quick_check")):
                return False  # what a value should be is no matter of the structure
            for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table' AND rootpage>0").fetchall():
                db.execute(b"SELECT * FROM \"".decode() + name.decode("utf-8", "replace").replace('"', '""') + '"').fetchall()
        finally:
            db.close()
    except (sqlite3.Error, UnicodeError):
        return False
    return True


def damage(rng, folder):
    path, report = folder + "/t.db", folder + "/r.db"
    if os.path.exists(path):
        os.remove(path)
    db = sqlite3.connect(path)
    db.execute("PRAGMA page_size=512")
    db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT)")
    db.execute("CREATE TABLE w (k TEXT PRIMARY KEY, s) WITHOUT ROWID")
    db.execute("CREATE INDEX i ON t (s)")
    for n in range(12):
        db.execute("INSERT INTO t VALUES (?, ?)", (n, f"v{n % 3}:{token(rng, 1)}"))
        db.execute("INSERT INTO w VALUES (?, ?)", (str(n), "x" * 100))
    db.commit()
    db.close()
    data = open(path, "rb").read()
    spoiled = [(f"cut at {n}", data[:n]) for n in list(range(16, 600, 23)) + list(range(600, len(data), 211))]
    structure = [n for n in range(16, len(data)) if n < 100 or n % 512 < 24 or rng.random() < 0.02]
    for n in structure:
        bit = 1 << rng.randrange(8)
        spoiled.append((f"bit {bit} of byte {n}", data[:n] + bytes([data[n] ^ bit]) + data[n + 1:]))
    for what, bytes_ in spoiled:
        with open(path, "wb") as f:
            f.write(bytes_)
        status, said = scan(path, report)
        if status not in (0, 3, 12):
            return f"{what}: status {status} {said}"
        if status == 0 and not sound(path):
            return f"{what}: complete, and SQLite's check says otherwise"
        if status == 0 and what.startswith("cut"):
            return f"{what}: complete"
    return None


def main():
    rng = random.Random(SEED)
    print("1..2")
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, test) in enumerate([(f"{FILES} random databases count as Python's sqlite3 module reads them", random_files),
                                               ("a small database with cuts and flipped bits is never complete where SQLite sees it", damage)], 1):
            why = test(rng, folder)
            print(f"{'ok' if why is None else 'not ok'} {number} - {name}")
            if why is not None:
                bad = 1
                print("\n".join("# " + line[:3000] for line in why.splitlines()))
    return bad


sys.exit(main())
