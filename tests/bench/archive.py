#!/usr/bin/python3
"""A custom archive of pg_dump (1.14, zlib) with one table: archive.py COLUMNS < ROWS > ARCHIVE

ROWS is COPY text, as generate writes it; memory does not grow with it. Written after
pg_backup_archiver.c (WriteHead, WriteToc) and pg_backup_custom.c; pg_restore reads it.
"""
import sys
import zlib

CHUNK = 4096  # ZLIB_OUT_SIZE
PRE_DATA, DATA = 2, 3  # sections
NO_POSITION, NO_DATA = 1, 3  # of an offset


def number(n):
    return bytes([n < 0]) + abs(n).to_bytes(4, "little")


def text(s):
    return number(-1) if s is None else number(len(s)) + s.encode()


def entry(ident, desc, section, definition, copy):
    data = copy is not None
    strings = [definition, "", copy or "", "public", "", None, "postgres", "false"]
    return (number(ident) + number(data) + text("0") + text("0") + text("items") + text(desc) + number(section)
            + b"".join(map(text, strings)) + (text("1") if data else b"") + text(None)
            + bytes([NO_POSITION if data else NO_DATA]) + bytes(8))


def main():
    columns, out = sys.argv[1], sys.stdout.buffer
    table = ", ".join(f"{name.strip()} text" for name in columns.split(","))
    out.write(b"PGDMP" + bytes([1, 14, 0, 4, 8, 1]) + number(-1))
    for part in (0, 0, 10, 20, 10, 126, 0):  # 2026-11-20 10:00:00
        out.write(number(part))
    out.write(text("bench") + text("15.14") + text("15.14") + number(2))
    out.write(entry(1, "TABLE", PRE_DATA, f"CREATE TABLE public.items ({table});\n", None))
    out.write(entry(2, "TABLE DATA", DATA, "", f"COPY public.items ({columns}) FROM stdin;\n"))
    out.write(bytes([1]) + number(2))
    packer, held = zlib.compressobj(), b""
    while rows := sys.stdin.buffer.read(1 << 20):
        held += packer.compress(rows)
        while len(held) > CHUNK:
            out.write(number(CHUNK) + held[:CHUNK])
            held = held[CHUNK:]
    held += packer.compress(b"\\.\n\n\n") + packer.flush()
    for at in range(0, len(held), CHUNK):
        out.write(number(len(held[at:at + CHUNK])) + held[at:at + CHUNK])
    out.write(number(0))


main()
