#!/usr/bin/python3
"""Keys in a row against a model in Python: a random file reads as python-dotenv (of Magento: as its own splitting) reads it,
a random removal leaves the list without those keys and everything else byte for byte, and what left comes back in its order,
also after another key was put first.

KEY_LIST_FILES sets the number of files, KEY_LIST_SEED the seed; a failure prints the seed and file."""
import base64
import hashlib
import io
import json
import os
import random
import re
import subprocess
import sys

from dotenv import dotenv_values

BUILD = os.environ.get("BUILD", os.path.dirname(os.path.abspath(__file__)) + "/../../build/release")
FILES = int(os.environ.get("KEY_LIST_FILES", "1500"))
SEED = os.environ.get("KEY_LIST_SEED", "1")
FORMS = {"laravel": ("APP_KEY", "APP_PREVIOUS_KEYS"), "multifernet": ("NOW", "OLD"), "one": ("KEYS",),
         "prisma": ("PRISMA_FIELD_ENCRYPTION_KEY", "PRISMA_FIELD_DECRYPTION_KEYS"), "magento": ()}


class Tool:
    def __init__(self):
        self.child = subprocess.Popen([BUILD + "/support/dotenv_tool"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def form(self, name):
        self.child.stdin.write(b"syntax " + name.encode() + b"\n")

    def ask(self, head, *contents):
        head = " ".join([head] + [str(len(c)) for c in contents])
        self.child.stdin.write(head.encode() + b"\n" + b"".join(contents))
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())


def new_key(rng, kind):
    raw = rng.randbytes(32)
    if kind == "laravel":
        raw = rng.choice([raw, raw[:16]])
        return "base64:" + base64.b64encode(raw).decode(), raw
    text = base64.urlsafe_b64encode(raw).decode()
    if kind == "prisma":
        return "k1.aesgcm256." + rng.choice([text, text.rstrip("=")]), raw
    if kind == "magento":
        return raw.hex()[:rng.choice([32, 32, 20])], raw
    return text, raw


def name_of(kind, text, raw, place):
    if kind == "magento":
        return str(place)
    if kind == "prisma":
        return hashlib.sha256(text.encode()).hexdigest()[:8]
    return "key-" + hashlib.sha256(b"keyretire-fp-v1" + raw.ljust(32, b"\0")).hexdigest()[:8]


def tombstone(text):
    return "retired-" + hashlib.sha256(("keyretire-tombstone-v1" + text).encode()).hexdigest()[:24]


def php_file(rng, texts):
    blank = lambda: rng.choice(["", " ", "\n    ", " // [ 'crypt' => \n ", "/* ] */"])
    opening, closing = rng.choice([("[", "]"), ("array(", ")")])
    quote = rng.choice("'\"")
    crypt = "'crypt'%s=>%s%s'key' => %s%s%s%s%s" % (blank(), blank(), opening, quote, rng.choice(["\n", " ", "\r\n"]).join(texts), quote,
                                                rng.choice(["", ","]), closing)
    others = ["'a' => 1", "'b' => ['crypt' => ['key' => 'no']]", "'c' => NULL", '"d" => "x\\n"', "-1.5", "'e' => array(true, 'it\\'s')"]
    parts = rng.sample(others, rng.randint(0, 4)) + [crypt]
    rng.shuffle(parts)
    return "<?php\nreturn %s%s%s%s;\n" % (opening, blank() + ("," + blank()).join(parts), rng.choice(["", ","]), closing)


def env_file(rng, kind, texts):
    quote = lambda value: rng.choice(["%s", '"%s"', "'%s'"]) % value
    comma = rng.choice([",", ",", ", ", " ,"]) if kind in ("multifernet", "one") else rng.choice([",", ",,"]) if kind != "one" else ","
    variables = FORMS[kind]
    if kind == "one":
        lines = ["KEYS=" + quote(comma.join(texts))]
    else:
        rest = texts[1:] + ([texts[0]] if rng.randrange(4) == 0 else [])
        lines = [variables[0] + "=" + quote(texts[0])]
        if rest or (kind != "multifernet" and rng.randrange(2)):
            lines.append(rng.choice(["", "export "]) + variables[1] + rng.choice(["=", " = "]) + quote(comma.join(rest)))
    lines += rng.sample(["# comment", "", "A=1", "B='x y'", "MY_APP_KEY=2", "C=${A}"], rng.randint(0, 5))
    rng.shuffle(lines)
    newline = rng.choice(["\n", "\n", "\r\n"])
    return newline.join(lines) + rng.choice(["", newline])


def read(kind, data):
    """The keys in the order of the file, and everything else."""
    text = data.decode()
    if kind == "magento":
        code = re.sub(r"//[^\n]*|/\*.*?\*/", lambda m: " " * len(m.group()), text, flags=re.S)
        found = [m for m in re.finditer(r"'key' => (['\"])(.*?)\1", code, re.S) if m.group(2) != "no"]
        start, end = found[0].span(2)
        return text[start:end].split(), text[:start] + text[end:]
    env = dotenv_values(stream=io.StringIO(text))
    keys = [part.strip() for v in FORMS[kind] for part in (env.pop(v, None) or "").split(",") if part.strip()]
    return keys, dict(env)


def subsequence(after, before):
    rest = iter(before)
    return all(b in rest for b in after)


def check(tool, rng, counts):
    kind = rng.choice(list(FORMS))
    tool.form("magento" if kind == "magento" else "python-dotenv+%s:%s" % ("multifernet" if kind == "one" else kind, ",".join(FORMS[kind])))
    keys = [new_key(rng, kind) for _ in range(rng.randint(1, 6))]
    texts = [k[0] for k in keys]
    data = (php_file(rng, texts) if kind == "magento" else env_file(rng, kind, texts)).encode()
    names = [name_of(kind, t, raw, i) for i, (t, raw) in enumerate(keys)]
    active = names[-1 if kind == "magento" else 0]
    loaded = tool.ask("load", data)
    assert "exit" not in loaded, (kind, loaded)
    assert loaded["versions"] == sorted(names) and loaded["active"] == active, (kind, loaded, names)
    others = [n for n in names if n != active]
    refused = tool.ask("remove " + active, data)
    assert refused.get("id") == 520, refused
    if not others:
        return
    gone = rng.sample(others, rng.randint(1, len(others)))
    edit = tool.ask("remove " + ",".join(gone), data)
    if kind == "multifernet" and len(gone) == len(others) and read(kind, data)[0].count(texts[0]) == 1:
        assert edit.get("id") == 538, edit  # Fernet("") fails
        return
    assert "after" in edit, (kind, edit)
    after = bytes.fromhex(edit["after"])
    old, old_rest = read(kind, data)
    new, new_rest = read(kind, after)
    left = dict(zip(texts, names))
    if kind == "magento":
        want = [tombstone(t) if left[t] in gone else t for t in old]
    else:
        want = [t for t in old if left[t] not in gone]
        assert subsequence(after, data), "bytes that were not there"
    assert new == want, (kind, "the list", new, want)
    assert new_rest == old_rest, (kind, "the rest of the file")
    for text in texts:
        assert text not in edit["show"], "a key is shown"
    counts["removed"] += 1
    back = tool.ask("insert " + ",".join(gone), after, data)
    assert "after" in back, (kind, back)
    again, again_rest = read(kind, bytes.fromhex(back["after"]))
    assert again == old and again_rest == old_rest, (kind, "put back", again, old)
    counts["restored"] += 1
    if kind == "one":
        fresh = new_key(rng, kind)[0]
        later = after.replace(new[0].encode(), fresh.encode() + b"," + new[0].encode(), 1)
        back = tool.ask("insert " + ",".join(gone), later, data)
        assert "after" in back, back
        assert read(kind, bytes.fromhex(back["after"]))[0] == [fresh] + old, "put back behind a new key"
        counts["behind"] += 1


def main():
    tool = Tool()
    rng = random.Random(SEED)
    counts = {"removed": 0, "restored": 0, "behind": 0}
    bad = 0
    for number in range(FILES):
        try:
            check(tool, rng, counts)
        except AssertionError as why:
            bad += 1
            print("# seed %s, file %d: %s" % (SEED, number, why))
            if bad > 3:
                break
    short = [k for k, n in counts.items() if n < FILES // 20]
    print("1..1")
    print("%sok 1 - %d files with keys in a row: %s" % ("not " if bad or short else "", FILES, counts))
    sys.exit(1 if bad or short else 0)


main()
