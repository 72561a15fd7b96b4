#!/usr/bin/env bats
# While keycensus reads untrusted input it has no network, no programs and no other files.
load lib

setup() { scratch; }
teardown() { unscratch; }

# Starts a scan that waits for its input in a pipe, and waits until it does.
waiting_scan() {
    mkfifo pipe
    keycensus scan pipe -o r.db --dump-time 2026-05-01T00:00:00Z >out 2>err 3>&- &
    scan=$!
    exec 9>pipe
    local i
    for i in $(seq 100); do
        grep -q '^Seccomp:.2' "/proc/$scan/status" && return 0
        sleep 0.05
    done
}

@test "the process that reads is under seccomp and can gain no rights" {
    waiting_scan
    run cat "/proc/$scan/status"
    printf 'id,v\n1,x\n' >&9
    exec 9>&-
    wait "$scan"
    [ "$(grep -c '^Seccomp:.2$' <<<"$output")" -eq 1 ]
    [ "$(grep -c '^NoNewPrivs:.1$' <<<"$output")" -eq 1 ]
    [ "$(query r.db "select value from summary where item='rows'")" = 1 ]
}

@test "a scan makes its report with relative, absolute and foreign folders, and from a pipe" {
    mkdir -p in out
    printf 'id,v\n1,x\n' >in/a.csv
    run keycensus scan in/a.csv -o out/r1.db
    [ "$status" -eq 0 ]
    run keycensus scan "$PWD/in/a.csv" -o "$PWD/r2.db"
    [ "$status" -eq 0 ]
    run keycensus scan in/a.csv -o r2.db --overwrite
    [ "$status" -eq 0 ]
    run bash -c "keycensus scan <(cat in/a.csv) -o r3.db --dump-time 2026-05-01T00:00:00Z"
    [ "$status" -eq 0 ]
    ln -s in/a.csv link.csv
    run keycensus scan link.csv -o r4.db
    [ "$status" -eq 0 ]
    for r in out/r1.db r2.db r3.db r4.db; do
        [ "$(query $r "select value from summary where item='rows'")" = 1 ]
    done
}

@test "the sandbox is named with -v, and quiet without" {
    printf 'id,v\n1,x\n' >a.csv
    run keycensus scan a.csv -o r.db -v
    [ "$status" -eq 0 ]
    grep -q 'sandbox: no network and no other programs' <<<"$output"
    run keycensus scan a.csv -o r2.db
    [ "$status" -eq 0 ]
    run grep -c sandbox <<<"$output"
    [ "$output" = 0 ]
}
