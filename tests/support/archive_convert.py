"""Rewrites a custom archive of pg_dump 1.14 as another version and compression.

usage: archive_convert.py FROM TO MINOR none|zlib|lz4|zstd [INT_SIZE [OFFSET_SIZE [CHUNK]]]

An implementation of the format apart from the program's, after pg_backup_archiver.c (ReadHead,
ReadToc) and pg_backup_custom.c. zstd and lz4 are the command line tools. Offsets are left unset.
"""
import subprocess
import sys
import zlib


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        self.at += n
        return self.data[self.at - n:self.at]

    def byte(self):
        return self.take(1)[0]

    def int(self):
        sign, value = self.byte(), int.from_bytes(self.take(4), "little")
        return -value if sign else value

    def str(self):
        n = self.int()
        return None if n < 0 else self.take(n)

    def chunks(self):
        out = b""
        while n := self.int():
            out += self.take(n)
        return out


def packed(data, how):
    if how == "zlib":
        return zlib.compress(data, 6)
    if how == "none":
        return data
    tool = {"lz4": ["lz4", "-q", "-c"], "zstd": ["zstd", "-q", "-c"]}[how]
    return subprocess.run(tool, input=data, stdout=subprocess.PIPE, check=True).stdout


def main():
    minor, how = int(sys.argv[3]), sys.argv[4]
    int_size, offset_size, chunk = (list(map(int, sys.argv[5:])) + [4, 8, 4096][len(sys.argv) - 5:])
    # Before 1.13 names of the entry's own schema stood without it.
    unqualified = [b"TABLE", b"TABLE DATA", b"FK CONSTRAINT", b"TABLE ATTACH", b"VIEW"]
    r = Reader(open(sys.argv[1], "rb").read())
    out = bytearray()

    def w_int(n):
        out.extend(bytes([n < 0]) + abs(n).to_bytes(int_size, "little"))

    def w_str(s):
        w_int(-1 if s is None else len(s))
        out.extend(s or b"")

    assert r.take(5) == b"PGDMP" and r.take(3) == b"\1\x0e\0" and r.take(3) == b"\4\10\1"
    level = r.int()
    out += b"PGDMP" + bytes([1, minor, 0, int_size, offset_size, 1])
    if minor >= 15:
        out.append(["none", "zlib", "lz4", "zstd"].index(how))
    else:
        w_int({"none": 0, "zlib": -1}[how])
    for _ in range(7):
        w_int(r.int())
    for _ in range(3):
        w_str(r.str())
    count = r.int()
    w_int(count)
    for _ in range(count):
        w_int(r.int())                         # dumpId
        w_int(data := r.int())
        w_str(r.str())                         # tableoid
        w_str(r.str())                         # oid
        w_str(r.str())                         # tag
        w_str(desc := r.str())
        section = r.int()
        if minor >= 11:
            w_int(section)
        statements = [r.str() for _ in range(5)]  # defn, dropStmt, copyStmt, namespace, tablespace
        if minor < 13 and statements[3] == b"public" and desc in unqualified:
            statements[:3] = [s and s.replace(b"public.", b"") for s in statements[:3]]
        for s in statements:
            w_str(s)
        tableam = r.str()
        if minor >= 14:
            w_str(tableam)
        if minor >= 16:
            w_int(ord("r"))
        w_str(r.str())                         # owner
        w_str(r.str())                         # WITH OIDS
        while (dependency := r.str()) is not None:
            w_str(dependency)
        w_str(None)
        r.take(9)
        out += bytes([1 if data else 3]) + bytes(offset_size)
    while r.at < len(r.data):
        kind = r.byte()
        assert kind == 1, "large objects are not converted"
        out.append(kind)
        w_int(r.int())
        text = r.chunks()
        text = packed(zlib.decompress(text) if level else text, how)
        for at in range(0, len(text), chunk):
            w_int(len(text[at:at + chunk]))
            out += text[at:at + chunk]
        w_int(0)
    open(sys.argv[2], "wb").write(out)


main()
