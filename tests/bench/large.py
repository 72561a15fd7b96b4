"""large: what must not grow: memory with a dump that comes by a pipe or with one long field, and the start."""
import os
import shutil

from measure import GENERATE, KEYCENSUS, counted, in_turn, line, must_be, printed_counts, run, scan, summary

MEMORY = "(target: peak at most 48 MiB)"
WIDE_ROW = 401.6  # bytes, on average
MAWK = (r'{for(i=1;i<=NF;i++){p=index($i,":Z0FBQUFB");if(p>1)n[substr($i,1,p-1)]++}}'
        r'END{for(v in n)print v,n[v]}')


def mawk_counts(dump):
    """Of COPY text that this shell command prints."""
    return printed_counts(["/bin/sh", "-c", f"{dump} | mawk -F '\t' '{MAWK}'"])


def bench_stream(b):
    rows = max(int(b.stream_gb * 1e9 / WIDE_ROW), 1)
    dump = f"{GENERATE} --format sql --rows {rows}"
    figure = run(scan("-", b.report, "--dump-time 2026-11-20T10:00:00Z"), feed=dump)
    line(f"{b.stream_gb:g} GB by a pipe", figure, MEMORY)
    must_be(int(summary(b.report, "rows")), rows, "records of the stream")
    if shutil.which("mawk"):
        must_be(counted(b.report), mawk_counts(dump), "the counts of the stream, by mawk")
        print(f"{'':18} the counts agree with those of mawk")


def bench_field(b):
    """Three records: the second has the long field, and what is counted stands before and behind it."""
    size = int(b.field_mb * 1e6)
    for form in ("sql", "insert", "csv", "dump"):
        name = f"field-{size}.{form}"
        rows = f"{GENERATE} --field {size} --format {'copy' if form == 'dump' else form}"
        path = b.inputs.make(name, f"{rows} | {b.archive('id, body')}" if form == "dump" else rows)
        line(f"{b.field_mb:g} MB field, {form}", run(scan(path, b.report)), MEMORY)
        must_be((int(summary(b.report, "rows")), counted(b.report)), (3, {"v1": 1, "v2": 1}),
                f"records and counts of {name}")
        os.unlink(path)


def bench_start(b):
    path = b.inputs.wide(1)
    scanned, version = in_turn([scan(path, b.report), f"{KEYCENSUS} --version"], max(b.runs, 9))
    line("start, one record", scanned, "(target: under 0.050 s)")
    line("start, --version", version, "(target: under 0.050 s)")
    must_be(int(summary(b.report, "rows")), 1, "records of one")
