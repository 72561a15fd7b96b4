#!/usr/bin/env bats
# The fixed contract of the command line that both programs share (cli.md, "Common").

load lib

setup() {
    scratch
    make_env .env.crypto v3 v1 v2 v3
    { echo 'id,secret'; seal .env.crypto v3 4 | sed 's/^/1,/'; } >values.csv
    keycensus scan values.csv --env-file .env.crypto -q -o report.db
}
teardown() { unscratch; }

plan() {
    keyretire plan --report report.db --env-file .env.crypto --accept 'partial-input:a CSV export' \
        --state-dir "$STATE" -q "$@"
}

@test "every program and command has a short and a long help, and a version" {
    for program in keycensus keyretire; do
        run "$program" --version
        [ "$status" -eq 0 ]
        [[ "$output" =~ ^$program\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
        for command in $("$program" -h | sed -n 's/^  \([a-z-]*\)  .*/\1/p'); do
            run "$program" "$command" --help
            [ "$status" -eq 0 ]
            [ "$(printf '%s\n' "$output" | grep -c '^usage: ')" -eq 1 ]
            printf '%s\n' "$output" | grep -q '^Exit status:'
            run "$program" "$command" -h
            [ "$status" -eq 0 ]
        done
    done
    # Prose fits a terminal of 80 columns; commands to copy stay whole.
    for help in "keycensus --help" "keyretire --help" "keycensus scan --help" "keyretire plan --help"; do
        $help | grep -v -e '^  ke' -e '^  pg_dump' -e '^  #' -e '^usage:' >prose
        [ "$(wc -l <prose)" -gt 20 ]
        [ "$(awk 'length > 80' prose)" = "" ]
    done
    # Examples come first.
    run keycensus scan --help
    [ "$(printf '%s\n' "$output" | sed -n 3p)" = "Examples:" ]
}

@test "reserved commands answer 'not in this version' with exit 2" {
    for command in html export shards merge; do
        run keycensus "$command" x
        [ "$status" -eq 2 ]
        printf '%s\n' "$output" | grep -q 'not in this version'
    done
}

@test "unknown commands and options exit 2 and name the nearest one" {
    run keycensus scna x
    [ "$status" -eq 2 ]
    printf '%s\n' "$output" | grep -q 'hint: did you mean keycensus scan?'
    run keycensus scan values.csv --treads 2 -o x.db
    [ "$status" -eq 2 ]
    printf '%s\n' "$output" | grep -q 'hint: did you mean --threads?'
    run keyretire
    [ "$status" -eq 2 ]
}

@test "an error names its file once" {
    for command in "apply nothing.txt --yes" "show nothing.txt" "plan --report nothing.txt --env-file .env.crypto"; do
        # shellcheck disable=SC2086 # a command with its options
        run keyretire $command
        [ "$status" -eq 6 ]
        [ "$(printf '%s\n' "$output" | grep -c 'nothing.txt')" -eq 1 ]
    done
}

@test "errors have a stable id, a hint, and explain knows the id" {
    run keyretire show no-such-plan
    [ "$status" -eq 6 ]
    id=$(printf '%s\n' "$output" | sed -n 's/^keyretire: error\[\(R[0-9]*\)\]: .*/\1/p')
    [ -n "$id" ]
    run keyretire explain "$id"
    [ "$status" -eq 0 ]
    [ "$(printf '%s\n' "$output" | head -1 | cut -c1-5)" = "$id" ]
    run keyretire explain orphan
    [ "$status" -eq 0 ]
    run keyretire explain nonsense
    [ "$status" -eq 6 ]
}

@test "with --json the data is JSON on standard output and errors stay text on standard error" {
    keycensus show report.db --json | python3 -m json.tool >/dev/null
    keycensus inspect values.csv --json | python3 -m json.tool >/dev/null
    plan -o plan.txt
    keyretire show plan.txt --json | python3 -m json.tool >/dev/null
    keycensus show missing.db --json >out 2>err && false
    [ ! -s out ]
    grep -q '^keycensus: error\[K' err
    keyretire apply missing.txt --json --yes >out 2>err && false
    [ ! -s out ]
    grep -q '^keyretire: error\[R' err
}

@test "show --json of a plan has the shape of cli.md" {
    plan --keep-versions 1 -o plan.txt
    keyretire show plan.txt --json >show.json
    python3 - <<'PY'
import json
p = json.load(open("show.json"))
assert set(p) >= {"plan_id", "active", "versions", "keep", "remove", "blockers", "warnings", "targets"}, p.keys()
assert p["active"] == "v3"
by = {v["version"]: v for v in p["versions"]}
assert by["v3"]["record_count"] == 4 and by["v3"]["percentage"] == 100.0
assert by["v3"]["is_active"] and not by["v3"]["is_removable"]
assert by["v1"]["is_removable"] and not by["v1"]["is_active"] and by["v1"]["record_count"] == 0
assert [k["version"] for k in p["keep"]] == ["v3"] and p["keep"][0]["reason"] == "active"
assert [r["version"] for r in p["remove"]] == ["v1", "v2"]
assert all(len(r["fingerprint"]) == 16 for r in p["remove"])
t = p["targets"][0]
assert t["path"].endswith("/.env.crypto") and len(t["sha256_before"]) == len(t["sha256_after"]) == 64
PY
    [ "$(python3 -c 'import json;print(json.load(open("show.json"))["targets"][0]["sha256_before"])')" = \
        "$(sha256sum <.env.crypto | cut -d' ' -f1)" ]
}

@test "-o is atomic, refuses an existing file with exit 2, and --overwrite replaces it" {
    echo mine >there
    run plan -o there
    [ "$status" -eq 2 ]
    [ "$(cat there)" = mine ]
    run keycensus show report.db -o there
    [ "$status" -eq 2 ]
    [ "$(cat there)" = mine ]
    run keycensus scan values.csv -o there
    [ "$status" -eq 2 ]
    [ "$(cat there)" = mine ]
    run plan -o there --overwrite
    [ "$status" -eq 0 ]
    [ "$(head -c 15 there)" = "keyretire plan " ]
    [ -z "$(find . -name '*.tmp')" ]
}

@test "standard input, output and error may be closed" {
    keycensus scan values.csv -o a.db <&- >/dev/null 2>&1
    [ "$(query a.db "select value from summary where item='status'")" = complete ]
    keycensus scan values.csv -o b.db 2>&-
    [ "$(query b.db "select value from summary where item='rows'")" = 4 ]
    run bash -c 'keycensus show report.db >&-'
    [ "$status" -eq 13 ]
    plan --keep-versions 1 -o plan.txt
    before=$(sha256sum <.env.crypto)
    run bash -c 'keyretire apply plan.txt --state-dir "$0" <&-' "$STATE"
    [ "$status" -eq 7 ]
    [ "$(sha256sum <.env.crypto)" = "$before" ]
}

@test "colours only where they are wanted" {
    run keycensus show report.db
    [[ "$output" != *$'\033'* ]]
    run keycensus show report.db --color always
    [[ "$output" == *$'\033'* ]]
    NO_COLOR=1 run keycensus show report.db --color auto
    [[ "$output" != *$'\033'* ]]
}

@test "a reader that stops early does not make an error message" {
    mkfifo pipe
    : <pipe & # gone as soon as there is somebody to read from
    run bash -c 'keycensus show report.db --json 2>&1 >pipe'
    [ "$status" -eq 141 ] # as the signal that the shell's own tools end with
    [ -z "$output" ]
}

@test "SIGUSR1 prints one progress line even with --quiet" {
    mkfifo pipe
    keycensus scan - --dump-time "$(utc 60)" -q -o p.db <pipe 2>talk &
    pid=$!
    exec 7>pipe
    cat values.csv >&7
    await catches $pid USR1
    kill -USR1 $pid
    await test -s talk
    for i in 1 2 3 4 5; do cat values.csv | tail -n +2 >&7; done
    exec 7>&-
    wait $pid
    [ "$(grep -c 'records' talk)" -eq 1 ]
    [ "$(query p.db "select value from summary where item='rows'")" = 24 ]
}

@test "--progress json gives one object a line on standard error" {
    keycensus scan values.csv -o j.db --progress json >/dev/null 2>talk
    python3 - <<'PY'
import json
lines = [json.loads(l) for l in open("talk") if l.startswith("{")]
assert lines and set(lines[-1]) == {"progress", "bytes", "total_bytes", "records", "seconds"}, lines
PY
}

@test "--log-file keeps what was said" {
    run keycensus show missing.db --log-file log
    [ "$status" -eq 6 ]
    grep -Eq '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}Z keycensus: .*error\[K' log
}

@test "an interrupted scan exits 130 and leaves no report" {
    mkfifo pipe
    keycensus scan - --dump-time "$(utc 60)" -q -o gone.db <pipe 2>talk &
    pid=$!
    exec 7>pipe
    cat values.csv >&7
    await catches $pid INT
    kill -INT $pid # while it waits for more
    code=0
    wait $pid || code=$?
    exec 7>&-
    [ "$code" -eq 130 ]
    [ ! -e gone.db ]
}

@test "a new report can be read by sqlite3, described by _doc, and is one file" {
    [ "$(query report.db 'pragma integrity_check')" = ok ]
    [ "$(query report.db 'pragma application_id')" -ne 0 ]
    [ "$(query report.db 'pragma user_version')" -ge 1 ]
    [ "$(query report.db "select count(*) from _doc where table_name='key_usage'")" -ge 8 ]
    [ ! -e report.db-wal ]
    [ ! -e report.db-journal ]
}

@test "man pages are there and clean" {
    for page in "$BATS_TEST_DIRNAME"/../../analyzer/keycensus.1 "$BATS_TEST_DIRNAME"/../../applier/keyretire.1; do
        mandoc -T lint -W error "$page"
        [ "$(mandoc -T utf8 "$page" | wc -l)" -gt 100 ]
    done
}

@test "S10: a plan from an unverified report opens with what was not proven" {
    plan --keep-versions 1 -o plan.txt
    [ "$(keyretire show plan.txt | head -1)" = "LABELS ONLY: no value was proven" ]
    head -5 plan.txt | grep -q 'LABELS ONLY: no value was proven'
    keycensus show report.db | grep -q 'LABELS ONLY'
}
