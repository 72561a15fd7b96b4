#!/usr/bin/python3
"""Small samples of the formats that are nearly CSV, cut at every byte and with bits flipped: never a
crash, never a hang, and never complete with other numbers where the format has a trace of its end.

DAMAGE_STEP flips every so-manieth bit only (default 7); a failure prints what was done to the file."""
import os
import sqlite3
import struct
import subprocess
import sys
import tempfile

BUILD = os.environ.get("BUILD", os.path.dirname(os.path.abspath(__file__)) + "/../../build/release")
STEP = int(os.environ.get("DAMAGE_STEP", "7"))
EXITS = {0, 3, 12}


def pgcopy(rows):
    out = b"PGCOPY\n\xff\r\n\0" + struct.pack(">II", 0, 0)
    for row in rows:
        out += struct.pack(">H", len(row))
        for v in row:
            out += struct.pack(">i", -1) if v is None else struct.pack(">I", len(v)) + v
    return out + b"\xff\xff"


ACTIVITY = b"generation_id,created_at,cost_total,api_key_name\ng1,2026-04-01 10:00:00,0.5,prod\ng2,2026-04-02 10:00:00,1,\n"
# name: (bytes, the first cut from which on each leaves a trace; a shorter file may be anything)
SAMPLES = {
    "csv": (b'id,secret\n1,"v2:Z0FB"\n2,x\n', None),
    "psql": (b"id|secret\n1|v2:Z0FB\n2|x\n3|y\n(3 rows)\n", None),
    "changes": (b"I,1,v2:Z0FB\nU,1,x\nD,1,\n", None),
    "activity": (ACTIVITY, None),
    "binary": (pgcopy([(b"1", b"v2:Z0FB"), (b"2", None)]), 6),
    "utf16": ("\ufeffid,secret\r\n1,v2:Z0FB\r\n2,é😀\r\n".encode("utf-16-le"), None),
}


def scan(data):
    with open("t.csv", "wb") as f:
        f.write(data)
    if os.path.exists("r.db"):
        os.unlink("r.db")
    run = subprocess.run([BUILD + "/keycensus", "scan", "t.csv", "-q", "-o", "r.db"], capture_output=True, timeout=60)
    status = None
    if os.path.exists("r.db"):
        (status,) = sqlite3.connect("r.db").execute("SELECT value FROM summary WHERE item='status'").fetchone()
    assert run.returncode in EXITS, (run.returncode, run.stderr)
    assert (run.returncode == 0) == (status == "complete"), (run.returncode, status)
    assert run.returncode == 0 or run.stderr.startswith(b"keycensus: error[K"), run.stderr
    return run.returncode


def check(name):
    data, traced = SAMPLES[name]
    assert scan(data) == 0, "the sample itself"
    for n in range(len(data)):
        code = scan(data[:n])
        assert code != 0 or traced is None or n < traced, ("cut", n)
        assert code != 0 or name != "utf16" or n % 2 == 0 or n < 2, ("cut inside a character", n)
        if name == "psql" and code == 0:  # without its last line nothing says how many there were
            assert b"\n(" not in data[:n] or b")" in data[:n], ("cut", n)
    for bit in range(0, len(data) * 8, STEP):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        try:
            scan(bytes(flipped))
        except AssertionError as why:
            raise AssertionError(("bit", bit) + why.args) from why


def main():
    folder = tempfile.TemporaryDirectory(prefix="keyretire.")
    os.chdir(folder.name)
    print(f"1..{len(SAMPLES)}")
    bad = 0
    for number, name in enumerate(SAMPLES, 1):
        try:
            check(name)
            print(f"ok {number} - {name}: cut at every byte, every bit in {STEP} flipped")
        except (AssertionError, subprocess.TimeoutExpired) as why:
            bad = 1
            print(f"not ok {number} - {name}\n# {why!r}")
    sys.exit(bad)


main()
