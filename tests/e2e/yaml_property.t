#!/usr/bin/python3
"""YAML against PyYAML: a random file of Flask's, Kubernetes Secret or Compose file reads the same, and after a random removal
PyYAML reads what it read before but for the removed versions, from the same bytes.

YAML_FILES sets the number of files of each property, YAML_SEED the seed; a failure prints the seed and file."""
import base64
import copy
import hashlib
import io
import json
import os
import random
import subprocess
import sys
import textwrap

import yaml
from dotenv import dotenv_values

BUILD = os.environ.get("BUILD", os.path.dirname(os.path.abspath(__file__)) + "/../../build/release")
FILES = int(os.environ.get("YAML_FILES", "400"))
SEED = os.environ.get("YAML_SEED", "1")
PREFIX = {"key": "ENCRYPTION_KEYS__", "salt": "ENCRYPTION_SALT__", "salt_hash": "ENCRYPTION_SALT_HASH__"}


class Tool:
    def __init__(self, syntax):
        self.child = subprocess.Popen([BUILD + "/support/dotenv_tool"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.child.stdin.write(("syntax %s\n" % syntax).encode())

    def ask(self, head, *contents):
        head = " ".join([head] + [str(len(c)) for c in contents])
        self.child.stdin.write(head.encode() + b"\n" + b"".join(contents))
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            raise AssertionError("dotenv_tool died")
        return json.loads(line)


def read(data):
    return list(yaml.safe_load_all(data.decode("utf-8")))


# ---- random pieces ----

def material(rng, plain=False):
    salt = rng.randbytes(rng.randint(8, 20))
    key = rng.choice([base64.urlsafe_b64encode(rng.randbytes(32)).decode(), "12" + str(rng.randrange(10**9)), "p'a\"ss # w: \\ord " + rng.randbytes(6).hex(),
                      "\u00e7\u00e3o \U0001f511 %s" % rng.randbytes(5).hex(), "with\nline " + rng.randbytes(5).hex()])
    if plain:
        key = rng.choice([base64.urlsafe_b64encode(rng.randbytes(32)).decode(), "\u00e7 w#x " + rng.randbytes(6).hex()])
    fields = {"key": key, "salt": salt.hex()}
    if rng.randrange(2):
        fields["salt_hash"] = hashlib.sha256(salt).hexdigest()
    return fields


def scalar(rng, text, indent, flow=False):
    """A text in one of the styles that PyYAML reads it back from; two of five in its own choice."""
    way = rng.randrange(6)
    if way == 0 and "\n" not in text:
        return "'" + text.replace("'", "''") + "'"
    if way == 1 and not flow and not text.startswith(" ") and not text.endswith("\n"):
        return "|-\n" + "".join(indent + "  " + line + "\n" for line in text.split("\n")).rstrip("\n")
    if way == 2 and not flow and "\n" not in text:
        return ">-\n" + indent + "  " + text
    if way == 3:
        return '"' + "".join("\\x%02x" % ord(c) if ord(c) < 128 and rng.randrange(3) == 0 else
                             {'"': '\\"', "\\": "\\\\", "\n": "\\n"}.get(c, c) for c in text) + '"'
    if way == 4 and text.isascii() and text.isalnum() and not text[0].isdigit() and flow is False:
        return text + rng.choice(["", "  # note"])
    # libyaml takes no pairs of surrogates, which PyYAML reads as two halves.
    return json.dumps(text, ensure_ascii=bool(rng.randrange(2)) and max(text) < "\U00010000")


OTHERS = ["DEBUG: true", "LIST: [1, 2,\n  {a: 'x'}]", "MAP: &anchor\n  a: 1\n  b: |+\n    keep\n\n    # no comment\n", "ALIAS: *anchor",
          "NULL:", "N: 0x1F # hex", "TEXT: >\n  fol\n  ded\n\n  more", "? complex\n: value", "T: !!str 12", "MERGED:\n  <<: *anchor\n  c: 3",
          "SEQ:\n- a\n- b: c\n  d: e", "SEQ2:\n  - - x\n    - y\n  -", "# a comment", "", "'quoted name' : [a, 'b']", "\u00e7: \u00e3\U0001f511",
          "LONG: plain\n  text over\n  lines", "D: 2001-12-14", "E: ''", "F: {a, b: , c: [ ]}"]


def others(rng):
    chosen = [o for o in OTHERS if rng.randrange(4) == 0]
    if any("*anchor" in o for o in chosen):
        chosen = [o for o in chosen if "&anchor" not in o]
        chosen.insert(0, OTHERS[2])
    return chosen


def comment(rng, indent=""):
    return rng.choice(["", "", "", indent + "# about it: 'x' {\n", "\n"])


def flask_file(rng):
    names = rng.sample(["v1", "v2", "V3", "v10", "v11", "v2-prod", "k_1"], rng.randint(1, 6))
    keys = {v: material(rng) for v in names}
    active = rng.choice(names)
    if rng.randrange(3) == 0:
        entries = [PREFIX[f] + v + ": " + scalar(rng, t, "") + "\n" for v in names for f, t in keys[v].items()]
        rng.shuffle(entries)
        ours = "".join(comment(rng) + e for e in entries)
    elif rng.randrange(2):
        gap = lambda: rng.choice(["", " ", "\n    ", "  # note, {v1\n   "])
        items = [gap() + scalar(rng, v, "", True) + ": {" + ", ".join(f + ": " + scalar(rng, t, "", True) for f, t in keys[v].items()) + "}" for v in names]
        ours = "ENCRYPTION_KEYS: {" + ",".join(items) + rng.choice(["", ",", gap()]) + "}\n"
    else:
        ours, indent = "ENCRYPTION_KEYS:" + rng.choice(["", " # keys"]) + "\n", rng.choice(["  ", " ", "      "])
        for v in names:
            ours += comment(rng, indent)
            fields = list(keys[v].items()) + ([("note", "nothing")] if rng.randrange(4) == 0 else [])
            rng.shuffle(fields)
            if rng.randrange(3) == 0:
                ours += indent + v + ": {" + ", ".join(f + ": " + scalar(rng, t, "", True) for f, t in fields) + "}\n"
            else:
                ours += indent + v + ":\n" + "".join(comment(rng, indent) + indent + "  " + f + ": " + scalar(rng, t, indent + "  ") + "\n" for f, t in fields)
    parts = others(rng)
    parts.insert(rng.randint(0, len(parts)) if not parts or "anchor" not in parts[0] else 1, ours.rstrip("\n") if rng.randrange(2) else ours)
    parts.insert(rng.choice([0, len(parts)]), "ACTIVE_ENCRYPTION_VERSION: " + scalar(rng, active, ""))
    text = rng.choice(["", "---\n", "%YAML 1.1\n---\n", "# first\n"]) + "\n".join(parts) + "\n" + rng.choice(["", "...\n"])
    return finish(rng, text), active.lower(), keys


def finish(rng, text):
    if rng.randrange(4) == 0:
        text = text.replace("\n", "\r\n")
    if rng.randrange(6) == 0:
        text = "\ufeff" + text
    return text.encode("utf-8")


def env_file(rng, keys, active):
    lines = ["ACTIVE_ENCRYPTION_VERSION=" + active] + [PREFIX[f] + v + "='" + t + "'" for v in keys for f, t in keys[v].items()]
    lines += rng.sample(["# comment", "A=1", "export B='x y'", "C=\"two\nlines\""], rng.randint(0, 4))
    rng.shuffle(lines)
    if rng.randrange(2):
        env = dotenv_values(stream=io.StringIO("\n".join(lines) + "\n"))
        total = hashlib.sha256("\n".join("%s=%s" % (k, env[k]) for k in sorted(env)).encode()).hexdigest()
        lines.append("ENCRYPTION_ENV_CHECKSUM=\"%s\" # sum" % total)
    return "\n".join(lines) + "\n"


def b64(text):
    return base64.b64encode(text.encode("utf-8")).decode()


def secret_file(rng):
    names = rng.sample(["v1", "v2", "V3", "v10", "v2-prod"], rng.randint(1, 4))
    keys = {v: material(rng, True) for v in names}
    active = rng.choice(names)
    data, strings = ["  other: " + b64("x")], ["  more: text"]
    shape = rng.randrange(3)
    if shape == 0:
        flat = [("ACTIVE_ENCRYPTION_VERSION", active)] + [(PREFIX[f] + v, t) for v in names for f, t in keys[v].items()]
        for name, value in flat:
            if rng.randrange(2):
                data.append("  " + name + ": " + rng.choice(["%s", "'%s'", '"%s"  # c', "|\n    %s"]) % b64(value))
            else:
                strings.append("  " + name + ": " + scalar(rng, value, "  "))
    elif shape == 1:
        style = rng.choice(["|", "|-", "|+"])
        strings.append("  .env.crypto: " + style + "\n" + textwrap.indent(env_file(rng, keys, active), "    ").rstrip("\n"))
    else:
        digits = b64(env_file(rng, keys, active))
        wrap = rng.choice([0, 60, 76])
        data.append("  .env.crypto: " + ("|\n    " + "\n    ".join(textwrap.wrap(digits, wrap)) if wrap else digits))
    rng.shuffle(data)
    rng.shuffle(strings)
    docs = ["apiVersion: v1\nkind: Secret\nmetadata: {name: x, labels: &l {a: b}}\ndata:\n" + "\n".join(data) + "\nstringData:\n" + "\n".join(strings) + "\n",
            "kind: ConfigMap\nmetadata:\n  name: y\n"]
    rng.shuffle(docs)
    return ("---\n".join(docs)).encode("utf-8"), active.lower(), keys


def compose_file(rng):
    names = rng.sample(["v1", "v2", "V3", "v10", "v2-prod"], rng.randint(1, 4))
    keys = {v: material(rng, True) for v in names}
    active = rng.choice(names)
    text = "x-common: &common\n  image: a\nservices:\n"
    for service in rng.sample(["web", "worker", "cron"], rng.randint(1, 3)):
        text += "  %s:\n    <<: *common\n    command: [run, '%s']\n    environment:\n" % (service, service)
        kept = [v for v in names if v == active or rng.randrange(3)]
        flat = [("ACTIVE_ENCRYPTION_VERSION", active), ("OTHER", "x ${Y}")] + [(PREFIX[f] + v, t) for v in kept for f, t in keys[v].items()]
        rng.shuffle(flat)
        block = rng.randrange(2)
        for name, value in flat:
            text += comment(rng, "      ")
            text += "      - " + scalar(rng, name + "=" + value, "      ") + "\n" if block else "      " + name + ": " + scalar(rng, value, "      ") + "\n"
    return finish(rng, text + "volumes:\n  data:\n"), active.lower(), keys


# ---- what has to be left ----

def gone_name(name, gone):
    return any(name.startswith(p) and name[len(p):].lower() in gone for p in PREFIX.values())


def less_env(text, gone):
    env = {k: v for k, v in dotenv_values(stream=io.StringIO(text)).items() if not gone_name(k, gone)}
    if "ENCRYPTION_ENV_CHECKSUM" in env:
        env["ENCRYPTION_ENV_CHECKSUM"] = hashlib.sha256(
            "\n".join("%s=%s" % (k, env[k]) for k in sorted(env) if k != "ENCRYPTION_ENV_CHECKSUM").encode()).hexdigest()
    return env


def without(docs, gone):
    """The documents as they have to be, env files in values as what python-dotenv reads."""
    docs = copy.deepcopy(docs)
    for doc in docs:
        for name in list(doc):
            if gone_name(str(name), gone):
                del doc[name]
        if isinstance(doc.get("ENCRYPTION_KEYS"), dict):
            doc["ENCRYPTION_KEYS"] = {v: f for v, f in doc["ENCRYPTION_KEYS"].items() if v.lower() not in gone}
        for part in ("data", "stringData"):
            for name in list(doc.get(part) or {}):
                if gone_name(name, gone):
                    del doc[part][name]
                elif name == ".env.crypto":
                    value = doc[part][name]
                    value = base64.b64decode(value).decode("utf-8") if part == "data" else value
                    doc[part][name] = less_env(value, gone)
        for service in (doc.get("services") or {}).values():
            env = service["environment"]
            if isinstance(env, list):
                service["environment"] = [e for e in env if not gone_name(e.split("=")[0], gone)]
            else:
                service["environment"] = {k: v for k, v in env.items() if not gone_name(k, gone)}
    return docs


def ordered(docs):
    """The same with mappings as pairs in their order."""
    if isinstance(docs, dict):
        return [(k, ordered(v)) for k, v in docs.items()]
    return [ordered(d) for d in docs] if isinstance(docs, list) else docs


def subsequence(after, before):
    rest = iter(before)
    return all(b in rest for b in after)


def check_file(tool, rng, counts, make):
    data, active, keys = make(rng)
    docs = read(data)
    loaded = tool.ask("load", data)
    if "exit" in loaded:
        assert loaded["exit"] == 4, loaded
        if loaded["id"] == 510 and b"$" in data:
            return
        raise AssertionError("refused for no reason: %s" % loaded)
    assert loaded["active"] == active and set(loaded["versions"]) <= {v.lower() for v in keys}, loaded
    names = [v for v in loaded["versions"] if v != active]
    if not names:
        return
    gone = rng.sample(names, rng.randint(1, len(names)))
    edit = tool.ask("remove " + ",".join(gone), data)
    if "after" not in edit:
        assert edit["id"] == 523, edit
        counts["refused"] += 1
        return
    after = bytes.fromhex(edit["after"])
    assert ordered(without(read(after), [])) == ordered(without(docs, gone)), "documents after the removal"
    if b".env.crypto" not in data:
        assert subsequence(after, data), "bytes that were not there"
    if b".env.crypto" not in data and b"ENCRYPTION_KEYS: {" not in data:
        old = [l.lstrip(b"\xef\xbb\xbf") for l in data.splitlines()]
        assert all(l.lstrip(b"\xef\xbb\xbf") in old for l in after.splitlines()), "lines that were not there"
    for fields in keys.values():
        for value in fields.values():
            for piece in value.split():
                assert len(piece) < 6 or piece not in edit["show"], "a value is shown"
    counts["removed"] += 1
    back = tool.ask("insert " + ",".join(gone), after, data)
    if "after" in back:
        assert without(read(bytes.fromhex(back["after"])), []) == without(docs, []) or b"- " in data, "documents after the insertion"
        counts["inserted"] += 1
    else:
        assert back["id"] in (519, 523), back
        counts["by hand"] += 1


SPOILERS = [("flask-yaml", "X: {ENCRYPTION_KEYS__v1: 1}"), ("flask-yaml", "ENCRYPTION_KEYS: {}"), ("flask-yaml", "ENCRYPTION_ENV_CHECKSUM: a"),
            ("flask-yaml", "ENCRYPTION_KEYS__v99: !!str a"), ("flask-yaml", "ENCRYPTION_KEYS__v99: &a b"), ("flask-yaml", "ENCRYPTION_KEYS__v99: 12"),
            ("flask-yaml", "<<: {a: 1}"), ("flask-yaml", "Y: [a, 'of ENCRYPTION_SALT__v1']"), ("flask-yaml", "ACTIVE_ENCRYPTION_VERSION: v1")]


def check_spoiled(tool, rng):
    """What stands where it is not read, or is marked, is refused, and a line is named."""
    data, _, _ = flask_file(rng)
    if data.rstrip().endswith(b"...") or b"%YAML" in data:
        return
    spoiler = rng.choice(SPOILERS)[1]
    loaded = tool.ask("load", data + (b"\r\n" if b"\r\n" in data else b"\n") + spoiler.encode() + b"\n")
    assert loaded.get("exit") == 4 and loaded["id"] in (506, 507, 516, 528) and "line " in loaded["place"], "%r: %s" % (spoiler, loaded)


def run(number, name, files, one):
    for i in range(files):
        rng = random.Random("%s/%d" % (SEED, i))
        try:
            one(rng)
        except (AssertionError, yaml.YAMLError) as failure:
            print("not ok %d - %s" % (number, name))
            print("# YAML_SEED=%s, file %d: %s" % (SEED, i, str(failure).replace("\n", " ")))
            return False
    print("ok %d - %s (%d files)" % (number, name, files))
    return True


def main():
    counts = {"refused": 0, "removed": 0, "inserted": 0, "by hand": 0}
    flask, secret, compose = Tool("flask-yaml"), Tool("kubernetes"), Tool("compose")
    print("1..4")
    good = run(1, "a removal takes versions out of a YAML file of Flask's and nothing else", FILES, lambda rng: check_file(flask, rng, counts, flask_file))
    good &= run(2, "a removal takes versions out of a Kubernetes Secret and nothing else", FILES, lambda rng: check_file(secret, rng, counts, secret_file))
    good &= run(3, "a removal takes versions out of a Compose file and nothing else", FILES, lambda rng: check_file(compose, rng, counts, compose_file))
    good &= run(4, "what is marked or stands elsewhere is refused with its line", FILES, lambda rng: check_spoiled(flask, rng))
    print("# " + ", ".join("%s %d" % item for item in counts.items()))
    sys.exit(0 if good and counts["refused"] * 10 <= counts["removed"] else 1)


main()
