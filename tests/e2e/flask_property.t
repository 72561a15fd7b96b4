#!/usr/bin/python3
"""The keyring against Flask itself: a random configuration file reads the same by app.config.from_pyfile, or by
from_file with Python's json, and after a random removal Flask reads what it read before but for the removed versions, from the same bytes.

FLASK_FILES sets the number of files of each property, FLASK_SEED the seed; a failure prints the seed and file."""
import ast
import base64
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile

import flask

BUILD = os.environ.get("BUILD", os.path.dirname(os.path.abspath(__file__)) + "/../../build/release")
FILES = int(os.environ.get("FLASK_FILES", "800"))
SEED = os.environ.get("FLASK_SEED", "1")
FOLDER = tempfile.mkdtemp()


class Tool:
    def __init__(self, syntax):
        self.child = subprocess.Popen([BUILD + "/support/dotenv_tool"], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE)
        self.child.stdin.write(("syntax %s\n" % syntax).encode())

    def ask(self, head, *contents):
        head = " ".join([head] + [str(len(c)) for c in contents])
        self.child.stdin.write(head.encode() + b"\n" + b"".join(contents))
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            raise AssertionError("dotenv_tool died")
        return json.loads(line)


def read_python(data):
    """What Flask makes of the file; names that are not all upper case it leaves out, so those come from the text."""
    path = os.path.join(FOLDER, "config.py")
    with open(path, "wb") as f:
        f.write(data)
    app = flask.Flask("x", root_path=FOLDER)
    before = dict(app.config)
    app.config.from_pyfile(path)
    found = {k: v for k, v in app.config.items() if k not in before or before[k] != v}
    for node in ast.parse(data).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name.startswith("ENCRYPTION_") and name not in found:
                found[name] = ast.literal_eval(node.value)
    return found


def read_json(data):
    path = os.path.join(FOLDER, "config.json")
    with open(path, "wb") as f:
        f.write(data)
    app = flask.Flask("x", root_path=FOLDER)
    before = dict(app.config)
    app.config.from_file(path, load=json.load)
    found = {k: v for k, v in app.config.items() if k not in before or before[k] != v}
    for name, value in json.loads(data).items():
        found.setdefault(name, value)
    return found


PREFIX = {"key": "ENCRYPTION_KEYS__", "salt": "ENCRYPTION_SALT__", "salt_hash": "ENCRYPTION_SALT_HASH__"}


def versions_of(config):
    """{version: {field: value}} of either form."""
    found = {}
    for version, fields in config.get("ENCRYPTION_KEYS", {}).items():
        found[version.lower()] = {f: fields[f] for f in PREFIX if f in fields}
    for field, prefix in PREFIX.items():
        for name, value in config.items():
            if name.startswith(prefix):
                found.setdefault(name[len(prefix):].lower(), {})[field] = value
    return found


def without(config, gone):
    """The configuration as it has to be without these versions."""
    left = {}
    for name, value in config.items():
        if name == "ENCRYPTION_KEYS":
            value = {v: f for v, f in value.items() if v.lower() not in gone}
        elif any(name.startswith(p) and name[len(p):].lower() in gone for p in PREFIX.values()):
            continue
        left[name] = value
    return left


# ---- random files ----

def material(rng):
    salt = rng.randbytes(rng.randint(8, 20))
    key = rng.choice([base64.urlsafe_b64encode(rng.randbytes(32)).decode(), "p'a\"ss # w\\ord " + rng.randbytes(6).hex(),
                      "\u00e7\u00e3o \U0001f511 %s" % rng.randbytes(5).hex(), "with\nline\tend " + rng.randbytes(5).hex()])
    fields = {"key": key, "salt": salt.hex()}
    if rng.randrange(2):
        fields["salt_hash"] = hashlib.sha256(salt).hexdigest()
    return fields


def python_text(rng, text):
    """A literal of this text in one of Python's ways to write it."""
    way = rng.randrange(6)
    if way == 0:
        return ascii(text)
    if way == 1 and len(text) > 3:
        at = rng.randint(1, len(text) - 1)
        return repr(text[:at]) + " " + repr(text[at:])
    if way == 2 and "\\" not in text and '"' not in text and "\n" not in text:
        return rng.choice(["r", "R", "u", ""]) + '"' + text + '"'
    if way == 3 and '"' not in text and "\\" not in text:
        return '"""' + text + '"""'
    if way == 4:
        return '"' + "".join("\\x%02x" % ord(c) if ord(c) < 256 else c for c in text) + '"'
    return repr(text)


def space(rng, newline, indent):
    return rng.choice(["", "", " ", newline + indent, "  # note, 'v1': {" + newline + indent])


def python_dict(rng, keys, newline):
    one_line = rng.randrange(3) == 0
    items = []
    for version, fields in keys.items():
        fields = list(fields.items())
        if rng.randrange(4) == 0:
            fields.append(("note", None))
        rng.shuffle(fields)
        gap = (lambda: " ") if one_line else (lambda: space(rng, newline, "        "))
        inner = ",".join(gap() + repr(f) + ":" + gap() + (python_text(rng, v) if v is not None else
                                                          rng.choice(["None", "12", "True", "'text'"]))
                         for f, v in fields)
        items.append(python_text(rng, version) + ": {" + inner + rng.choice(["", ","]) + "}")
    last = rng.choice(["", ","])
    if one_line:
        return "{" + rng.choice(["", " "]) + ", ".join(items) + last + "}"
    text = "{" + newline
    for i, item in enumerate(items):
        comma = "," if i + 1 < len(items) else last
        text += rng.choice(["", "", "    # a comment, with 'v1'" + newline, newline])
        text += "    " + item + comma + rng.choice([newline, newline, newline, "  # retired" + newline, " "])
    return text + "}"


OTHERS = ["DEBUG = True", "import os", "SECRET_KEY = os.environ.get('SECRET', 'dev')", "# a comment about keys",
          '"""ENCRYPTION_KEYS stand below."""', "PORT = 5000 + 1", "X = [1,\n     2]  # two", "", "   ",
          "def f(a):\n    return a * 2\n", "if True:\n    LIMIT = 3", "NAME = f'{1 + 1:>{5}} {{x}}'",
          "LONG = 'a' \\\n    'b'", "A = B = '''ENCRYPTION\nkeys'''", "MY_ENCRYPTION_KEYS = 1", "\f", "Z = 1; Y = 2"]
SPOILERS = ["ENCRYPTION_KEYS['v1'] = {}", "ENCRYPTION_KEYS.update(x={})", "from os import *", "exec('A = 1')",
            "globals()['A'] = 2", "ENCRYPTION_KEYS = {}", "if True:\n    ACTIVE_ENCRYPTION_VERSION = 'v1'",
            "ALL = list(ENCRYPTION_KEYS)", "X = f'{ENCRYPTION_KEYS}'", "del ENCRYPTION_KEYS", "a\u00e7 = 1",
            "ENCRYPTION_KEYS, Q = {}, 1", "Z = 1; ENCRYPTION_KEYS = {}", "ENCRYPTION_KEYS |= {}",
            "Y = 'ENCRYPTION' + '_KEYS'; X = vars()[Y]", "(ENCRYPTION_KEYS) = {}"]


def random_python(rng):
    newline = rng.choice(["\n", "\n", "\n", "\r\n"])
    names = rng.sample(["v1", "v2", "V3", "v10", "v11", "v2-prod", "k_1"], rng.randint(1, 6))
    keys = {v: material(rng) for v in names}
    active = rng.choice(names)
    lines = ["ACTIVE_ENCRYPTION_VERSION = " + rng.choice([python_text(rng, active), "'%s'" % active.upper()])]
    if rng.randrange(4):
        lines.append("ENCRYPTION_KEYS = " + python_dict(rng, keys, newline))
    else:
        for version, fields in keys.items():
            if not version.replace("-", "x").isidentifier() or "-" in version:
                version, fields = "v77", fields
            for field, value in fields.items():
                lines.append(PREFIX[field] + version + rng.choice([" = ", "=", "  =  "]) + python_text(rng, value)
                             + rng.choice(["", "", "  # note"]))
        active = "v77" if "-" in active else active
        lines[0] = "ACTIVE_ENCRYPTION_VERSION = '%s'" % active
    rng.shuffle(lines)
    for extra in rng.sample(OTHERS, rng.randint(0, 6)):
        lines.insert(rng.randint(0, len(lines)), extra.replace("\n", newline))
    if any("os.environ" in l for l in lines):
        lines.insert(0, "import os")
    mark = rng.choice([b"", b"", b"\xef\xbb\xbf"])
    return mark + (newline.join(lines) + rng.choice(["", newline, newline * 2])).encode("utf-8"), active


def json_text(rng, value):
    text = json.dumps(value, ensure_ascii=rng.randrange(2) == 0 or "\ud83d" in value)
    if isinstance(value, str) and rng.randrange(4) == 0:
        text = '"' + "".join("\\u%04x" % ord(c) if ord(c) < 0x10000 else json.dumps(c)[1:-1] for c in value) + '"'
    return text


def json_object(rng, items, newline, indent, inner):
    """The members on one line, on a line each, or mixed, with the blanks that JSON allows."""
    lay = rng.randrange(3)
    blank = (lambda: rng.choice(["", " "])) if lay == 0 else (lambda: newline + inner) if lay == 1 else (
        lambda: rng.choice(["", " ", newline + inner, newline * 2 + inner, "\t"]))
    body = ("," + rng.choice(["", "", " "])).join(
        blank() + json_text(rng, k) + rng.choice([":", ": ", " :\t"]) + v + rng.choice(["", "", " "]) for k, v in items)
    return "{" + body + (newline + indent if lay == 1 else blank()) + "}"


JSON_OTHERS = {"DEBUG": True, "PORT": -5.5e3, "NOTHING": None, "LIST": [1, [], {}, {"a": ["v1", "{", "}"]}], "EMPTY": "",
               "TEXT": "a, \"b\", {c}", "MY_ENCRYPTION_KEYS": {"v1": {"key": "x"}}, "FAR": float("inf"), "\ud83d": 1}


def random_json(rng):
    newline = rng.choice(["\n", "\n", "\r\n"])
    names = rng.sample(["v1", "v2", "V3", "v10", "v11", "v2-prod", "k_1"], rng.randint(1, 6))
    keys = {v: material(rng) for v in names}
    active = rng.choice(names)
    items = [("ACTIVE_ENCRYPTION_VERSION", json_text(rng, rng.choice([active, active.upper()])))]
    if rng.randrange(4):
        members = []
        for version, fields in keys.items():
            fields = [(f, json_text(rng, v)) for f, v in fields.items()]
            if rng.randrange(4) == 0:
                fields.append(("note", json.dumps(rng.choice([None, 1, "v1", {"a": [1]}]))))
            rng.shuffle(fields)
            members.append((version, json_object(rng, fields, newline, "    ", "      ")))
        items.append(("ENCRYPTION_KEYS", json_object(rng, members, newline, "  ", "    ")))
    else:
        items += [(PREFIX[f] + v, json_text(rng, text)) for v, fields in keys.items() for f, text in fields.items()]
    for name in rng.sample(sorted(JSON_OTHERS), rng.randint(0, 5)):
        items.append((name, json.dumps(JSON_OTHERS[name])))
    rng.shuffle(items)
    text = rng.choice(["", " ", newline]) + json_object(rng, items, newline, "", "  ") + rng.choice(["", newline])
    return text.encode("utf-8"), active


JSON_SPOILERS = ['"ENCRYPTION_KEYS": {}', '"ENCRYPTION_KEYS__v9": 1', '"X": {"ENCRYPTION_KEYS": 1}',
                 '"FLASK_ENCRYPTION_KEYS": "x"', '"X": "ENCRYPTION_SALT__v1"', '"ACTIVE_ENCRYPTION_VERSION": null',
                 '"ENCRYPTION_KEYS": ["v1"]', '"ENCRYPTION_ENV_CHECKSUM": "a"', '"ENCRYPTION_KEYS__v9": "\\ud800"']
BROKEN = ['"X": 01', '"X": +1', '"X": tru', '"X": [1,]', "'X': 1", '"X"; 1', '"X": "\x01"', '"X": "\\x41"', '"X": 1,',
          '"X": {"a" 1}', '"X": [1}', '"X": 1 // c', '"X": ' + "[" * 70 + "]" * 70]


# ---- properties ----

def subsequence(after, before):
    rest = iter(before)
    return all(b in rest for b in after)


def check_masked(config, shown):
    for fields in versions_of(config).values():
        for value in fields.values():
            for piece in value.split():
                assert len(piece) < 6 or piece not in shown, "a value is shown"


def check_file(tool, rng, counts, make, read):
    data, active = make(rng)
    config = read(data)
    keys = versions_of(config)
    loaded = tool.ask("load", data)
    check_masked(config, json.dumps({k: loaded.get(k) for k in ("text", "place", "hint")}))
    names = [v.lower() for v in config.get("ENCRYPTION_KEYS", {})]
    if "exit" in loaded:
        doubled = len(names) != len(set(names)) or data.count(b"ENCRYPTION_KEYS__v77") > 1
        assert loaded["exit"] == 4 and doubled, "refused for no reason: %s" % loaded
        counts["refused"] += 1
        return
    assert loaded["versions"] == sorted(keys), "versions: %s for %s" % (loaded["versions"], sorted(keys))
    assert loaded["active"] == active.lower(), "active"
    seen = {}
    for b in tool.ask("parse", data)["bindings"]:
        if b["kind"] == "entry":
            seen[bytes.fromhex(b["key"]).decode()] = bytes.fromhex(b["value"]).decode()
    for version, fields in versions_of(seen).items():
        assert fields == keys[version], "values"
    others = sorted(set(keys) - {active.lower()})
    if not others:
        return
    gone = rng.sample(others, rng.randint(1, len(others)))
    edit = tool.ask("remove " + ",".join(gone), data)
    assert "after" in edit, edit
    after = bytes.fromhex(edit["after"])
    assert read(after) == without(config, gone), "configuration after the removal"
    assert subsequence(after, data), "bytes that were not there"
    for v in gone:
        for value in keys[v].values():
            assert json.dumps(value)[1:-1].encode() not in after, "a removed value is still there"
    kept = [l for l in data.lstrip(b"\xef\xbb\xbf").splitlines() if l.strip() and l.split(b"#")[0].strip() and not any(
        c in l for c in (b"{", b"}", b":", b"ENCRYPTION_", b"'", b'"', b","))]
    for line in kept:
        assert line in after.lstrip(b"\xef\xbb\xbf").splitlines(), "a line of others has gone: %r" % line
    check_masked(config, edit["show"])
    counts["removed"] += 1
    back = tool.ask("insert " + ",".join(gone), after, data)
    assert "after" in back, back
    assert read(bytes.fromhex(back["after"])) == config, "configuration after the insertion"
    check_masked(config, back["show"])
    counts["inserted"] += 1


def check_spoiled(tool, rng, make):
    """A line that reaches for the keyring without a literal is refused, and its line is named."""
    data, _ = make(rng)
    newline = b"\r\n" if b"\r\n" in data else b"\n"
    spoiler = rng.choice(SPOILERS).encode("utf-8").replace(b"\n", newline)
    lines = data.count(newline) + (not data.endswith(newline))
    if b"\f" in data:
        return
    loaded = tool.ask("load", data + (b"" if data.endswith(newline) else newline) + spoiler + newline)
    assert loaded.get("exit") == 4, "not refused: %r" % spoiler
    number = int(loaded["place"].split("line ")[1])
    assert loaded["id"] in (507, 516, 517) and (number > lines or loaded["id"] in (507, 516)), loaded


def check_spoiled_json(tool, rng):
    """What stands where it is not read, or is no string, is refused; what json does not read is corrupt."""
    data, _ = random_json(rng)
    text = data.decode("utf-8")
    at = text.rindex("}")
    bad = rng.randrange(2)
    spoiler = rng.choice(BROKEN if bad else JSON_SPOILERS)
    loaded = tool.ask("load", (text[:at] + "," + spoiler + text[at:]).encode("utf-8"))
    if bad and not spoiler.startswith('"X": [[['):
        try:
            json.loads(text[:at] + "," + spoiler + text[at:])
            assert False, "json reads it: " + spoiler
        except ValueError:
            pass
    assert loaded.get("exit") == (12 if bad else 4), "%r: %s" % (spoiler, loaded)
    assert loaded["id"] in ((518,) if bad else (507, 516)) and "line " in loaded["place"], loaded


def run(number, name, files, one):
    for i in range(files):
        rng = random.Random("%s/%d" % (SEED, i))
        try:
            one(rng)
        except (AssertionError, SyntaxError) as failure:
            print("not ok %d - %s" % (number, name))
            print("# FLASK_SEED=%s, file %d: %s" % (SEED, i, failure))
            return False
    print("ok %d - %s (%d files)" % (number, name, files))
    return True


def main():
    python = Tool("flask-py")
    counts = {"refused": 0, "removed": 0, "inserted": 0}
    written = Tool("flask-json")
    print("1..4")
    good = run(1, "a removal takes versions out of a Python file and nothing else", FILES,
               lambda rng: check_file(python, rng, counts, random_python, read_python))
    good &= run(2, "what is no literal is refused with its line", FILES // 2,
                lambda rng: check_spoiled(python, rng, random_python))
    good &= run(3, "a removal takes versions out of a JSON file and nothing else", FILES,
                lambda rng: check_file(written, rng, counts, random_json, read_json))
    good &= run(4, "what is no string or no JSON is refused with its line", FILES,
                lambda rng: check_spoiled_json(written, rng))
    print("# " + ", ".join("%s %d" % item for item in counts.items()))
    sys.exit(0 if good else 1)


main()
