#!/usr/bin/python3
"""The keyring against python-dotenv itself: random files read the same by both, and after a random
removal python-dotenv reads what it read before but for the removed names.

DOTENV_FILES sets the number of files of each property, DOTENV_SEED the seed; a failure prints the seed and file."""
import base64
import hashlib
import io
import json
import logging
import os
import random
import re
import string
import subprocess
import sys

from dotenv import dotenv_values
from dotenv.parser import parse_stream

BUILD = os.environ.get("BUILD", os.path.dirname(os.path.abspath(__file__)) + "/../../build/release")
FILES = int(os.environ.get("DOTENV_FILES", "2500"))
SEED = os.environ.get("DOTENV_SEED", "1")
os.environ.clear()  # what the file does not define is then defined nowhere
logging.disable(logging.CRITICAL)
sys.stdout.reconfigure(encoding="utf-8")


class Tool:
    def __init__(self):
        self.child = subprocess.Popen([BUILD + "/support/dotenv_tool"], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE)

    def ask(self, head, *contents):
        head = " ".join([head] + [str(len(c)) for c in contents])
        self.child.stdin.write(head.encode() + b"\n" + b"".join(contents))
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            raise AssertionError("dotenv_tool died")
        return json.loads(line)


def as_opened(data):
    """What open() gives the library: decoded, with line ends translated."""
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8")


def values(data):
    return dict(dotenv_values(stream=as_opened(data)))


def entries(data):
    """python-dotenv's statements but for trailing white space: what, key, raw value, end."""
    text_end = 0
    found = []
    for b in parse_stream(as_opened(data)):
        text_end += len(b.original.string)
        kind = "skipped" if b.error else "comment" if b.key is None else "entry"
        if kind == "comment" and b.original.string.strip() == "":
            continue
        found.append((kind, b.key, b.value, text_end, b.original))
    return found


def unhex(s):
    return None if s is None else bytes.fromhex(s).decode("utf-8")


# ---- random files ----

SPACES = [" ", "  ", "\t", "", "", "", "\u00a0", "\x0b", "\x1f", "\u2003"]
NAMES = ["A", "B", "DATABASE_URL", "X.Y", "d-ash", "ENCRYPTION", "MY_ENCRYPTION_KEYS__v1", "export",
         "ENCRYPTION_KEYS_v1", "'quoted'", "'two words'", '"dq"', "\u00e7\u00e3o", "encryption_keys__v1"]
FRAGMENTS = ["x", "abc", " ", "#", " #", "'", '"', "\\", "\\'", '\\"', "\\n", "\\\\", "\\x", "$", "${A}",
             "${B:-d}", "${NOPE}", "${NOPE:-\u00e7}", "${A", "}", ":", "${A:x}", "${", ":-", "=", "\t",
             "\u00e7", "\u2003", "export ", "==", "\\\n", "\u0085", "\x1c", "\ufeff"]
JUNK = ["; A=1", "A: 1", "=1", "just words here", "A=\"open", "A='open", "'open=1", "A=\"x\"y", "export",
        "export =1", "# a comment", "   # indented", "#", "A", "''=1", "A 'b'", "\x00", "A=\"x\\\"",
        "\u2028", "\x0c", "B='it\\'s'", "C='\\'", "ENCRYPTION_KEYS__v9 = \"x", "A#b=1", "A =", "A= # c"]


def word(rng, n, alphabet=string.ascii_letters + string.digits + "-_"):
    return "".join(rng.choice(alphabet) for _ in range(n))


def random_value(rng, newline):
    body = "".join(rng.choice(FRAGMENTS) for _ in range(rng.randint(0, 8)))
    shape = rng.randrange(5)
    if shape < 2:
        return body
    quote = rng.choice("'\"")
    if shape == 2:
        body = newline.join([body, rng.choice(["ENCRYPTION_KEYS__v1=fake", "", "x=1"]), body])
    if shape == 3:
        body = body.replace(quote, "\\" + quote)
    return quote + body + quote


def random_junk(rng):
    """A file without any intention."""
    newline = rng.choice(["\n", "\n", "\r\n", "\r"])
    lines = []
    for _ in range(rng.randint(0, 12)):
        kind = rng.randrange(6)
        if kind == 0:
            lines.append(rng.choice(JUNK))
        elif kind == 1:
            lines.append("".join(rng.choice(FRAGMENTS) for _ in range(rng.randint(0, 6))))
        elif kind == 2:
            lines.append(rng.choice(SPACES))
        else:
            lines.append(rng.choice(SPACES) + rng.choice(["", "", "export "]) + rng.choice(NAMES)
                         + rng.choice(SPACES) + "=" + rng.choice(SPACES) + random_value(rng, newline)
                         + rng.choice(["", "", " # c", "#c", "  "]))
    return (newline.join(lines) + rng.choice(["", newline])).encode("utf-8")


def quoted(value, style):
    if style == 2:
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return '"' + value + '"' if style == 0 or '"' not in value else "'" + value + "'"


def checksum_of(data):
    """The application's rule, written independently of the C code (formats.md 2)."""
    read = values(data)
    lines = [k + "=" + read[k] for k in sorted(read)
             if k != "ENCRYPTION_ENV_CHECKSUM" and read[k] is not None]
    return hashlib.sha256("\n".join(lines).encode("utf-8")).hexdigest()


def random_keyring(rng):
    """A valid keyring in the manner of one of its three writers, between entries of others."""
    newline = rng.choice(["\n", "\n", "\n", "\r\n", "\r"])
    style = rng.randrange(3)
    versions = rng.sample(["v1", "v2", "V3", "v10", "v11", "v2-prod", "k_1", "v1__x"], rng.randint(1, 6))
    active = rng.choice(versions)
    lines = ["ACTIVE_ENCRYPTION_VERSION=" + rng.choice(['"%s"', "%s", "'%s'", "\"'%s'\""]) % active]
    for v in versions:
        key = base64.urlsafe_b64encode(rng.randbytes(32)).decode()
        if style == 2:
            key = rng.choice(["k\"q\\x", "two words # no comment", key, "a\\nb"]) + word(rng, 12)
        salt = rng.randbytes(rng.randint(1, 20))
        text = rng.choice([salt.hex(), base64.urlsafe_b64encode(salt).decode()])
        if decoded(text) != salt:
            text = salt.hex()
        lines.append("ENCRYPTION_KEYS__" + v + "=" + quoted(key, style))
        lines.append("ENCRYPTION_SALT__" + v + "=" + quoted(text, style))
        if rng.randrange(2):
            lines.append("ENCRYPTION_SALT_HASH__" + v + "="
                         + quoted(hashlib.sha256(salt).hexdigest(), style))
    if rng.randrange(2):
        rng.shuffle(lines)
    else:
        lines.sort()
    lines = [rng.choice(["", "", "", "export ", "  "]) + l + rng.choice(["", "", "  ", " # note"])
             for l in lines]
    header = [["# Atualizado em 2024-05-01 10:00:00"], ["# Gerado em 2024-05-01", "# nao versionar"], []]
    lines = header[style] + lines
    others = ["DATABASE_URL=postgres://u:p@h/db", "PATHS=${DATABASE_URL}/x", "NOTE=\"first" + newline
              + "ENCRYPTION_KEYS__v1=fake" + newline + "last\"", "MY_ENCRYPTION_KEYS__v1=other", "",
              "# ENCRYPTION_KEYS__v1=\"commented\"", "   ", "; junk", "LONE", "Q='it\\'s'", "E=a\\nb",
              "DEBUG=1 # inline", "X=\"y\"z", "U=\"\u00e7\u00e3o\"", "D=${MISSING:-fallback}",
              "OPEN=\"never closed", "TAIL='ends in a backslash\\'", "\u00a0"]
    for extra in rng.sample(others, rng.randint(0, 5)):
        lines.insert(rng.randint(0, len(lines)), extra)
    sealed = rng.randrange(2)
    if sealed:
        place = rng.randint(0, len(lines))
        lines.insert(place, "ENCRYPTION_ENV_CHECKSUM=" + rng.choice(['"%s"', "%s", "'%s'"]) % ("0" * 64))
    data = (newline.join(lines) + rng.choice(["", newline, newline * 2])).encode("utf-8")
    if sealed:
        data = data.replace(b"0" * 64, checksum_of(data).encode(), 1)
    return data, versions, active


def decoded(text):
    """The salt as formats.md 1 decodes it, by Python's own functions."""
    try:
        if len(text) % 2 == 0:
            return bytes.fromhex(text)
    except ValueError:
        pass
    try:
        return base64.urlsafe_b64decode(text.encode())
    except ValueError:
        return text.encode()


# ---- properties ----

def check_parse(tool, data):
    """Names, values, kinds and extents are python-dotenv's."""
    ours = tool.ask("parse", data)["bindings"]
    theirs = entries(data)
    assert len(ours) == len(theirs), "%d bindings for %d" % (len(ours), len(theirs))
    at = 0
    read = {}
    for mine, (kind, key, _, text_end, original) in zip(ours, theirs):
        assert mine["kind"] == kind, "kind"
        assert kind != "entry" or unhex(mine["key"]) == key, "key"
        assert at <= mine["start"] < mine["end"] <= len(data), "span"
        assert data[at:mine["start"]].decode("utf-8").strip() == "", "a gap that is not blank"
        assert len(as_opened(data[:mine["end"]]).read()) == text_end, "end"
        blank = original.string[:len(original.string) - len(original.string.lstrip())]
        assert mine["line"] == original.line + blank.count("\n"), "line"
        at = mine["end"]
        if kind == "entry":
            read[unhex(mine["key"])] = unhex(mine["value"])
    assert read == values(data), "values"
    marked = {unhex(b["key"]) for b in ours if b["environment"]}
    assert changed_by_environment(data) <= marked, "environment"


def changed_by_environment(data):
    """The names whose value is another when every name referred to is in the environment."""
    before = values(data)
    for name in re.findall(r"\$\{([^}:]*)", as_opened(data).read()):
        if name and "=" not in name and "\0" not in name:
            os.environ[name] = "from the environment"
    after = values(data)
    os.environ.clear()
    return {k for k in before if before[k] != after[k]}


def lowered(versions):
    return {v.lower() for v in versions}


def belongs(key, gone):
    for prefix in ("ENCRYPTION_KEYS__", "ENCRYPTION_SALT_HASH__", "ENCRYPTION_SALT__"):
        if key is not None and key.startswith(prefix):
            return key[len(prefix):].lower() in gone
    return False


def check_removed(before, after, gone):
    """The dictionary without the names; every other statement byte for byte, checksum apart."""
    old, new = values(before), values(after)
    seal = "ENCRYPTION_ENV_CHECKSUM"
    assert (seal in old) == (seal in new), "checksum appeared or vanished"
    if seal in new:
        assert new[seal] == checksum_of(after), "checksum"
    left = {k: v for k, v in old.items() if not belongs(k, gone) and k != seal}
    assert left == {k: v for k, v in new.items() if k != seal}, "values after the removal"
    assert list(left) == [k for k in new if k != seal], "order"
    if seal in old:
        after = after.replace(new[seal].encode(), old[seal].encode(), 1)
    rest = iter(after.splitlines(keepends=True))
    for line in before.splitlines(keepends=True):
        name = line.split(b"=")[0].replace(b"export ", b"").strip().decode("utf-8")
        if belongs(name, gone) and old.get(name) is not None and b"fake" not in line:
            continue
        assert next(rest, None) == line, "bytes of another line"
    assert next(rest, None) is None, "lines that were not there"


def check_masked(data, shown, removed_names):
    """No value of six characters or more in what is shown (S15)."""
    for key, value in values(data).items():
        for piece in (value or "").split():
            allowed = any(piece in name for name in removed_names)
            assert len(piece) < 6 or allowed or piece not in shown, "a value in the diff"


def check_keyring(tool, rng, counts):
    data, versions, active = random_keyring(rng)
    loaded = tool.ask("load", data)
    check_masked(data, json.dumps({k: loaded.get(k) for k in ("text", "place", "hint")}), values(data))
    # Whatever makes python-dotenv see other keys than were written must be refused by the C code.
    read = values(data)
    ours = [b[1] for b in entries(data) if b[1] is not None and belongs(b[1], lowered(versions))]
    seen = {k[len("ENCRYPTION_KEYS__"):].lower() for k in read if k.startswith("ENCRYPTION_KEYS__")}
    salts = {k[len("ENCRYPTION_SALT__"):].lower() for k in read if k.startswith("ENCRYPTION_SALT__")}
    if "exit" in loaded:
        counts["refused"] += 1
        assert loaded["exit"] in (4, 12) and loaded["place"].startswith("file"), loaded
        spoilt = (any(b[0] == "skipped" and re.search(r"(?m)^\s*(export\s+)?(ENCRYPTION|ACTIVE)", b[4].string)
                      for b in entries(data))
                  or seen != salts or seen != lowered(versions)
                  or len(ours) != len(set(ours))
                  or changed_by_environment(data) or "ACTIVE_ENCRYPTION_VERSION" not in read
                  or read.get("ENCRYPTION_ENV_CHECKSUM", "") != checksum_of(data))
        assert spoilt, "refused for no reason: %s" % loaded
        return
    assert loaded["versions"] == sorted(seen), "versions"
    assert loaded["active"] == active.lower(), "active"
    others = [v for v in versions if v.lower() != active.lower()]
    if not others:
        return
    gone = rng.sample(others, rng.randint(1, len(others)))
    edit = tool.ask("remove " + ",".join(v.upper() if rng.randrange(2) else v for v in gone), data)
    assert "after" in edit, edit
    after = bytes.fromhex(edit["after"])
    check_removed(data, after, lowered(gone))
    check_masked(data, edit["show"], read)
    counts["removed"] += 1
    back = tool.ask("insert " + ",".join(gone), after, data)
    if "after" not in back:
        assert back["exit"] == 4 and back["id"] == 523, back
        counts["not back"] += 1
        return
    assert values(bytes.fromhex(back["after"])) == read, "values after the insertion"
    check_masked(data, back["show"], read)
    counts["inserted"] += 1


def run(number, name, files, seed, one):
    for i in range(files):
        rng = random.Random("%s/%d" % (seed, i))
        try:
            one(rng)
        except AssertionError as failure:
            print("not ok %d - %s" % (number, name))
            print("# DOTENV_SEED=%s, file %d: %s" % (seed, i, failure))
            return False
    print("ok %d - %s (%d files)" % (number, name, files))
    return True


def main():
    tool = Tool()
    counts = {"refused": 0, "removed": 0, "inserted": 0, "not back": 0}
    print("1..3")
    good = run(1, "a random file reads as python-dotenv reads it", FILES, SEED,
               lambda rng: check_parse(tool, random_junk(rng)))
    good &= run(2, "a keyring between other entries reads as python-dotenv reads it", FILES, SEED,
                lambda rng: check_parse(tool, random_keyring(rng)[0]))
    good &= run(3, "a removal takes the named versions and nothing else", FILES, SEED,
                lambda rng: check_keyring(tool, rng, counts))
    print("# " + ", ".join("%s %d" % item for item in counts.items()))
    sys.exit(0 if good else 1)


main()
