#!/usr/bin/env bats
# Others at the same files at the same time: two applies, locks, writers and editors in every moment of a
# commit (S14), signals, readers.

load lib
load change_lib
load fault_lib

setup() {
    scratch
    make_env .env.crypto v3 v1 v2 v3
    # Without checksum: an edit of a comment is then a valid file.
    sed -i /CHECKSUM/d .env.crypto
    remember .env.crypto
    sealed v3 2 1 | users_dump >dump.sql
    census
    planned --keep-versions 1
    cp -p .env.crypto old
    without .env.crypto v1 v2 >new
}
teardown() {
    [ -z "${HOLDER:-}" ] || kill "$HOLDER" 2>/dev/null || true
    let_go
    end_world
}

# The moments of an apply of one file, each as the call that is next.
moments() {
    local lease exchange commit
    calls_of apply plan.txt --yes
    same_file .env.crypto new
    lease=$(first_of lease)
    exchange=$(last_before renameat2 "$lease")
    commit=$(last_before fsync "$exchange")
    STAGE=fchown:1                      # the new file is being written
    DECIDE=$(as_nth $((commit - 12)))   # all is staged, nothing decided
    EXCHANGE=$(as_nth "$exchange")      # decided
    EXCHANGED=$(as_nth $((exchange + 1)))
    LEASE=lease:1                       # SWAPPED, about to be cleaned
    [ "$(first_of fchown)" -lt $((commit - 12)) ]
    rm -rf "$STATE"
    cp -p old .env.crypto
}

conflicts() {
    find . -maxdepth 1 -name '*.conflict' | wc -l
}
the_conflict() {
    find . -maxdepth 1 -name '.env.crypto.????????????????.conflict'
}

# ---- two at once ----

# both A B: two commands at once; their exit codes, the smaller first, are in CODES.
both() {
    local a b code_a=0 code_b=0
    sh -c "$1" >out.a 2>err.a 3>&- &
    a=$!
    sh -c "$2" >out.b 2>err.b 3>&- &
    b=$!
    wait "$a" || code_a=$?
    wait "$b" || code_b=$?
    cat out.a err.a out.b err.b >>talk
    CODES=$(printf '%s\n' "$code_a" "$code_b" | sort -n | paste -sd' ')
}

@test "two applies at once on one plan: one does it, the other is stale (5) or locked out (11)" {
    for timeout in 0s 60s; do
        for _ in 1 2 3; do
            rm -rf "$STATE"
            cp -p old .env.crypto
            apply="keyretire apply plan.txt --yes --state-dir '$STATE' --lock-timeout $timeout"
            both "$apply" "$apply"
            [ "$CODES" = "0 5" ] || [ "$CODES" = "0 11" ]
            [ "$timeout" = 0s ] || [ "$CODES" = "0 5" ] # who waits finds the plan spent
            same_file .env.crypto new
            nothing_staged .
            [ "$(retire log --json | wc -l)" = 1 ]
            [ "$(find "$STATE/backups" -type f | wc -l)" = 1 ]
        done
    done
}

@test "two applies at once with two state folders: the folder's lock lets one through" {
    for _ in 1 2 3; do
        rm -rf state.a state.b
        cp -p old .env.crypto
        both "keyretire apply plan.txt --yes --state-dir '$SCRATCH/state.a'" \
            "keyretire apply plan.txt --yes --state-dir '$SCRATCH/state.b'"
        [ "$CODES" = "0 5" ] || [ "$CODES" = "0 11" ]
        same_file .env.crypto new
        nothing_staged .
        [ "$(cat state.a/audit.log state.b/audit.log 2>/dev/null | grep -c committed)" = 1 ]
    done
    if grep -rqaF --exclude-dir=backups "$CANARY" state.a state.b; then false; fi
}

@test "two plans at once for one file: the second is stale (5) or locked out (11)" {
    cp plan.txt one.txt
    planned --keep-versions 2
    without .env.crypto v1 >new.2
    both "keyretire apply one.txt --yes --state-dir '$STATE'" "keyretire apply plan.txt --yes --state-dir '$STATE'"
    [ "$CODES" = "0 5" ] || [ "$CODES" = "0 11" ]
    cmp -s .env.crypto new || same_file .env.crypto new.2
    nothing_staged .
}

# ---- locks ----

# hold LOCK-COMMAND...: in the background, until released.
hold() {
    rm -f held
    "$@" sh -c 'touch held; exec sleep 60' 3>&- &
    HOLDER=$!
    await test -e held
}
release() {
    # flock(1) runs its command as a child, which holds the lock too.
    pkill -P "$HOLDER" 2>/dev/null || true
    kill "$HOLDER" 2>/dev/null || true
    wait "$HOLDER" 2>/dev/null || true
    HOLDER=
}

milliseconds() {
    date +%s%3N
}

@test "locked: the env file by another process (11), after --lock-timeout and not before" {
    hold flock .env.crypto
    naps() { # TIMEOUT: how often it sleeps, in the file naps
        exits 11 strace -qq -e trace=nanosleep,clock_nanosleep -o naps \
            keyretire apply plan.txt --yes --lock-timeout "$1" --state-dir "$STATE"
    }
    naps 0s
    says err .env.crypto locked
    [ ! -s naps ]
    start=$(milliseconds)
    naps 1s
    [ $(($(milliseconds) - start)) -ge 1000 ]
    [ -s naps ]
    same_file .env.crypto old
    nothing_staged .
    release
    hold flock -s .env.crypto # a reader that asked for peace
    exits 11 retire apply plan.txt --yes --lock-timeout 0s
    release
    exits 0 retire apply plan.txt --yes --lock-timeout 0s
    same_file .env.crypto new
}

@test "locked: the folder of the env file (11), and by which process" {
    hold flock .
    exits 11 retire apply plan.txt --yes --lock-timeout 0s
    says err "$SCRATCH" locked
    # Where the kernel's list has the device that stat gives: not so on btrfs and overlayfs.
    if grep -q "FLOCK .* $HOLDER .*:$(stat -c %i .) " /proc/locks &&
        [[ $(stat -f -c %T .) =~ ^(tmpfs|ext2/ext3|xfs)$ ]]; then
        says err "by process $HOLDER"
    fi
    same_file .env.crypto old
    release
    exits 0 retire apply plan.txt --yes --lock-timeout 0s
}

@test "locked: the state folder (11) for whoever changes; whoever looks is not in the way" {
    exits 0 retire recover
    lock='import fcntl, os, sys
fd = os.open(sys.argv[1], os.O_RDWR)
fcntl.lockf(fd, fcntl.LOCK_EX)
open("held", "w").close()
import time
time.sleep(60)'
    rm -f held
    /usr/bin/python3 -c "$lock" "$STATE/lock" 3>&- &
    HOLDER=$!
    await test -e held
    exits 11 retire apply plan.txt --yes --lock-timeout 0s
    says err "$STATE/lock"
    exits 11 retire recover --lock-timeout 0s
    exits 11 retire rollback 0123456789abcdef --yes --lock-timeout 0s
    exits 11 retire backups restore 0123456789abcdef --yes --lock-timeout 0s
    exits 0 retire apply plan.txt --dry-run
    exits 0 retire status
    exits 0 retire log
    exits 0 retire backups list
    same_file .env.crypto old
    release
    # A lock dies with its holder; the file that is left is no lock.
    [ -e "$STATE/lock" ]
    exits 0 retire apply plan.txt --yes --lock-timeout 0s
    same_file .env.crypto new
}

@test "status during an apply names the process, and neither waits nor disturbs" {
    stopped_before renameat2:2 apply plan.txt --yes # the archive gets its name
    exits 0 retire status
    says out open
    says err "process $PID holds the lock of $STATE"
    exits 10 retire status --detailed-exitcode
    exits 11 retire recover --lock-timeout 0s
    says err "process $PID"
    resume
    is "$GOT" 0
    same_file .env.crypto new
    exits 0 retire status
    is "$(grep -c 'holds the lock' err)" 0
}

@test "locked: who waits gets it when the other lets go" {
    flock .env.crypto sleep 1 3>&- &
    sleep 0.2
    exits 0 retire apply plan.txt --yes --lock-timeout 30s
    same_file .env.crypto new
    for wrong in soon -1s '' 1x; do
        exits 2 retire apply plan.txt --yes --lock-timeout "$wrong"
    done
}

# ---- S14: who opened the file before the exchange ----

@test "S14: a writer that holds the file open over the whole apply loses nothing; 9 until it is settled" {
    exec 7>>.env.crypto
    exits 9 retire apply plan.txt --yes 7>&-
    # The live file is the new one; what was swapped out is kept.
    same_file .env.crypto new
    conflict=$(the_conflict)
    [ -n "$conflict" ]
    [ "$(stat -c %a "$conflict")" = 600 ]
    same_file "$conflict" old
    says err "$(basename "$conflict")" "keyretire recover" "$STATE/txn/"
    echo "# written late $CANARY" >&7
    [ "$(tail -1 "$conflict")" = "# written late $CANARY" ]
    # The state is stuck and says so, with both digests and the choices.
    exits 0 retire status
    says out open SWAPPED
    exits 9 retire recover 7>&-
    says err "$(sha256sum <.env.crypto | cut -d' ' -f1)" "$(sha256sum <"$conflict" | cut -d' ' -f1)" \
        "$(basename "$conflict")" choices
    exec 7>&-
    # Also with the file closed: what was written late is nowhere else.
    exits 9 retire recover
    [ "$(tail -1 "$conflict")" = "# written late $CANARY" ]
    # Nothing else can be changed meanwhile.
    exits 9 retire apply plan.txt --yes
    # A person decides.
    tail -1 "$conflict" >>.env.crypto
    rm "$conflict"
    exits 0 retire recover
    exits 0 retire recover
    says out "nothing to recover"
    exits 0 retire status
    says out committed
    exits 0 retire log --verify
    [ "$(tail -1 .env.crypto)" = "# written late $CANARY" ]
}

@test "S14: who held it open and wrote nothing: recover clears it up once it is closed" {
    exec 7<.env.crypto
    exits 9 retire apply plan.txt --yes 7>&-
    same_file .env.crypto new
    [ "$(conflicts)" = 1 ]
    exec 7<&-
    exits 0 retire recover
    [ "$(conflicts)" = 0 ]
    same_file .env.crypto new
    nothing_staged .
    exits 0 retire status
    says out committed
}

@test "S14: a file that is open only for a moment is waited for" {
    moments
    stopped_before "$LEASE" apply plan.txt --yes
    # Whoever opened the staged name then is not seen by the name of the live file.
    staged=$(find . -name '.env.crypto.????????????????.new')
    # shellcheck disable=SC2217 # it holds it open; the lease is asked for during half a second
    sleep 0.2 <"$staged" 3>&- &
    resume
    [ "$GOT" = 0 ]
    same_file .env.crypto new
    nothing_staged .
}

@test "S14: written between the last check and the lease: kept as a conflict (9)" {
    moments
    exec 7>>.env.crypto
    stopped_before "$LEASE" apply plan.txt --yes 7>&-
    echo "# late $CANARY" >&7
    exec 7>&-
    resume
    [ "$GOT" = 9 ]
    same_file .env.crypto new
    [ "$(tail -1 "$(the_conflict)")" = "# late $CANARY" ]
    says err "$(basename "$(the_conflict)")"
    rm "$(the_conflict)"
    exits 0 retire recover
}

@test "S14: written right after the exchange: the edit is put back in force (8), nothing staged" {
    moments
    exec 7>>.env.crypto
    stopped_before "$EXCHANGED" apply plan.txt --yes 7>&-
    same_file .env.crypto new
    echo "# late $CANARY" >&7
    exec 7>&-
    resume
    [ "$GOT" = 8 ]
    { cat old; echo "# late $CANARY"; } >edited
    same_file .env.crypto edited
    nothing_staged .
    exits 0 retire recover
    says out "nothing to recover"
    exits 0 retire status
    says out aborted
}

@test "S14: written between the decision and the exchange, in place or by rename: 8 and the edit in force" {
    moments
    { cat old; echo "# raced $CANARY"; } >edited
    for how in append rename; do
        rm -rf "$STATE"
        cp -p old .env.crypto
        stopped_before "$EXCHANGE" apply plan.txt --yes
        if [ "$how" = append ]; then
            echo "# raced $CANARY" >>.env.crypto
        else
            cp -p edited moved
            mv moved .env.crypto
        fi
        resume
        [ "$GOT" = 8 ]
        same_file .env.crypto edited
        nothing_staged .
        exits 0 retire recover
        same_file .env.crypto edited
    done
}

@test "S14: an editor that replaces the new file before the end: never overwritten, choices printed (9)" {
    moments
    { cat old; echo "# editor $CANARY"; } >edited
    stopped_before "$EXCHANGED" apply plan.txt --yes
    cp -p edited moved
    mv moved .env.crypto
    resume
    [ "$GOT" = 9 ]
    same_file .env.crypto edited
    staged=$(find . -name '.env.crypto.????????????????.new')
    same_file "$staged" old
    exits 9 retire recover
    same_file .env.crypto edited
    says err choices "$(basename "$staged")" "$(sha256sum <edited | cut -d' ' -f1)"
    # One of the choices: the file is right as it is.
    rm "$staged"
    exits 8 retire recover
    same_file .env.crypto edited
    exits 0 retire status
    says out aborted
}

@test "S14: an edit before the decision is stale (5) and all is as the editor left it" {
    moments
    for at in "$STAGE" "$DECIDE"; do
        rm -rf "$STATE"
        cp -p old .env.crypto
        stopped_before "$at" apply plan.txt --yes
        echo "# raced $CANARY" >>.env.crypto
        resume
        [ "$GOT" = 5 ]
        { cat old; echo "# raced $CANARY"; } >edited
        same_file .env.crypto edited
        nothing_staged .
    done
}

@test "S14: a change of owner, mode or attributes before the decision is stale too (5)" {
    moments
    stopped_before "$DECIDE" apply plan.txt --yes
    chmod 640 .env.crypto
    resume
    [ "$GOT" = 5 ]
    [ "$(stat -c %a .env.crypto)" = 640 ]
    same_file .env.crypto old
    nothing_staged .
}

@test "S14: a change of mode between the decision and the exchange: 8 and the mode stays" {
    moments
    stopped_before "$EXCHANGE" apply plan.txt --yes
    chmod 640 .env.crypto
    resume
    [ "$GOT" = 8 ]
    [ "$(stat -c %a .env.crypto)" = 640 ]
    same_file .env.crypto old
    nothing_staged .
    exits 0 retire recover
    says out "nothing to recover"
}

@test "S14: an edit at any moment of an apply is never lost" {
    lost=0
    hits=0
    for i in $(seq 0 17); do
        rm -rf "$STATE"
        rm -f ./*.conflict ./.env.crypto.*.conflict ./.env.crypto.*.new
        cp -p old .env.crypto
        keyretire apply plan.txt --yes --state-dir "$STATE" >out 2>err 3>&- &
        PID=$!
        sleep "$(printf '0.%03d' $((i * 9)))"
        if [ $((i % 2)) = 0 ]; then
            echo "# edit $i $CANARY" >>.env.crypto
        else
            sed -i "\$a # edit $i $CANARY" .env.crypto
        fi
        GOT=0
        wait "$PID" || GOT=$?
        PID=
        cat out err >>talk
        case $GOT in
        0 | 5 | 8 | 9) ;;
        *)
            echo "edit $i: exit $GOT"
            false
            ;;
        esac
        [ "$GOT" = 0 ] || hits=$((hits + 1))
        # An edit in place may be in what the exchange took out; then that is kept.
        if ! find . \( -name .env.crypto -o -name '.env.crypto.*.conflict' \) -exec grep -F "# edit $i $CANARY" {} + >/dev/null; then
            echo "edit $i is lost, exit $GOT"
            lost=$((lost + 1))
        fi
        /usr/bin/python3 -c 'import sys; from dotenv import dotenv_values
assert dotenv_values(".env.crypto")["ENCRYPTION_KEYS__v3"]'
    done
    echo "$hits of 18 edits stopped an apply"
    [ "$lost" = 0 ]
}

# ---- the plan gets old while the question stands ----

@test "K4.1: an edit while the question stands is noticed after the answer (5)" {
    mkfifo answers
    keyretire apply plan.txt --state-dir "$STATE" <answers >out 2>err 3>&- &
    PID=$!
    exec 8>answers
    await grep -sq 'yes/no' err out
    echo "# meanwhile $CANARY" >>.env.crypto
    # Nobody is kept waiting by a question.
    exits 0 retire recover --lock-timeout 0s 8>&-
    echo yes >&8
    exec 8>&-
    GOT=0
    wait "$PID" || GOT=$?
    PID=
    [ "$GOT" = 5 ]
    [ "$(tail -1 .env.crypto)" = "# meanwhile $CANARY" ]
    nothing_staged .
}

# ---- signals ----

@test "signals before COMMIT end it with 128+N and everything old; after it they wait for END" {
    moments
    for pair in TERM:143 INT:130 HUP:129; do
        for at in "$STAGE" "$DECIDE"; do
            rm -rf "$STATE"
            stopped_before "$at" apply plan.txt --yes
            resume "${pair%:*}"
            [ "$GOT" = "${pair#*:}" ]
            same_file .env.crypto old
            nothing_staged . "$STATE"
            exits 0 retire recover
            says out "nothing to recover"
            exits 0 retire status
            says out aborted
        done
    done
    for at in "$EXCHANGE" "$EXCHANGED" "$LEASE"; do
        rm -rf "$STATE"
        cp -p old .env.crypto
        stopped_before "$at" apply plan.txt --yes
        resume TERM
        [ "$GOT" = 0 ]
        same_file .env.crypto new
        nothing_staged .
    done
    # An aborted plan is not spent.
    rm -rf "$STATE"
    cp -p old .env.crypto
    stopped_before "$STAGE" apply plan.txt --yes
    resume TERM
    [ "$GOT" = 143 ]
    exits 0 retire apply plan.txt --yes
    same_file .env.crypto new
}

@test "signals while the question stands: 143, nothing changed" {
    mkfifo answers
    keyretire apply plan.txt --state-dir "$STATE" <answers >out 2>err 3>&- &
    PID=$!
    exec 8>answers
    await grep -sq 'yes/no' err out
    printf 'ye' >&8 # half an answer is none
    sleep 0.2
    kill -s TERM "$PID"
    GOT=0
    wait "$PID" || GOT=$?
    PID=
    exec 8>&-
    [ "$GOT" = 143 ] || { echo "exit $GOT"; cat err; false; }
    same_file .env.crypto old
    nothing_staged .
}

@test "kill -9 in the middle, then a dead holder's locks are free and recover decides" {
    moments
    for at in "$STAGE" "$EXCHANGE" "$EXCHANGED" "$LEASE"; do
        rm -rf "$STATE"
        cp -p old .env.crypto
        stopped_before "$at" apply plan.txt --yes
        exits 11 retire recover --lock-timeout 0s # it lives
        resume KILL
        [ "$GOT" = 137 ]
        if [ "$at" = "$STAGE" ]; then
            exits 8 retire recover --lock-timeout 0s
            same_file .env.crypto old
        else
            exits 0 retire recover --lock-timeout 0s
            same_file .env.crypto new
        fi
        nothing_staged .
    done
}

# ---- readers ----

retire_in() { # STATE-FOLDER COMMAND...
    keyretire "${@:2}" --state-dir "$1" >>talk 2>&1
}

@test "readers see a file that starts the application at every moment of apply and rollback" {
    mkdir two
    cp -p .env.crypto two/.env.crypto
    planned --keep-versions 1 --env-file two/.env.crypto
    cat >reader.py <<'PY'
import os, sys, time
sys.path.insert(0, sys.argv[1])
from loader import problem_of
reads = 0
while not os.path.exists("stop"):
    for path in (".env.crypto", "two/.env.crypto"):
        problem = problem_of(path)
        if problem:
            sys.exit(f"{path}: {problem}")
        reads += 1
    open("reading", "w").close()
print(reads)
PY
    # The rules of the demo as a module: all but its last lines, which run them.
    sed '/^problem = /,$d; s/^def check/def problem_of/; s/^    print(f"ok.*//' \
        "$BATS_TEST_DIRNAME/../demo/loader_rules.py" >loader.py
    /usr/bin/python3 reader.py . >reads 2>reader.err 3>&- &
    HOLDER=$!
    until [ -e reading ]; do
        kill -0 "$HOLDER"
        sleep 0.05
    done
    for n in 1 2 3; do
        state=$SCRATCH/state.$n
        code=0
        keyretire apply plan.txt --yes --state-dir "$state" --lock-timeout 5s >out 2>err || code=$?
        cat out err >>talk
        # A reader may have it open in the moment of the lease: then it is kept, and recover clears up.
        if [ "$code" = 9 ]; then
            await retire_in "$state" recover
        else
            [ "$code" = 0 ]
        fi
        txid=$(keyretire log --json --state-dir "$state" | tail -1 | sed 's/.*"txid":"\([0-9a-f]*\)".*/\1/')
        code=0
        keyretire rollback "$txid" --yes --state-dir "$state" --lock-timeout 5s >out 2>err || code=$?
        cat out err >>talk
        if [ "$code" = 9 ]; then
            await retire_in "$state" recover
        else
            [ "$code" = 0 ]
        fi
        same_file .env.crypto old
        same_file two/.env.crypto old
    done
    touch stop
    wait "$HOLDER" || { cat reader.err; false; }
    HOLDER=
    [ "$(cat reads)" -gt 20 ]
}
