#!/usr/bin/python3
"""The CSV reader against Python's csv module: what csv.writer wrote reads back the same, in whatever
pieces it comes; random text is cut into the same records and fields as csv.reader cuts it; and the
dialect is found by sniffing.

CSV_FILES sets the number of files of each property, CSV_SEED the seed; a failure prints the file."""
import csv
import io
import json
import os
import random
import subprocess
import sys

BUILD = os.environ.get("BUILD", os.path.dirname(os.path.abspath(__file__)) + "/../../build/release")
FILES = int(os.environ.get("CSV_FILES", "1500"))
SEED = os.environ.get("CSV_SEED", "1")
CELLS = ["", "a", "v2:Z0FBQUFB", "x y", "O'Brien", '5" pipe', '"', '""', "'", "\n", "a\nb", "\r\n",
         ",", ";", "|", "\t", "a,b", "\\", "\\N", '\\"', "NULL", "é", "0", " lead", "trail ", "\r"]


class Tool:
    def __init__(self):
        self.child = subprocess.Popen([BUILD + "/support/csv_tool"], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE)

    def ask(self, head, content):
        self.child.stdin.write(f"{head} {len(content)}\n".encode() + content)
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            raise AssertionError("csv_tool died")
        answer = json.loads(line)
        rows = [["" if c is None else bytes.fromhex(c).decode("utf-8", "surrogateescape")
                 for c in r] for r in answer["records"]]
        return rows, answer["finish"]


def piece(rng):
    return rng.choice([1, 2, 3, 5, 17, 1 << 20])


def cell(rng):
    if rng.random() < 0.5:
        return rng.choice(CELLS)
    return "".join(rng.choice(CELLS) for _ in range(rng.randint(1, 4)))


def without_cr(rows):
    """Python leaves a CR unquoted where lines end in LF; then it is half a line end to any reader."""
    return [[c.replace("\r", "") for c in r] for r in rows]


def write(rows, **dialect):
    out = io.StringIO(newline="")
    csv.writer(out, **dialect).writerows(rows)
    return out.getvalue().encode()


def written_files_read_back_the_same(tool, rng):
    delimiter = rng.choice(",;\t|^")
    width = rng.randint(1, 6)
    rows = [[cell(rng) for _ in range(width)] for _ in range(rng.randint(1, 8))]
    quote = rng.choice("\"'")
    end = rng.choice(["\n", "\r\n"])
    style = rng.choice(["doubled", "escaped", "unquoted"])
    if style == "unquoted" or end == "\n":
        rows = without_cr(rows)
    if style == "doubled":
        text = write(rows, delimiter=delimiter, quotechar=quote, lineterminator=end,
                     quoting=rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]))
        escape = quote
    elif style == "escaped":
        rows = [[c.replace("\\", "/") for c in r] for r in rows]
        text = write(rows, delimiter=delimiter, quotechar=quote, doublequote=False, escapechar="\\",
                     quoting=csv.QUOTE_ALL, lineterminator=end)
        escape = "\\"
    else:
        rows = [r if any(r) else ["x"] * width for r in rows]  # Python refuses one empty field
        text = write(rows, delimiter=delimiter, quotechar=None, escapechar="\\",
                     quoting=csv.QUOTE_NONE, lineterminator=end)
        quote, escape = "\0", "\\"
    head = f"{piece(rng)} {ord(delimiter):02x} {ord(quote):02x} {ord(escape):02x} lf"
    got, finish = tool.ask(head, text)
    assert finish == 0 and got == rows, (head, text, got)


def random_text_is_cut_as_by_the_reader(tool, rng):
    letters = rng.choice(['",\n', '",\na', '"",\n\nab ', '",;a\n\\'])
    text = "".join(rng.choice(letters) for _ in range(rng.randint(1, 60)))
    got, finish = tool.ask(f"{piece(rng)} 2c 22 22 lf", text.encode())
    wanted = list(csv.reader(io.StringIO(text, newline="")))
    if finish == 350:  # the reader takes the open field as it is; all before it must be the same
        assert got == [r or [""] for r in wanted[:len(got)]], (text, got, wanted)
        assert len(got) == len(wanted) - 1, (text, got, wanted)
        return
    assert got == [r or [""] for r in wanted], (text, got, wanted)


def cr_files_read_as_lf_files(tool, rng):
    rows = [[cell(rng).replace("\n", "").replace("\r", "") for _ in range(3)]
            for _ in range(rng.randint(1, 8))]
    text = write(rows, lineterminator="\r")
    got, finish = tool.ask(f"{piece(rng)} 2c 22 22 cr", text)
    assert finish == 0 and got == rows, (text, got)


def dialect_is_found_by_its_bytes(tool, rng):
    delimiter = rng.choice(",;\t|")
    width = rng.randint(2, 6)
    rows = [[cell(rng).replace("\\", "") for _ in range(width)] for _ in range(rng.randint(5, 12))]
    rows = [[c + "x" if c.startswith("'") else c for c in r] for r in rows]
    rows.insert(0, [f"name_{i}" for i in range(width)])
    text = write(without_cr(rows), delimiter=delimiter, lineterminator=rng.choice(["\n", "\r\n"]))
    rows = without_cr(rows)
    got, finish = tool.ask(f"{piece(rng)} sniff", text)
    assert finish == 0 and got == rows, (text, got)


def main():
    properties = [written_files_read_back_the_same, random_text_is_cut_as_by_the_reader,
                  cr_files_read_as_lf_files, dialect_is_found_by_its_bytes]
    print(f"1..{len(properties)}")
    bad = 0
    for number, check in enumerate(properties, 1):
        tool = Tool()
        rng = random.Random(f"{SEED} {check.__name__}")
        try:
            for _ in range(FILES):
                check(tool, rng)
            print(f"ok {number} - {check.__name__} ({FILES} files, seed {SEED})")
        except AssertionError as why:
            bad = 1
            print(f"not ok {number} - {check.__name__}")
            print("# " + repr(why.args).replace("\n", "\n# "))
    sys.exit(bad)


main()
