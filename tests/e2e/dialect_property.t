#!/usr/bin/python3
"""Dialects against their readers, bash and node: of a random environment file that is taken, the reader sees the values
that python-dotenv sees, and after a random removal what it saw before but for the removed names.

DIALECT_FILES sets the number of files for each reader, DIALECT_SEED the seed; a failure prints the seed and file.
NODE_PATH may name a folder with the dotenv package, which is then asked instead of node's own parser."""
import json
import logging
import os
import random
import shutil
import subprocess
import sys

from dotenv import dotenv_values

import io

BUILD = os.environ.get("BUILD", os.path.dirname(os.path.abspath(__file__)) + "/../../build/release")
FILES = int(os.environ.get("DIALECT_FILES", "400"))
SEED = os.environ.get("DIALECT_SEED", "1")
logging.disable(logging.CRITICAL)


class Lines:
    """A child that answers each request with a line of JSON."""

    def __init__(self, *command):
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, request):
        self.child.stdin.write(request)
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            raise AssertionError("the child died")
        return json.loads(line)


NODE = """
let parse;
try { parse = require('dotenv').parse; } catch (e) { parse = require('node:util').parseEnv; }
require('node:readline').createInterface({input: process.stdin}).on('line', l =>
    console.log(JSON.stringify(parse(Buffer.from(l, 'hex').toString('utf8')))));
"""
# The names that appear, with their values, in an environment that was empty.
BASH = """
while IFS= read -r file; do
    /usr/bin/env -i /bin/bash --norc --noprofile -c 'set -a; source "$1" >/dev/null 2>&1; exec /usr/bin/env -0' x "$file" |
        /usr/bin/python3 -c 'import json, sys
own = {"_", "PWD", "SHLVL", "OLDPWD"}
pairs = [p.split("=", 1) for p in sys.stdin.buffer.read().decode("utf-8").split("\\0") if p]
print(json.dumps({k: v for k, v in pairs if k not in own}))'
done
"""


def node_reader():
    child = Lines("node", "-e", NODE)
    return lambda data: child.ask(data.hex().encode() + b"\n")


def bash_reader():
    child = Lines("/bin/bash", "-c", BASH)
    path = "/tmp/dialect.%d.env" % os.getpid()

    def read(data):
        with open(path, "wb") as f:
            f.write(data)
        found = child.ask(path.encode() + b"\n")
        os.remove(path)
        return found
    return read


def docker_reader():
    """docker, opts/file.go: lines without white space before them, not empty and no comment, cut at the first =."""
    def read(data):
        found = {}
        for line in data.decode("utf-8").split("\n"):
            line = line[:-1] if line.endswith("\r") else line
            line = line.lstrip(" \t")
            if line and not line.startswith("#"):
                name, _, value = line.partition("=")
                assert " " not in name and "\t" not in name, "docker takes no white space in a name"
                found[name] = value
        return found
    return read


def python(data):
    return dict(dotenv_values(stream=io.TextIOWrapper(io.BytesIO(data), encoding="utf-8")))


# ---- random files: mostly plain, so that enough of them are taken ----

PLAIN = ["k-%s", "\"k %s\"", "'k %s'", "k%s==", "\"k#%s\"", "'k # %s'", "\"\u00e7%s\"", "k:/%s@x"]
ODD = ["k %s", "k\\%s", "\"k\\n%s\"", "'k$%s'", "\"$HOME%s\"", "k#%s", "#%s", "\"l1\nl2 %s\"", "'l1\nB=%s'", "k%s\\", "`k%s`",
       "k'%s", "${A}%s", "~%s", "k%s # c", "k%s  ", "$(echo %s)", "k%s\u2028", "{a,%s}", "k*%s", "k\u00a0%s\u00a0", "k;%s", "k&%s"]
OTHERS = ["", "  ", "# a comment", "  # ENCRYPTION_KEYS__v1=no", "A=1", "export B=2", "C = 3", "D=", "E=\"a\nENCRYPTION_KEYS__v1=f\nb\"",
          "F='x' # c", "G=a#b", "H=$A", "# ends \\", "LONE", "I.J=1", "K='it'\"s\"", "L=\"$A\"", "# \u2028ENCRYPTION_KEYS__v1=x",
          "M=a\u2028b", "; N=1", "O=1\r", "'P'=1", "Q: 1", "R='never", "S=\"x\\\"y\"", "\tT=1", "U=`x`", "\ufeffV=1", "W=x\x0by"]


def random_file(rng):
    versions = rng.sample(["v1", "v2", "v3", "v10", "v_4"], rng.randint(2, 4))
    active = rng.choice(versions)
    odd = rng.choice([0, 0, 0, 6])
    bare = rng.randrange(2)
    plain = [p for p in PLAIN if not bare or p[0] == "k"]
    lines = ["ACTIVE_ENCRYPTION_VERSION=" + rng.choice(["%s"] if bare else ["'%s'", "\"%s\"", "%s"]) % active]
    for v in versions:
        shape = rng.choice(ODD) if odd and rng.randrange(odd) == 0 else rng.choice(plain)
        head = rng.choice([""] if bare else ["", "", "", "export ", " "])
        lines.append(head + "ENCRYPTION_KEYS__" + v + rng.choice(["="] if bare else ["=", "=", "=", " = "]) + shape % rng.randbytes(4).hex())
        lines.append("ENCRYPTION_SALT__" + v + "=" + rng.choice(["%s"] if bare else ["%s", "'%s'"]) % rng.randbytes(8).hex())
    rng.shuffle(lines)
    for other in rng.sample(OTHERS, rng.choice([0, 1, 1, 2, 3])):
        lines.insert(rng.randint(0, len(lines)), other)
    return ("\n".join(lines) + rng.choice(["", "\n", "\n\n"])).encode("utf-8"), versions, active


def managed(values):
    return {k: v for k, v in values.items() if k.startswith(("ENCRYPTION_", "ACTIVE_"))}


def belongs(name, gone):
    return any(name == p + v for v in gone for p in ("ENCRYPTION_KEYS__", "ENCRYPTION_SALT__"))


def check(tool, read, rng, counts):
    data, versions, active = random_file(rng)
    loaded = tool.ask(b"load %d\n" % len(data) + data)
    if "exit" in loaded:
        counts["refused"] += 1
        assert loaded["exit"] in (4, 12) and loaded["place"].startswith("file"), loaded
        return
    before = read(data)
    assert managed(before) == managed(python(data)), "the reader sees other keys"
    gone = rng.sample(sorted(set(versions) - {active}), rng.randint(1, len(versions) - 1))
    edit = tool.ask(("remove %s %d\n" % (",".join(gone), len(data))).encode() + data)
    if "after" not in edit:
        assert edit["exit"] == 4, edit
        counts["refused"] += 1
        return
    after = read(bytes.fromhex(edit["after"]))
    assert after == {k: v for k, v in before.items() if not belongs(k, gone)}, "values after the removal"
    counts["removed"] += 1


def main():
    readers = [("bash", bash_reader), ("docker", docker_reader)]
    if shutil.which("node"):
        readers.append(("node", node_reader))
    print("1..%d" % len(readers))
    bad = 0
    for number, (name, make) in enumerate(readers, 1):
        tool = Lines(BUILD + "/support/dotenv_tool")
        tool.child.stdin.write(b"syntax %s\n" % name.encode())
        read = make()
        counts = {"removed": 0, "refused": 0}
        failure = None
        for i in range(FILES):
            try:
                check(tool, read, random.Random("%s/%d" % (SEED, i)), counts)
            except AssertionError as why:
                failure = "# DIALECT_SEED=%s, file %d: %s" % (SEED, i, why)
                break
        if not failure and counts["removed"] < FILES // 20:
            failure = "# too few files were taken"
        bad |= failure is not None
        print("%sok %d - %s sees the file without the removed versions (%s)"
              % ("not " if failure else "", number, name, ", ".join("%s %d" % c for c in counts.items())))
        if failure:
            print(failure)
    sys.exit(bad)


main()
