#!/usr/bin/env python3
"""verify_values.py FOLDER [ITERATIONS]: a configuration, and a dump of what its keys made.

Made with Python's own hashlib and hmac. FOLDER/.env.crypto has v1 to v5, v5 active, with the keys
of formats.md for v1 to v3. FOLDER/secrets.txt has every secret that no output may hold, a line
each: passwords, derived keys, their MAC halves. The dumps:

    mixed.sql   public.users.otp and public.notes.body: every class
    legacy.sql  public.users.otp: values of v1 without a label, and of v5
"""
import base64
import hashlib
import hmac
import json
import random
import struct
import sys
import time

folder, iterations = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 100000
random.seed(7)
DAY = 86400
NOW = int(time.time())


def b64(data):
    return base64.urlsafe_b64encode(data).decode()


PASSWORDS = {
    "v1": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
    "v2": "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=",
    "v3": "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=",
    "v4": "fourth-CaNaRy-0123456789",
    "v5": "fifth-CaNaRy-0123456789",
}
SALTS = {
    "v1": "oKGio6SlpqeoqaqrrK2urw==",
    "v2": "sLGys7S1tre4ubq7vL2-vw==",
    "v3": "wMHCw8TFxsfIycrLzM3Ozw==",
    "v4": "0NHS09TV1tfY2drb3N3e3w==",
    "v5": "4OHi4-Tl5ufo6err7O3u7w==",
}
KEYS = {
    v: hashlib.pbkdf2_hmac("sha256", PASSWORDS[v].encode(), base64.urlsafe_b64decode(SALTS[v]), iterations, 32)
    for v in PASSWORDS
}
KEYS["nobody"] = bytes(range(32))


def token(key, days_ago, blocks=2):
    raw = b"\x80" + struct.pack(">Q", NOW - days_ago * DAY) + random.randbytes(16 + 16 * blocks)
    raw += hmac.new(KEYS[key][:16], raw, hashlib.sha256).digest()
    return b64(b64(raw).encode())


def copy(name, column, cells):
    out = f"CREATE TABLE {name} (\n    id integer,\n    {column} text\n);\n\n"
    out += f"COPY {name} (id, {column}) FROM stdin;\n"
    for i, cell in enumerate(cells):
        out += f"{i}\t" + (r"\N" if cell is None else cell.replace("\\", "\\\\")) + "\n"
    return out + "\\.\n\n"


def dump(path, *tables):
    started = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(NOW - 60))
    with open(f"{folder}/{path}", "w") as f:
        f.write(f"--\n-- PostgreSQL database dump\n--\n\n-- Started on {started} UTC\n\n")
        f.write("".join(tables) + "--\n-- PostgreSQL database dump complete\n--\n")


with open(f"{folder}/.env.crypto", "w") as f:
    f.write('ACTIVE_ENCRYPTION_VERSION="v5"\n')
    for v in PASSWORDS:
        f.write(f'ENCRYPTION_KEYS__{v}="{PASSWORDS[v]}"\nENCRYPTION_SALT__{v}="{SALTS[v]}"\n')
with open(f"{folder}/secrets.txt", "w") as f:
    for v in PASSWORDS:
        f.write(f"{PASSWORDS[v]}\n{KEYS[v].hex()}\n{KEYS[v][:16].hex()}\n{KEYS[v][16:].hex()}\n")
with open(f"{folder}/keys.json", "w") as f:
    json.dump({v: KEYS[v].hex() for v in PASSWORDS}, f)

users = ["v5:" + token("v5", 1 + i) for i in range(4)]
users += ["v2:" + token("v2", 900, 1), "V2:" + token("v2", 901, 3)]
users += ["v2:" + token("v3", 800)]
users += [token("v1", 1500), token("v1", 1501), token("v2", 902)]
users += ["v5:" + token("nobody", 5), token("nobody", 2000), "v9:" + token("v2", 903)]
users += [("v2:" + token("v2", 904))[:-9]]
users += [None, "", "not encrypted"]
notes = [json.dumps({"key": "v5:" + token("v5", 3), "old": "v1:" + token("v1", 1502)})]
notes += [json.dumps({"key": token("v1", 1503)})]
notes += ["v5:" + token("v5", 2, 40), "v5:" + token("v5", 2, 400), "a note"]
dump("mixed.sql", copy("public.users", "otp", users), copy("public.notes", "body", notes))
dump("legacy.sql", copy("public.users", "otp", [token("v1", 1500 + i) for i in range(6)] + users[:4]))
