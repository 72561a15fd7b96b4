#!/usr/bin/python3
"""keycensus against Python's csv module on files that no csv.writer makes: quotes in the middle of
fields, text behind closing quotes, CR line ends, other quote and escape bytes, in UTF-8 and UTF-16.

Each file is made of cells whose text and nullness are known, and Python's reader must agree on the text;
the census must agree on records, NULLs and key versions of each column, in blocks of any size.
CSV_FILES sets the number of files, CSV_SEED the seed; a failure prints the file."""
import base64
import csv
import io
import os
import random
import sqlite3
import struct
import subprocess
import sys
import tempfile

BUILD = os.environ.get("BUILD", os.path.dirname(os.path.abspath(__file__)) + "/../../build/release")
FILES = int(os.environ.get("CSV_FILES", "40"))
SEED = os.environ.get("CSV_SEED", "1")
TEXTS = ["a", "x y", "5\" pipe", "O'Brien", "v", ":", "é漢😀", "0", " lead", "NULL", "Z0FBQUFX", "a\"b\"c", "'"]


def token(rng):
    raw = b"\x80" + struct.pack(">Q", 1700000000 + rng.randrange(1000)) + rng.randbytes(16 + 16 * rng.randint(1, 4) + 32)
    return base64.urlsafe_b64encode(base64.urlsafe_b64encode(raw)).decode()


def cell(rng):
    """(text, version or None)"""
    if rng.random() < 0.4:
        version = rng.choice(["v1", "v2", "v3"])
        return f"{version}:{token(rng)}", version
    if rng.random() < 0.1:
        return "", None
    return "".join(rng.choice(TEXTS) for _ in range(rng.randint(1, 3))), None


def dialect(rng):
    kind = rng.choice(["bare", "bare", "cr", "escape", "single", "unquoted"])
    d = {"delimiter": rng.choice(",;\t|^"), "quotechar": '"', "lineterminator": "\n", "doublequote": True,
         "escapechar": None, "kind": kind}
    if kind == "cr":
        d["lineterminator"] = "\r"
    elif kind == "escape":
        d.update(escapechar="\\", doublequote=False)
    elif kind == "single":
        d["quotechar"] = "'"
    elif kind == "unquoted":
        d.update(quotechar=None, escapechar="\\")
    if kind == "bare" and rng.random() < 0.5:
        d["lineterminator"] = "\r\n"
    return d


def field(rng, d, text):
    """The raw field and whether it is NULL: unquoted and empty."""
    quote, escape, delimiter = d["quotechar"], d["escapechar"], d["delimiter"]
    if not quote:
        return "".join(escape + c if c in (escape, delimiter, "\n") else c for c in text), text == ""
    special = text[:1] == quote or any(c in (delimiter, "\n", "\r") for c in text) or (escape and escape in text)
    if not special and rng.random() < 0.6:
        return text, text == ""  # quotes in the middle are plain bytes
    if escape:
        inner = "".join(escape + c if c in (quote, escape) else c for c in text)
        return quote + inner + quote, False
    split = rng.randint(0, len(text)) if rng.random() < 0.2 else len(text)
    while split < len(text) and (text[split] == quote or any(c in (delimiter, "\n", "\r") for c in text[split:])):
        split += 1
    return quote + text[:split].replace(quote, quote * 2) + quote + text[split:], False


def make(rng):
    d = dialect(rng)
    width = rng.randint(2, 5)
    columns = [{"records": 0, "nulls": 0, "versions": {}} for _ in range(width)]
    lines, rows = [d["delimiter"].join(f"c{i}" for i in range(width))], []
    for _ in range(rng.choice([1, 5, 60])):
        raws, texts = [], []
        for c in columns:
            text, version = cell(rng)
            if rng.random() < 0.1:
                text += rng.choice([d["delimiter"], "\n" if d["kind"] != "cr" else "", "x"])
                version = None if version is None else "changed"
            if version == "changed":
                text, version = "plain" + text[-1:], None
            raw, null = field(rng, d, text)
            raws.append(raw)
            texts.append(text)
            c["records"] += 1
            c["nulls"] += null
            if version:
                c["versions"][version] = c["versions"].get(version, 0) + 1
        lines.append(d["delimiter"].join(raws))
        rows.append(texts)
    text = d["lineterminator"].join(lines) + (d["lineterminator"] if rng.random() < 0.8 else "")
    reader = {"delimiter": d["delimiter"], "escapechar": d["escapechar"], "doublequote": d["doublequote"]}
    if d["quotechar"]:
        reader["quotechar"] = d["quotechar"]
    else:
        reader["quoting"] = csv.QUOTE_NONE
    again = list(csv.reader(io.StringIO(text, newline=""), **reader))[1:]
    assert again == rows, ("the test's own text", d, text, again, rows)
    return d, text, columns


def options(d):
    o = ["--delimiter", d["delimiter"], "--header", "yes", "--null", "", "--quote", d["quotechar"] or "none"]
    return o + (["--escape", d["escapechar"]] if d["escapechar"] else [])


def census(path, extra):
    run = subprocess.run([BUILD + "/keycensus", "scan", path, "-q", "--overwrite", "-o", "r.db"] + extra,
                         capture_output=True, text=True)
    assert run.returncode == 0, (run.returncode, run.stderr)
    db = sqlite3.connect("r.db")
    seen = [{"records": r, "nulls": n, "versions": {}} for r, n in db.execute("SELECT records, nulls FROM columns")]
    for name, version, count in db.execute("SELECT column_name, version, record_count FROM key_usage"):
        seen[int(name[1:])]["versions"][version] = count
    return seen


def main():
    folder = tempfile.TemporaryDirectory(prefix="keyretire.")
    os.chdir(folder.name)
    rng = random.Random(SEED)
    print("1..1")
    try:
        for _ in range(FILES):
            d, text, wanted = make(rng)
            encoding = rng.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16"])
            with open("t.csv", "wb") as f:
                f.write(text.encode(encoding))
            block = ["--block-size", str(rng.choice([1, 50, 1000]))]
            for extra in ([], block, ["--table", "t", "--column", "c1"] + block):
                seen = census("t.csv", options(d) + extra)
                for c, w in zip(seen, wanted):
                    c["versions"] = {v: n for v, n in c["versions"].items() if v in w["versions"] or v in ("v1", "v2", "v3")}
                assert seen == wanted, (d, extra, text, seen, wanted)
        print(f"ok 1 - the census of {FILES} files agrees with Python's reader (seed {SEED})")
    except AssertionError as why:
        print("not ok 1 - the census agrees with Python's reader")
        print("# " + repr(why.args).replace("\n", "\n# "))
        sys.exit(1)


main()
