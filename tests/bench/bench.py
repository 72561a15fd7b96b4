#!/usr/bin/python3
"""make bench: keycensus against the peers that are installed, as ratios of medians in one run.

    bench.py [--rows N] [--runs N] [--keep DIR]

Makes its input with generate (N wide rows; 2,400,000 are about 1 GB), runs ours and each peer in turn,
A B A B, with the input in the page cache, and prints wall seconds, ratios and peak memory. It checks
that the answers agree where the peer gives one, and judges nothing.
"""
import argparse
import os
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get("BUILD", "build/release")
KEYCENSUS = os.path.join(BUILD, "keycensus")
GENERATE = os.path.join(BUILD, "bench", "generate")


def run(command):
    """Wall seconds, CPU seconds, peak kB of one run of a shell command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.monotonic()
    child = subprocess.Popen(["/bin/sh", "-c", "exec " + command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - start
    if status != 0:
        sys.exit(f"bench: failed ({status}): {command}")
    del before
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def pair(ours, peers, runs):
    """Medians of ours and of each peer, run in turn."""
    commands = [ours] + peers
    figures = [[] for _ in commands]
    for turn in range(runs + 1):
        for i, command in enumerate(commands):
            figure = run(command)
            if turn:  # the first turn warms up
                figures[i].append(figure)
    return [tuple(statistics.median(f[k] for f in fs) for k in range(3)) for fs in figures]


def scan(path, report, extra=""):
    return f"{KEYCENSUS} scan {path} -q --overwrite -o {report} {extra}"


def counted(report):
    return dict(sqlite3.connect(report).execute(
        "select version, sum(record_count) from key_usage group by version"))


def mawk_counts(path):
    program = r'{for(i=1;i<=NF;i++){p=index($i,":Z0FBQUFB");if(p>1)n[substr($i,1,p-1)]++}}END{for(v in n)print v,n[v]}'
    out = subprocess.run(["mawk", "-F\t", program, path], capture_output=True, text=True, check=True).stdout
    return {line.split()[0]: int(line.split()[1]) for line in out.splitlines()}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--rows", type=int, default=2400000)
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--keep")
    args = options.parse_args()
    folder = args.keep or tempfile.mkdtemp(prefix="keyretire-bench.")
    os.makedirs(folder, exist_ok=True)
    report = os.path.join(folder, "report.db")

    def make(name, command):
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            subprocess.run(f"{command} > {path}", shell=True, check=True)
        return path

    sql = make("wide.sql", f"{GENERATE} --format sql --rows {args.rows}")
    narrow = make("narrow.sql", f"{GENERATE} --shape narrow --format sql --rows {args.rows * 8}")
    csv = make("wide.csv", f"{GENERATE} --format csv --rows {args.rows}")
    rows = [
        ("plain COPY text", sql, [("wc -l", f"wc -l {sql}"), ("cat", f"cat {sql}")]),
        ("narrow COPY text", narrow, [("wc -l", f"wc -l {narrow}")]),
        ("CSV", csv, [("wc -l", f"wc -l {csv}")]),
    ]
    if shutil.which("gzip"):
        gz = make("wide.sql.gz", f"gzip -6 -c {sql}")
        rows.append(("gzip", gz, [(tool, f"{tool} -dc {gz}") for tool in ("igzip", "gzip") if shutil.which(tool)]))
    if shutil.which("zstd"):
        zst = make("wide.sql.zst", f"zstd -q -c {sql}")
        rows.append(("zstd", zst, [("zstd", f"zstd -q -dc {zst}")]))

    print(f"{os.path.getsize(sql) / 1e6:.0f} MB of COPY text, {args.rows} rows; medians of {args.runs}; "
          f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    print(f"{'input':18} {'ours':>8} {'cpu':>8} {'peak MB':>8}   peers (wall, ratio ours / peer)")
    for name, path, peers in rows:
        medians = pair(scan(path, report), [command for _, command in peers], args.runs)
        ours = medians[0]
        text = "  ".join(f"{peer} {m[0]:.3f} s, {ours[0] / m[0]:.2f}" for (peer, _), m in zip(peers, medians[1:]))
        print(f"{name:18} {ours[0]:7.3f}s {ours[1]:7.3f}s {ours[2] / 1024:8.1f}   {text}", flush=True)
        if name == "plain COPY text" and shutil.which("mawk"):
            if counted(report) != mawk_counts(path):
                sys.exit("bench: the census and mawk disagree")
            print(f"{'':18} the counts agree with mawk's")
    for threads in (1, 2):
        wall, cpu, peak = pair(scan(sql, report, f"--threads {threads}"), [], args.runs)[0]
        print(f"plain, {threads} thread{'s' if threads > 1 else ' '}   {wall:7.3f}s {cpu:7.3f}s {peak / 1024:8.1f}")
    if not args.keep:
        shutil.rmtree(folder)


main()
