#!/usr/bin/python3
"""FLASK_ variables against python-dotenv and Flask's from_prefixed_env: a random env file reads the same, and after a random
removal both read what they read before but for the removed versions, with a right checksum where there was one.

FLASK_ENV_FILES sets the number of files, FLASK_ENV_SEED the seed; a failure prints the seed and file."""
import hashlib
import io
import json
import os
import random
import subprocess
import sys

import flask
from dotenv import dotenv_values

BUILD = os.environ.get("BUILD", os.path.dirname(os.path.abspath(__file__)) + "/../../build/release")
FILES = int(os.environ.get("FLASK_ENV_FILES", "1000"))
SEED = os.environ.get("FLASK_ENV_SEED", "1")
PREFIX = {"key": "ENCRYPTION_KEYS__", "salt": "ENCRYPTION_SALT__", "salt_hash": "ENCRYPTION_SALT_HASH__"}


class Tool:
    def __init__(self):
        self.child = subprocess.Popen([BUILD + "/support/dotenv_tool"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, head, *contents):
        head = " ".join([head] + [str(len(c)) for c in contents])
        self.child.stdin.write(head.encode() + b"\n" + b"".join(contents))
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())


def read(data):
    """What python-dotenv reads, and what Flask makes of those variables."""
    env = dotenv_values(stream=io.StringIO(data.decode("utf-8")))
    old = dict(os.environ)
    try:
        os.environ.clear()
        os.environ.update({k: v for k, v in env.items() if v is not None})
        config = flask.Config("/")
        config.from_prefixed_env()
    finally:
        os.environ.clear()
        os.environ.update(old)
    return dict(env), dict(config)


def versions_of(env, config):
    found = {v.lower(): set() for v in config.get("ENCRYPTION_KEYS", {})}
    for name in env:
        for prefix in PREFIX.values():
            if name.startswith(prefix):
                found.setdefault(name[len(prefix):].lower(), set())
    return sorted(found)


def seal(env):
    lines = ["%s=%s" % (k, env[k]) for k in sorted(env) if k != "ENCRYPTION_ENV_CHECKSUM" and env[k] is not None]
    return hashlib.sha256("\n".join(lines).encode("utf-8")).hexdigest()


def material(rng):
    salt = rng.randbytes(rng.randint(8, 20))
    key = rng.choice([rng.randbytes(16).hex() + "k", "p\u00e7 ss # w " + rng.randbytes(6).hex(), "0" + rng.randbytes(9).hex() + "="])
    fields = {"key": key, "salt": salt.hex() + "g"}
    if rng.randrange(2):
        fields["salt_hash"] = hashlib.sha256(salt_bytes(fields["salt"])).hexdigest()
    return fields


def salt_bytes(text):
    """Odd texts that are no base64 count as their own bytes."""
    import base64
    try:
        return base64.urlsafe_b64decode(text)
    except ValueError:
        return text.encode()


def quoted(rng, text):
    way = rng.randrange(3)
    if way == 0 and " " not in text and "'" not in text:
        return text
    return "'" + text + "'" if way else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def json_text(rng, value):
    return json.dumps(value, ensure_ascii=bool(rng.randrange(2)), indent=rng.choice([None, None, 2]),
                      separators=rng.choice([None, (",", ":")])).replace("\\", "\\")


def flask_lines(rng, keys):
    whole, lines = {}, []
    for version, fields in keys.items():
        shape = rng.randrange(3)
        if shape == 0:
            whole[version] = fields
        elif shape == 1:
            lines.append("FLASK_ENCRYPTION_KEYS__%s='%s'" % (version, json.dumps(fields, ensure_ascii=False)))
        else:
            lines += ["FLASK_ENCRYPTION_KEYS__%s__%s=%s" % (version, f, quoted(rng, v)) for f, v in fields.items()]
    if whole:
        lines.append("FLASK_ENCRYPTION_KEYS='%s'%s" % (json_text(rng, whole).replace("\\u00e7", "\u00e7"), rng.choice(["", " # c"])))
    return lines


def random_file(rng):
    names = rng.sample(["v1", "v2", "V3", "v10", "v11", "v2-prod", "k_1"], rng.randint(1, 5))
    keys = {v: material(rng) for v in names}
    active = rng.choice(names)
    lines = flask_lines(rng, keys)
    lines += rng.sample(["# comment", "", "FLASK_DEBUG=1", "OTHER='{\"v1\": {}}'", "MY_ENCRYPTION_KEYS__v1=x"], rng.randint(0, 4))
    if rng.randrange(2) == 0:  # the plain names hold them too
        for v in names:
            if v == active or rng.randrange(2):
                lines += [PREFIX[f] + v + "=" + quoted(rng, t) for f, t in keys[v].items()]
    lines.append(rng.choice(["FLASK_", ""]) + "ACTIVE_ENCRYPTION_VERSION=" + active)
    rng.shuffle(lines)
    newline = rng.choice(["\n", "\n", "\r\n"])
    text = "\n".join(lines) + "\n"
    if rng.randrange(2):
        env, _ = read(text.encode("utf-8"))
        text += "ENCRYPTION_ENV_CHECKSUM=%s\n" % seal(env)
    return text.replace("\n", newline).encode("utf-8") if "\n " not in text else text.encode("utf-8"), active.lower()


def subsequence(after, before):
    rest = iter(before)
    return all(b in rest for b in after)


def check(tool, rng, counts):
    data, active = random_file(rng)
    env, config = read(data)
    loaded = tool.ask("load", data)
    assert "exit" not in loaded, loaded
    names = versions_of(env, config)
    assert loaded["versions"] == names and loaded["active"] == active, (loaded, names)
    others = [v for v in names if v != active]
    if not others:
        return
    gone = rng.sample(others, rng.randint(1, len(others)))
    edit = tool.ask("remove " + ",".join(gone), data)
    assert "after" in edit, edit
    after = bytes.fromhex(edit["after"])
    new_env, new_config = read(after)
    want = dict(config)
    if "ENCRYPTION_KEYS" in config:
        want["ENCRYPTION_KEYS"] = {v: f for v, f in config["ENCRYPTION_KEYS"].items() if v.lower() not in gone}
        if not want["ENCRYPTION_KEYS"] and "ENCRYPTION_KEYS" not in new_config:
            del want["ENCRYPTION_KEYS"]
    assert new_config == want, "Flask's configuration"
    for name, value in env.items():
        if name.startswith("FLASK_ENCRYPTION_KEYS") or name == "ENCRYPTION_ENV_CHECKSUM":
            continue
        left = any(name.startswith(p) and name[len(p):].lower() in gone for p in PREFIX.values())
        assert (name not in new_env) if left else new_env[name] == value, "the variable " + name
    if "ENCRYPTION_ENV_CHECKSUM" in env:
        assert new_env["ENCRYPTION_ENV_CHECKSUM"] == seal(new_env), "checksum"
        counts["sealed"] += 1
    else:
        assert subsequence(after, data), "bytes that were not there"
    for fields in config.get("ENCRYPTION_KEYS", {}).values():
        for value in fields.values():
            assert value not in edit["show"], "a value is shown"
    counts["removed"] += 1
    back = tool.ask("insert " + ",".join(gone), after, data)
    if "after" not in back:
        assert back["id"] == 519, back
        counts["by hand"] += 1
        return
    restored, again = read(bytes.fromhex(back["after"]))
    assert again == config and set(restored) == set(env), "what came back"
    counts["inserted"] += 1


def main():
    tool = Tool()
    counts = {"removed": 0, "sealed": 0, "inserted": 0, "by hand": 0}
    print("1..1")
    for i in range(FILES):
        try:
            check(tool, random.Random("%s/%d" % (SEED, i)), counts)
        except AssertionError as failure:
            print("not ok 1 - FLASK_ variables lose a version and nothing else")
            print("# FLASK_ENV_SEED=%s, file %d: %s" % (SEED, i, failure))
            sys.exit(1)
    good = all(counts.values())
    print("%s 1 - FLASK_ variables lose a version and nothing else (%d files)" % ("ok" if good else "not ok", FILES))
    print("# " + ", ".join("%s %d" % item for item in counts.items()))
    sys.exit(0 if good else 1)


main()
