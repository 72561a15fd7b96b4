#!/usr/bin/env python3
"""Another implementation of the vault's format, for tests: formats.md 5 with Python's own libraries.

vault_read.py DIR              the decrypted YAML
vault_read.py DIR NAME         one value
vault_read.py DIR --versions   how many master keys are known, and whether the file's is current
vault_read.py DIR --versions-key N   the N-th known one, as bytes
"""
import base64
import hashlib
import sys

import yaml
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def opened(master, text):
    raw = base64.b64decode(text, validate=True)
    key = hashlib.pbkdf2_hmac("sha256", master, raw[:32], 100000, 32)
    return AESGCM(key).decrypt(raw[32:44], raw[44:], None)


def main():
    folder, what = sys.argv[1], sys.argv[2:]
    with open(folder + "/.secret_vault.key", "rb") as f:
        master = f.read()
    with open(folder + "/secrets.vault", encoding="ascii") as f:
        text = opened(master, f.read())
    vault = yaml.safe_load(text)
    if not what:
        sys.stdout.buffer.write(text)
    elif what[0] == "--versions":
        current = bytes(vault["keyversions"][vault["currentkeyid"]]["key"]) == master
        print(len(vault["keyversions"]), "current" if current else "other")
    elif what[0] == "--versions-key":
        sys.stdout.buffer.write(bytes(list(vault["keyversions"].values())[int(what[1])]["key"]))
    else:
        sys.stdout.buffer.write(opened(master, vault["secrets"][what[0]]["value"]) + b"\n")


main()
