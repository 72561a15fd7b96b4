#!/bin/bash
# backups purge with every call failing, once and for ever: exit 13 or 8 leave the archive, 0 destroyed it and a
# record says so, 9 says that recover has to find out; then recover, and it is one or the other.
: "${KILL_STEP:=7}" # 1 for every call
. "$(dirname "$0")/kill.bash"
start_world
archive=$(first_backup)
load_world applied
keyretire_faulty() { "$BUILD/crash/keyretire-faulty" "$@" --state-dir "$STATE" >>talk 2>&1; }
KEYRETIRE_FAULT_LOG=$SCRATCH/fault.log \
    keyretire_faulty backups purge "$txid" --yes --retain-until 2020-01-01
total=$(wc -l <fault.log)
wrong=0
[ "$total" -gt 100 ] || note "only $total calls"

is_there() { [ -e "$STATE/backups/$archive" ]; }
records() { find "$STATE/destroyed" -name '*.txt' 2>/dev/null | wc -l; }

# one FAULT: the exit code and the archive agree, before recovery and after it.
one() {
    local code
    load_world applied
    : >talk
    KEYRETIRE_FAULT=$1 keyretire_faulty backups purge "$txid" --yes --retain-until 2020-01-01
    code=$?
    case $code in
    0) is_there && note "$1: exit 0, and the archive is there" ;;
    8 | 13 | 11 | 12 | 4 | 6) is_there || note "$1: exit $code, and the archive is gone: $(tail -3 talk | tr '\n' ' ')" ;;
    9) ;;
    *) note "$1: exit $code: $(tail -3 talk | tr '\n' ' ')" ;;
    esac
    retire recover
    case $? in
    0 | 8) ;;
    *) note "$1: recover: $(tail -3 talk | tr '\n' ' ')" ;;
    esac
    if is_there; then
        [ "$(records)" = 0 ] || note "$1: a record of what was not destroyed"
        retire backups verify "$archive" || note "$1: the archive is not whole"
    else
        [ "$(records)" = 1 ] || note "$1: $(records) records of what was destroyed"
        [ "$code" != 8 ] && [ "$code" != 13 ] || note "$1: exit $code, and recover destroyed it"
    fi
    keyretire log --verify --state-dir "$STATE" >/dev/null 2>&1 || note "$1: the audit chain is broken"
}

runs=0
for ((n = KILL_STEP; n <= total; n += KILL_STEP)); do
    for what in EIO EIO:forever ENOSPC; do
        runs=$((runs + 1))
        one "$n:$what"
    done
done
tap "$wrong" "backups purge: $runs faults at $total calls"
echo "1..$tests_done"
[ "$failures" = 0 ]
