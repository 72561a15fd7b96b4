#!/usr/bin/env bats
# The change window: in the plan, asked when apply starts and at COMMIT, kept for who finishes later.

load lib
load change_lib
load fault_lib

setup() {
    scratch
    world v1 v2 v3 v4
    cp -p .env.crypto old
}
teardown() {
    let_go
    end_world
}

# at SECONDS [OFFSET_HOURS]: the time that many seconds from now, with its offset.
at() {
    /usr/bin/python3 - "$1" "${2:-0}" <<'PY'
import sys
from datetime import datetime, timedelta, timezone
zone = timezone(timedelta(hours=int(sys.argv[2])))
print((datetime.now(timezone.utc) + timedelta(seconds=int(sys.argv[1]))).astimezone(zone).isoformat(timespec="seconds"))
PY
}

@test "a window that is open lets apply through; the plan, show and the audit log have it" {
    local given start end
    given=$(at -3600 -3)/PT4H
    planned --keep-versions 1 --window "$given"
    start=$(date -u -d "${given%/*}" +%Y-%m-%dT%H:%M:%SZ)
    end=$(date -u -d "@$(($(date -d "${given%/*}" +%s) + 14400))" +%Y-%m-%dT%H:%M:%SZ)
    says plan.txt "  window $start to $end given \"$given\""
    exits 0 retire show plan.txt
    says out "change window $start to $end (given as $given)"
    exits 0 retire show plan.txt --json
    is "$(field out 'x["window"]["start"], x["window"]["end"], x["window"]["given"]')" "('$start', '$end', '$given')"
    exits 0 retire verify plan.txt
    says out "window     is open"
    exits 0 retire apply plan.txt --yes
    is "$(env_versions .env.crypto)" v4
    exits 0 retire log --json
    is "$(field out 'x["window"]')" "$start/$end"
    run grep -c 'outside the change window' out
    [ "$status" -eq 1 ]
    exits 0 retire log --verify
}

@test "before the window and after it apply exits 14 and changes nothing, --yes or not" {
    local w
    for w in "$(at 3600 5)/$(at 7200)" "$(at -7200 -5)/$(at -3600)" "$(at -3600)/$(at 3 2)"; do
        planned --keep-versions 1 --window "$w"
        exits 14 retire apply plan.txt --yes
        says err R0938 "change window"
        [ ! -s out ] || is "$(grep -c 'removed:' out)" 0
        exits 14 retire apply plan.txt </dev/null
        exits 14 retire apply plan.txt --yes --json
        [ ! -s out ]
        same_file .env.crypto old
        nothing_staged .
    done
    exits 0 retire status --json
    [ ! -s out ] || is "$(grep -c COMMIT out)" 0
}

@test "a rehearsal works before the window opens, and says that apply would refuse" {
    planned --keep-versions 1 --window "$(at 3600)/PT1H"
    exits 0 retire apply plan.txt --dry-run
    says err "the change window opens at" "apply would refuse now"
    says out "would remove v1 v2 v3"
    same_file .env.crypto old
}

@test "a malformed window exits 2, in plan and as the last of several mistakes" {
    local w
    for w in '' tonight '2026-11-22T22:00:00/PT4H' '2026-11-22T22:00:00Z' '2026-11-22T22:00:00Z/P1M' \
        '2026-11-22T22:00:00Z/2026-11-22T21:00:00Z'; do
        exits 2 keyretire plan --report report.db --env-file .env.crypto --state-dir "$STATE" -o p.txt --window "$w"
        says err R0937
        [ ! -e p.txt ]
    done
}

@test "equal inputs give equal bytes with a window; another spelling of it is another plan" {
    planned --keep-versions 1 --window 2030-01-01T00:00:00Z/PT1H
    cp plan.txt first
    planned --keep-versions 1 --window 2030-01-01T00:00:00Z/PT1H
    same_file plan.txt first
    planned --keep-versions 1 --window 2030-01-01T00:00:00Z/PT60M
    run cmp plan.txt first
    [ "$status" -eq 1 ]
}

@test "a window that was changed in the plan's text is refused" {
    planned --keep-versions 1 --window 2030-01-01T00:00:00Z/PT1H
    sed 's/to 2030-01-01T01:00:00Z given/to 2039-01-01T01:00:00Z given/' plan.txt >plan2.txt
    exits 12 retire apply plan2.txt --yes
    says err R0654 "change window"
    sed 's/^  window 2030/  window 2026/; s/given "2030/given "2026/; s/to 2030/to 2026/' plan.txt >plan2.txt
    exits 14 retire apply plan2.txt --yes
    sed '/^conditions:/,/^  window/d' plan.txt >plan2.txt
    exits 12 retire apply plan2.txt --yes
    same_file .env.crypto old
}

@test "a window that closes during the preparation aborts (14) before anything changes; the plan is not spent" {
    planned --keep-versions 1 --max-report-age none --window "$(at -60)/PT2H"
    # The clock jumps by 30 days while the archive is written: COMMIT finds the window closed.
    with_fault fsync:3:LATER apply plan.txt --yes
    is "$GOT" 14
    says err R0938 "closed at"
    same_file .env.crypto old
    nothing_staged .
    exits 0 retire log --json
    is "$(field out 'x["outcome"]')" aborted
    exits 0 retire apply plan.txt --yes
    is "$(env_versions .env.crypto)" v4
}

@test "what was decided inside the window is finished outside it, and the record says so" {
    planned --keep-versions 1 --max-report-age none --window "$(at -60)/PT2H"
    # Killed after COMMIT, before the exchange.
    with_fault renameat2:3:KILL apply plan.txt --yes
    exits 0 retire status
    says out COMMIT
    with_fault openat:1:LATER recover
    is "$GOT" 0
    says err "is finished outside its change window"
    is "$(env_versions .env.crypto)" v4
    exits 0 retire log --json
    is "$(field out 'x["outcome"]')" committed
    says out "by recovery, outside the change window"
    exits 0 retire log --verify
}
