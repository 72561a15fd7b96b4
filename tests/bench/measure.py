"""measure: what the benches share: runs with their figures, counts of a report, and when to stop."""
import collections
import os
import sqlite3
import statistics
import subprocess
import sys
import time

BUILD = os.environ.get("BUILD", "build/release")
HERE = os.path.dirname(os.path.abspath(__file__))
KEYCENSUS = os.path.join(BUILD, "keycensus")
GENERATE = os.path.join(BUILD, "bench", "generate")

Figure = collections.namedtuple("Figure", "wall cpu peak")


def run(command, feed=None):
    """One run of a shell command, with what `feed` prints as its input: wall seconds, CPU seconds, peak MB.

    The peak cannot read below what this program itself takes, some 25 MB.
    """
    start = time.monotonic()
    feeder = subprocess.Popen(["/bin/sh", "-c", "exec " + feed], stdout=subprocess.PIPE) if feed else None
    child = subprocess.Popen(["/bin/sh", "-c", "exec " + command], stdout=subprocess.DEVNULL,
                             stdin=feeder.stdout if feeder else None)
    if feeder:
        feeder.stdout.close()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - start
    if status != 0 or (feeder and feeder.wait() != 0):
        sys.exit(f"bench: failed ({status}): {command}")
    return Figure(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def in_turn(commands, runs):
    """The medians of each command's runs; the first of them warms up."""
    figures = [[] for _ in commands]
    for turn in range(runs + 1):
        for i, command in enumerate(commands):
            figure = run(command)
            if turn:
                figures[i].append(figure)
    return [Figure(*map(statistics.median, zip(*fs))) for fs in figures]


def scan(path, report, extra=""):
    return f"{KEYCENSUS} scan {path} -q --overwrite -o {report} {extra}"


def counted(report):
    """Version -> records, in all columns."""
    return dict(sqlite3.connect(report).execute(
        "select version, sum(record_count) from key_usage group by version"))


def printed_counts(command):
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return {line.split()[0]: int(line.split()[1]) for line in out.splitlines()}


def summary(report, item):
    (value,) = sqlite3.connect(report).execute("select value from summary where item = ?", (item,)).fetchone()
    return value


def must_be(seen, expected, what):
    if seen != expected:
        sys.exit(f"bench: {what}: {seen}, expected {expected}")


def line(name, figure, rest=""):
    print(f"{name:18} {figure.wall:7.3f}s {figure.cpu:7.3f}s {figure.peak:8.1f}   {rest}".rstrip(), flush=True)
