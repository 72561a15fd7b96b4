#!/usr/bin/python3
"""The rules by which the application accepts its env file, read with python-dotenv itself."""
import base64
import binascii
import hashlib
import sys

from dotenv import dotenv_values


def decode_salt(text):
    if len(text) % 2 == 0:
        try:
            return bytes.fromhex(text)
        except ValueError:
            pass
    try:
        return base64.urlsafe_b64decode(text)
    except binascii.Error:
        return text.encode()


def check(path):
    values = {k: v for k, v in dotenv_values(path).items() if v is not None}
    upper = {k.split("__", 1)[0] + "__" + k.split("__", 1)[1].lower(): v for k, v in values.items() if "__" in k}
    versions = sorted(k[len("ENCRYPTION_KEYS__"):] for k in upper if k.startswith("ENCRYPTION_KEYS__"))
    active = values["ACTIVE_ENCRYPTION_VERSION"].strip("'\"").lower()
    if active not in versions:
        return f"active version {active} has no key"
    for version in versions:
        salt = upper.get(f"ENCRYPTION_SALT__{version}")
        if salt is None:
            return f"{version} has no salt"
        wanted = upper.get(f"ENCRYPTION_SALT_HASH__{version}")
        if wanted and wanted != hashlib.sha256(decode_salt(salt)).hexdigest():
            return f"{version}: wrong salt hash"
    checksum = values.pop("ENCRYPTION_ENV_CHECKSUM", None)
    text = "\n".join(f"{k}={v}" for k, v in sorted(values.items()))
    if checksum is not None and checksum != hashlib.sha256(text.encode()).hexdigest():
        return "wrong checksum"
    print(f"ok: active {active}, keys and salts of {' '.join(versions)}, checksum {'right' if checksum else 'absent'}")
    return None


problem = check(sys.argv[1])
if problem:
    sys.exit(f"the application would refuse to start: {problem}")
