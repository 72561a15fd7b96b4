#!/usr/bin/python3
"""keycensus against a second classifier of cells, written from the specification, on COPY text and CSV.

Each file is made of random cells whose text is known: tokens whole, cut and damaged, as text, as
hexadecimal digits and as bytea, behind names that fit and names that do not, alone and within other
text. The classifier below reads each cell at leisure, whole and with regular expressions; the census
reads blocks of any size. Both must agree on the records, NULLs and values with keys of each column, on
its classes (formats.md section 1, safety.md S4) and on its key versions; and the content's digest must
not depend on the blocks.
COPY_TABLES sets the number of tables, COPY_SEED the seed; a failure prints the cells that differ."""
import base64
import collections
import os
import random
import re
import sqlite3
import subprocess
import sys
import tempfile

BUILD = os.environ.get("BUILD", os.path.dirname(os.path.abspath(__file__)) + "/../../build/release")
TABLES = int(os.environ.get("COPY_TABLES", "80"))
SEED = os.environ.get("COPY_SEED", "1")
BLOCKS = [(None, 2), (1, 1), (100, 2), (333, 1), (4096, 2), (65536, 2)]  # bytes, threads

KEYRING = ["v1", "v2", "prod-key", "k" * 31]
NAME_MOST = 32  # bytes of a name that the keyring lacks: safety.md S4

# ---- what a cell is, from the specification ----

DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"  # base64url
HEX = b"0123456789abcdefABCDEF"
NAME_BYTES = DIGITS + b"."  # S4: [A-Za-z0-9._-]
CONSTANT = b"Z0FBQUFB"  # base64url, twice, of 0x80 and zeros: formats.md section 1
CONSTANT_HEX = re.compile(rb"(?i)" + CONSTANT.hex().encode())
PADDED = re.compile(rb"([A-Za-z0-9_-]*)(=*)")


def lower(name):
    return name.decode("latin1").lower()


def decoded(digits):
    """Of digits without padding; the unused bits of the last one are not looked at (fernet_token.h)."""
    return base64.urlsafe_b64decode(digits + b"A" * (-len(digits) % 4))


def is_exact(digits, pads):
    """A length and a padding that base64 makes."""
    return len(digits) % 4 != 1 and pads == -len(digits) % 4


def shape(payload):
    """valid, cut or alien: formats.md section 1 (value, token, raw), fernet_token.h (fernet_shape)."""
    outer = PADDED.fullmatch(payload)
    if not outer:
        return "alien"
    digits, exact = outer[1], is_exact(outer[1], len(outer[2]))
    groups = len(digits) // 4 * 4
    text = decoded(digits[:groups])[: groups // 4 * 3]
    if exact and len(digits) % 4:
        text += decoded(digits[groups:])[: len(digits) % 4 - 1]
    inner = PADDED.fullmatch(text)
    if not inner:
        return "alien"
    if len(inner[1]) >= 12:  # they hold the first byte and the time
        if decoded(inner[1][:12])[0] != 0x80:
            return "alien"
    elif len(digits) >= 16:
        return "alien"
    raw = len(inner[1]) // 4 * 3 + max(len(inner[1]) % 4 - 1, 0)
    whole = exact and is_exact(inner[1], len(inner[2])) and raw > 57 and (raw - 57) % 16 == 0
    return "valid" if whole else "cut"


Found = collections.namedtuple("Found", "start hexadecimal token name")  # name None: no ':' before it


def found_as_text(text, start):
    token = re.compile(rb"[A-Za-z0-9_-]*=*").match(text, start)
    name = None
    if text[:start].endswith(b":"):
        name = re.search(rb"[A-Za-z0-9._-]*$", text[: start - 1])[0]
    return Found(start, False, token[0], name), token.end()


def found_as_digits(text, start, least):
    """Two hexadecimal digits a byte, up to the first that is neither digit of base64url nor padding."""
    token, at, padded = bytearray(), start, False
    while at + 1 < len(text) and text[at] in HEX and text[at + 1] in HEX:
        byte = int(text[at : at + 2], 16)
        if byte != ord("=") and (byte not in DIGITS or padded):
            break
        padded = padded or byte == ord("=")
        token.append(byte)
        at += 2
    end = at + 1 if text[at : at + 1] and text[at] in HEX else at
    first = start  # of the unbroken run of digits before it
    while first > least and text[first - 1] in HEX:
        first -= 1
    first += (start - first) % 2
    before = bytes.fromhex(text[first:start].decode())
    name = None
    if before.endswith(b":"):
        name = re.search(rb"[A-Za-z0-9._-]*$", before[:-1])[0]
    return Found(start, True, bytes(token), name), max(end, start + 1)


def tokens_within(text, digits_too):
    """fernet_text.h: wherever the constant appears, in plain or as hexadecimal digits, a token runs from
    there; the form that is complete first comes first. What is decoded already has no digits again."""
    out, at = [], 0
    while True:
        plain = text.find(CONSTANT, at)
        digits = CONSTANT_HEX.search(text, at) if digits_too else None
        if plain < 0 and not digits:
            return out
        if not digits or 0 <= plain and plain + len(CONSTANT) < digits.end():
            found, at = found_as_text(text, plain)
        else:
            found, at = found_as_digits(text, digits.start(), at)
        out.append(found)


def version_of(name):
    """The version under which a name counts. S5: names that fit none are (other)."""
    return lower(name) if lower(name) in KEYRING or len(name) <= NAME_MOST else "(other)"


def name_kind(name):
    if name is None:
        return "none"
    if re.fullmatch(rb"[vV][0-9]{1,31}", name) or lower(name) in KEYRING:
        return "sure"  # S4, malformed: of the keyring, or v and digits
    return "fits" if re.fullmatch(rb"[A-Za-z0-9._-]{1,32}", name) else "unfit"


def classify(cell):
    """(class, counted in an undeclared column, versions): the table in fernet_text.h; safety.md S4."""
    text, is_bytea = cell, False
    if re.fullmatch(rb"\\x([0-9a-fA-F]{2})*", cell):  # versioned_fernet.h: bytea is the bytes it stands for
        text, is_bytea = bytes.fromhex(cell[2:].decode()), True
    if not text:
        return "empty", False, set()
    before, colon, behind = text.partition(b":")  # formats.md section 1: split at the first ':'
    name, payload, start = (before, behind, len(before) + 1) if colon else (None, text, 0)
    kind, form = name_kind(name), shape(payload)
    own = "" if kind == "none" else "(other)" if kind == "unfit" else version_of(name)
    tokens = tokens_within(text, not is_bytea)
    whole = [t for t in tokens if not t.hexadecimal and t.start == start]
    within = [t for t in tokens if t not in whole]

    def versions(found):  # every token counts under its version, whatever the class
        return {version_of(t.name) if t.name else "" for t in found}

    if form == "valid":
        as_kind = {"unfit": "malformed", "none": "unversioned"}
        return as_kind.get(kind, "hinted"), bool(tokens), versions(within) | {own}
    if whole and (form == "cut" or kind != "unfit"):
        return "truncated" if form == "cut" else "malformed", True, versions(within) | {own}
    if kind == "sure":
        return "malformed", bool(tokens), versions(tokens) | {own}
    if not tokens:
        return "plaintext", False, set()
    shapes = [shape(t.token) for t in tokens]
    if any(s != "valid" for s in shapes):
        embedded = "truncated"
    else:
        embedded = "hinted" if all(t.name for t in tokens) else "unversioned"
    return embedded + "-embedded", True, versions(tokens)


# ---- cells ----

BEFORE = [b"v1:", b"V2:", b"v9:", b"prod-key:", b"weird name:", b"k" * 31 + b":", b"x" * 33 + b":", b"vimeo:", b":",
          b"a b:", b"5a30464251554642:", b"Z0FBQUFB:", b"longername12345:", b"v1 ", b'"v1:']
PARTS = [b"Z0FBQUFB", b"Z0FBQUF", b"z0FBQUFB", b"Z0", b"5a", b"5A30464251554642", b"5a3046425155464", b"Z0Z0FBQUFB",
         b"5a5a30464251554642", b"=", b"=="]
BACKSLASHES = [b"\\", b"\\\\", b"\\x", b"\\N", b"N", b"\\x5a", b"\\."]
CONTROLS = [b"\r", b"\t", b"\n", b"\b", b"\v", b"\f", b"\r\n", b"\x01"]
PLAIN = [b"1", b"abc", b"x y z", b"12345", b"2020-01-01 10:00:00", b"t", "é😀".encode()]


def token(rng, time=None):
    time = 1700000000 + rng.randrange(1000000) if time is None else time
    blocks = rng.choice([1, 1, 2, 2, 3, 4, 5, 6, 12, 40])
    raw = b"\x80" + time.to_bytes(8, "big") + rng.randbytes(16 + 16 * blocks + 32)
    return base64.urlsafe_b64encode(base64.urlsafe_b64encode(raw))


def any_of(rng, letters, length):
    return bytes(rng.choice(letters) for _ in range(length))


def damaged(rng, text):
    at = rng.randrange(len(text))
    return text[:at] + any_of(rng, b"A.!\\:= -_Z5", 1) + text[at + 1 :]


def piece(rng):
    value = rng.choice(BEFORE) + token(rng)
    usual = rng.choice(BEFORE[:4]) + token(rng)
    before = rng.choice([b"", rng.choice(BEFORE)])
    makers = [
        (4, lambda: usual),
        (1, lambda: token(rng)),
        (1, lambda: before + token(rng)[: rng.randrange(1, 136)]),
        (1, lambda: rng.choice(BEFORE)),
        (1, lambda: rng.choice(PARTS)),
        (1, lambda: rng.choice(BACKSLASHES)),
        (1, lambda: rng.choice(CONTROLS)),
        (1, lambda: before + value.hex().encode()),
        (1, lambda: b"\\x" + value.hex().encode()),
        (1, lambda: b"\\x" + value.hex().upper().encode()[: rng.randrange(1, 500)]),
        (1, lambda: rng.randbytes(rng.randrange(20)).hex().encode()),
        (1, lambda: b'{"a":"' + value + b'","b":"v2:' + token(rng) + b'"}'),
        (1, lambda: any_of(rng, b"abcdefghij Z05a:=\\", rng.randrange(80))),
        (1, lambda: b""),
        (1, lambda: any_of(rng, b"abcde f:", rng.choice([64, 127, 128, 200, 5000, 9000]))),
        (1, lambda: before + damaged(rng, token(rng))),
        (1, lambda: before + token(rng, rng.choice([2**36, 2**40, 2**62]))),
        (1, lambda: rng.choice([b"v1:", b"", b"v1:Z0FBQUFB"]) + any_of(rng, DIGITS, rng.randrange(150, 400)) +
            rng.choice([b"", b"=", b"=="])),
        (1, lambda: usual + rng.choice([b"=", b" ", b"A", b":", b"\\", b"\r"])),
        (1, lambda: rng.choice(PLAIN)),
    ]
    return rng.choices([m for _, m in makers], [w for w, _ in makers])[0]()


def cell(rng):
    """The bytes of one, None: NULL."""
    kind = rng.random()
    if kind < 0.12:
        return None
    if kind < 0.20:
        return b""
    if kind < 0.45:
        return rng.choice(PLAIN + [b"text that is long " * rng.randrange(1, 9)])
    if kind < 0.60:
        return rng.choice(BEFORE[:3]) + token(rng)
    if kind < 0.62:
        return any_of(rng, b"ab ", rng.randrange(100)) * rng.randrange(1, 200) + rng.choice(BEFORE) + token(rng)
    return b"".join(piece(rng) for _ in range(rng.choice([1, 1, 1, 2, 2, 3, 6])))


def table(rng):
    width = rng.choice([1, 1, 2, 3, 5, 17, 70])
    rows = rng.choice([0, 1, 2, 5, 20]) if width < 50 else rng.choice([0, 1, 4])
    return width, [[cell(rng) for _ in range(width)] for _ in range(rows)]


# ---- files ----

ESCAPES = {8: b"\\b", 12: b"\\f", 10: b"\\n", 13: b"\\r", 9: b"\\t", 11: b"\\v", 92: b"\\\\"}


def copy_field(rng, text):
    """As COPY's text format has it, seldom with the escapes that a reader takes and no server writes."""
    if text is None:
        return b"\\N"
    odd = rng.random() < 0.15
    out = bytearray()
    for byte in text:
        how = rng.randrange(3) if odd and rng.random() < 0.1 else None
        if byte in ESCAPES:
            out += ESCAPES[byte]
        elif how == 0:
            out += b"\\%03o" % byte
        elif how == 1:
            out += b"\\x%02x" % byte
        elif how == 2 and byte < 128 and chr(byte) not in "bfnrtvxN01234567.":
            out += b"\\%c" % byte
        else:
            out.append(byte)
    return bytes(out)


def write_copy(rng, tables):
    end = rng.choice([b"\n", b"\n", b"\r\n"])
    with open("d.sql", "wb") as f:
        for t, (width, rows) in enumerate(tables):
            f.write(b"COPY public.t%d (%s) FROM stdin;\n" % (t, b", ".join(b"c%d" % i for i in range(width))))
            for row in rows:
                f.write(b"\t".join(copy_field(rng, c) for c in row) + end)
            f.write(b"\\." + end + b"\n")
    return ["d.sql"]


def csv_field(rng, text, style, alone):
    """RFC 4180; NULL is empty without quotes, as COPY's CSV format has it."""
    if text is None:
        return b""
    due = text == b"" or style == "all" or re.search(rb'[",\r\n]', text) or (alone and not text.strip())
    if due or style == "some" and rng.random() < 0.5:
        return b'"' + text.replace(b'"', b'""') + b'"'
    return text


def write_csv(rng, tables):
    names = []
    for t, (width, rows) in enumerate(tables):
        end, style = rng.choice([b"\n", b"\r\n"]), rng.choice(["due", "all", "some"])
        names.append(f"t{t}.csv")
        with open(names[-1], "wb") as f:
            f.write(b",".join(b"c%d" % i for i in range(width)) + end)
            for row in rows:
                f.write(b",".join(csv_field(rng, c, style, width == 1) for c in row) + end)
    return names


# ---- the comparison ----

def expected_column(cells, declared, mode):
    """(records, nulls, values with a key), classes, versions of one column."""
    classes, versions, keyed, counted = collections.Counter(), collections.Counter(), 0, False
    for text in cells:
        kind, counts, names = ("null", False, set()) if text is None else classify(text)
        if kind == "empty" and text and mode == "csv" and not declared:
            kind = "plaintext"  # \x without digits: in CSV nothing says that the column is bytea
        elif kind not in ("null", "empty"):
            if not counts and not declared:  # S4: in an undeclared column only the constant counts
                kind, names = "plaintext", set()
            counted = counted or counts
        classes[kind] += 1
        keyed += bool(names)
        versions.update(names)
    shown = classes if declared or counted else {}  # S4: class rows exist for these columns only
    return (len(cells), cells.count(None), keyed), dict(shown), dict(versions)


def census(inputs, options):
    run = subprocess.run([BUILD + "/keycensus", "scan", *inputs, "-q", "--overwrite", "-o", "r.db", *options],
                         capture_output=True, text=True)
    assert run.returncode == 0, (options, run.returncode, run.stderr)
    db = sqlite3.connect("r.db")
    seen = {(t, c): ((r, n, k), {}, {}) for t, c, r, n, k in
            db.execute("SELECT table_name, column_name, records, nulls, key_records FROM columns")}
    for t, c, kind, count in db.execute("SELECT table_name, column_name, class, record_count FROM value_classes"):
        if count:
            seen[t, c][1][kind] = count
    for t, c, version, count in db.execute("SELECT table_name, column_name, version, record_count FROM key_usage"):
        seen[t, c][2][version] = count
    digest = db.execute("SELECT value FROM summary WHERE item = 'content_digest'").fetchone()[0]
    db.close()
    return seen, digest


def differing(seen, wanted, columns, what):
    out = []
    for place in sorted(set(seen) | set(wanted)):
        if seen.get(place) != wanted.get(place):
            cells = [(c, c is not None and classify(c)) for c in columns.get(place, [])]
            out.append(f"{what} {place}: seen {seen.get(place)}, wanted {wanted.get(place)}, of {str(cells)[:3000]}")
    return out


def compare(mode):
    rng = random.Random(f"{SEED} {mode}")
    tables = [table(rng) for _ in range(TABLES)]
    columns = {(f"t{t}", f"c{c}"): [row[c] for row in rows]
               for t, (width, rows) in enumerate(tables) for c in range(width)}
    options = ["--env-file", "env", "--dump-time", "2026-11-21T00:00:00Z"]
    declared = set()
    for t, (width, rows) in enumerate(tables):
        if rows and rng.random() < 0.3:
            options += ["--table", f"t{t}" if mode == "csv" else f"public.t{t}"]
            for c in rng.sample(range(width), rng.randint(1, min(2, width))):
                declared.add((f"t{t}", f"c{c}"))
                options += ["--column", f"c{c}"]
    if mode == "csv":
        options += ["--delimiter", "comma", "--quote", "double", "--escape", "double", "--null", "", "--header", "yes"]
    inputs = write_csv(rng, tables) if mode == "csv" else write_copy(rng, tables)
    wanted = {place: expected_column(cells, place in declared, mode) for place, cells in columns.items()}
    digests, wrong = set(), []
    for size, threads in BLOCKS:
        block = ["--block-size", str(size)] if size else []
        seen, digest = census(inputs, options + block + ["--threads", str(threads)])
        digests.add(digest)
        wrong += differing(seen, wanted, columns, f"blocks of {size}")
    assert not wrong, wrong[:8]
    assert len(digests) == 1, ("the digest depends on the blocks", digests)
    return len(columns)


def main():
    folder = tempfile.TemporaryDirectory(prefix="keyretire.")
    os.chdir(folder.name)
    with open("env", "w") as f:
        f.write("ACTIVE_ENCRYPTION_VERSION=v1\n")
        for name in KEYRING:
            f.write(f'ENCRYPTION_KEYS__{name}="k"\nENCRYPTION_SALT__{name}="00"\n')
    print("1..2")
    failed = False
    for number, mode in enumerate(["copy", "csv"], 1):
        try:
            count = compare(mode)
            print(f"ok {number} - {mode}: {count} columns agree with the specification (seed {SEED})")
        except AssertionError as why:
            failed = True
            print(f"not ok {number} - {mode}: columns agree with the specification (seed {SEED})")
            print("# " + "\n# ".join(map(str, why.args[0])))
    sys.exit(failed)


main()
