#!/usr/bin/python3
"""make bench: keycensus against the peers that are installed, as ratios of medians in one run.

    bench.py [--rows N] [--runs N] [--stream-gb GB] [--field-mb MB] [--keep DIR] [--only NAME]

Makes its input with generate (N wide rows; 2,400,000 are about 1 GB), runs ours and each peer in turn,
A B A B, with the input in the page cache, and prints wall seconds, CPU seconds (they tell more on a busy
machine), ratios beside their targets, and peak memory. It stops when the answers do not agree with the
peers', with each other or with what was generated, and judges nothing else. Peers: wc, cat, mawk,
Python's csv, igzip, gzip, zstd, pg_restore; DuckDB where the npm package @duckdb/node-api is on NODE_PATH
(npm install --prefix DIR @duckdb/node-api; NODE_PATH=DIR/node_modules). The figures of memory:
--only stream --only field --stream-gb 10 --field-mb 1000.
"""
import argparse
import collections
import csv
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # of the modules beside this one

from apply import bench_apply
from large import bench_field, bench_start, bench_stream, mawk_counts
from measure import GENERATE, HERE, counted, in_turn, printed_counts, run, scan

# zsv's fast parser, counting rows only, took 1.42 times as long as `wc -l` on the CSV file of the same
# 2.5 million rows (0.165 s, 0.116 s). It cannot be installed from Debian: wc stands in for it.
ZSV_TO_WC = 1.42
WIDE_COLUMNS = "id, email, name, secret, created, note, token, flags"  # as generate.c has them

Peer = collections.namedtuple("Peer", "name command target scale", defaults=(None, 1.0))
Row = collections.namedtuple("Row", "name path peers")


def python_counts(path):
    """The counts by Python's csv module, and its seconds."""
    counts = collections.Counter()
    start = time.monotonic()
    with open(path, newline="") as text:
        for record in csv.reader(text):
            for cell in record:
                at = cell.find(":Z0FBQUFB")
                if at > 0:
                    counts[cell[:at]] += 1
    return dict(counts), time.monotonic() - start


def duckdb_command(path):
    command = ["node", os.path.join(HERE, "duckdb.js"), path, "secret", "token"]
    probe = ["node", "-e", "require('@duckdb/node-api')"]
    if not shutil.which("node") or subprocess.run(probe, capture_output=True).returncode:
        return None
    return command


def must_agree(report, counts, with_whom):
    if counted(report) != counts:
        sys.exit(f"bench: the census and {with_whom} disagree: {counted(report)} {counts}")
    print(f"{'':18} the counts agree with those of {with_whom}")


def show(row, medians):
    ours = medians[0]
    print(f"{row.name:18} {ours.wall:7.3f}s {ours.cpu:7.3f}s {ours.peak:8.1f}")
    for peer, figure in zip(row.peers, medians[1:]):
        wall = figure.wall * peer.scale
        target = f"   (target: at most {peer.target})" if peer.target else ""
        cpu = figure.cpu * peer.scale
        print(f"{'':18} {wall:7.3f}s {cpu:7.3f}s {peer.name:28} ratio {ours.wall / wall:6.2f}{target}", flush=True)


class Inputs:
    """Files made when first asked for, kept in one folder."""

    def __init__(self, folder):
        self.folder = folder

    def make(self, name, command):
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            subprocess.run(f"{command} > {path}.part && mv {path}.part {path}", shell=True, check=True)
        with open(path, "rb") as f:  # into the page cache
            while f.read(1 << 20):
                pass
        return path

    def wide(self, rows, form="sql"):
        return self.make(f"wide-{rows}.{form}", f"{GENERATE} --format {form} --rows {rows}")

    def narrow(self, rows):
        return self.make(f"narrow-{rows}.sql", f"{GENERATE} --shape narrow --format sql --rows {rows}")


def wc(path, target):
    return Peer("wc -l", f"wc -l {path}", target)


def bench_plain(b):
    path = b.inputs.wide(b.rows)
    peers = [wc(path, 1.3), Peer("cat", f"cat {path}")]
    show(Row("plain COPY text", path, peers), b.race(path, peers))
    if shutil.which("mawk"):
        must_agree(b.report, mawk_counts(f"cat {path}"), "mawk")


def bench_narrow(b):
    path = b.inputs.narrow(8 * b.rows)
    peers = [wc(path, 2)]
    show(Row("narrow COPY text", path, peers), b.race(path, peers))
    records = sqlite3.connect(b.report).execute("select value from summary where item = 'rows'").fetchone()
    if int(records[0]) != 8 * b.rows:
        sys.exit(f"bench: {records[0]} records of {8 * b.rows}")


def bench_csv(b):
    path = b.inputs.wide(b.rows, "csv")
    peers = [wc(path, None), Peer("zsv, count only (wc x 1.42)", f"wc -l {path}", 1.2, ZSV_TO_WC)]
    duckdb = duckdb_command(path)
    if duckdb:
        peers.append(Peer("DuckDB read_csv, group by", " ".join(duckdb), 0.25))
    medians = b.race(path, peers)
    show(Row("CSV with quotes", path, peers), medians)
    counts, seconds = python_counts(path)
    print(f"{'':18} {seconds:7.3f}s {'':8} {'Python csv, once':28} ratio {medians[0].wall / seconds:6.2f}")
    must_agree(b.report, counts, "Python's csv")
    if duckdb:
        must_agree(b.report, printed_counts(duckdb), "DuckDB")


def bench_packed(b, name, pack, suffix, tools, target):
    if not shutil.which(pack.split()[0]):
        return
    plain = b.inputs.wide(b.rows)
    path = b.inputs.make(f"wide-{b.rows}.sql.{suffix}", f"{pack} {plain}")
    peers = [Peer(f"{tool} -dc", f"{tool} -q -dc {path}" if tool == "zstd" else f"{tool} -dc {path}",
                  target if i == 0 else None)
             for i, tool in enumerate(tools) if shutil.which(tool)]
    show(Row(name, path, peers), b.race(path, peers))
    packed = counted(b.report)
    run(scan(plain, b.report))
    must_agree(b.report, packed, f"the {name} file")


def bench_gzip(b):
    bench_packed(b, "gzip", "gzip -6 -c", "gz", ["igzip", "gzip"], 1.1)


def bench_zstd(b):
    bench_packed(b, "zstd", "zstd -q -c", "zst", ["zstd"], 1.1)


def bench_custom(b):
    """The one table of the plain dump as pg_dump -Fc writes it."""
    if not shutil.which("pg_restore"):
        return
    plain = b.inputs.wide(b.rows)
    rows = f"{GENERATE} --format copy --rows {b.rows}"
    path = b.inputs.make(f"wide-{b.rows}.dump", f"{rows} | {b.archive(WIDE_COLUMNS)}")
    peers = [Peer("pg_restore -f /dev/null", f"pg_restore -f /dev/null {path}", 0.5)]
    show(Row("custom format", path, peers), b.race(path, peers))
    must_agree(b.report, mawk_counts(f"pg_restore -f - {path}"), "pg_restore | mawk")
    packed = counted(b.report)
    run(scan(plain, b.report))
    must_agree(b.report, packed, "the custom format")


def bench_growth(b):
    half, whole = b.inputs.wide(b.rows // 2), b.inputs.wide(b.rows)
    small = b.inputs.wide(2500)
    one, two, least = in_turn([scan(p, b.report) for p in (half, whole, small)], b.runs)
    print(f"{'twice the rows':18} {two.wall:7.3f}s {two.cpu:7.3f}s {two.peak:8.1f}")
    print(f"{'':18} {one.wall:7.3f}s {one.cpu:7.3f}s {'half of them':28} ratio {two.wall / one.wall:6.2f}   "
          "(target: 1.9 to 2.1)")
    print(f"{'':18} {'peak MB':>8} {'':8} {'of 2,500 rows':28}   {least.peak:8.1f}   (target: flat, at most 48)")


def bench_threads(b):
    path = b.inputs.wide(b.rows)
    for threads in (1, 2, 4):
        (figure,) = in_turn([scan(path, b.report, f"--threads {threads}")], b.runs)
        print(f"{f'plain, threads {threads}':18} {figure.wall:7.3f}s {figure.cpu:7.3f}s {figure.peak:8.1f}")


BENCHES = {"plain": bench_plain, "narrow": bench_narrow, "csv": bench_csv, "gzip": bench_gzip,
           "zstd": bench_zstd, "custom": bench_custom, "growth": bench_growth, "stream": bench_stream,
           "field": bench_field, "start": bench_start, "apply": bench_apply,
           "threads": bench_threads}


class Bench:
    def __init__(self, args, folder):
        self.rows = args.rows
        self.runs = args.runs
        self.stream_gb = args.stream_gb
        self.field_mb = args.field_mb
        self.inputs = Inputs(folder)
        self.report = os.path.join(folder, "report.db")

    @staticmethod
    def archive(columns):
        return f"{sys.executable} {os.path.join(HERE, 'archive.py')} '{columns}'"

    def race(self, path, peers):
        return in_turn([scan(path, self.report)] + [peer.command for peer in peers], self.runs)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rows", type=int, default=2400000)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--stream-gb", type=float, default=2, help="of the dump that comes by a pipe")
    options.add_argument("--field-mb", type=float, default=100, help="of the one long field")
    options.add_argument("--keep", metavar="DIR", help="where the input stays for the next time")
    options.add_argument("--only", choices=BENCHES, action="append")
    args = options.parse_args()
    folder = args.keep or tempfile.mkdtemp(prefix="keyretire-bench.")
    os.makedirs(folder, exist_ok=True)
    try:
        bench = Bench(args, folder)
        size = os.path.getsize(bench.inputs.wide(args.rows))
        print(f"{size / 1e6:.0f} MB of COPY text, {args.rows} rows; medians of {args.runs}; "
              f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
        print(f"{'input':18} {'wall':>8} {'cpu':>8} {'peak MB':>8}   and below each: peers, ratio ours / peer")
        for name in args.only or BENCHES:
            BENCHES[name](bench)
    finally:
        if not args.keep:
            shutil.rmtree(folder)


main()
