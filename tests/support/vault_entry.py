#!/usr/bin/python3
"""Another writer of the vault's format, for tests: formats.md 5 with Python's own libraries.

vault_entry.py DIR NAME [HASH]    adds an entry as the original wrote it; its hash is the sha256 of its name
"""
import base64
import hashlib
import os
import sys

import yaml
from cryptography.hazmat.primitives.ciphers.aead import AESGCM


def key_of(master, salt):
    return AESGCM(hashlib.pbkdf2_hmac("sha256", master, salt, 100000, 32))


def opened(master, text):
    raw = base64.b64decode(text, validate=True)
    return key_of(master, raw[:32]).decrypt(raw[32:44], raw[44:], None)


def sealed(master, plain):
    salt, nonce = os.urandom(32), os.urandom(12)
    return base64.b64encode(salt + nonce + key_of(master, salt).encrypt(nonce, plain, None)).decode()


def main():
    folder, name = sys.argv[1:3]
    with open(folder + "/.secret_vault.key", "rb") as f:
        master = f.read()
    path = folder + "/secrets.vault"
    with open(path, encoding="ascii") as f:
        vault = yaml.safe_load(opened(master, f.read()))
    id = sys.argv[3] if len(sys.argv) > 3 else hashlib.sha256(name.encode()).hexdigest()
    vault["secrets"][name] = {"value": sealed(master, b"sk-or-v1-CaNaRy" + name.encode()), "id": id}
    with open(path, "w", encoding="ascii") as f:
        f.write(sealed(master, yaml.safe_dump(vault).encode()))


main()
