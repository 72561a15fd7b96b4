#!/bin/bash
# backups purge, killed at every system call, and the recovery of one that was decided: the archive is
# whole and nothing was recorded, or it is gone, recorded and in the log. The configuration never changes.
: "${KILL_STEP:=7}" # 1 for every call
. "$(dirname "$0")/kill.bash"
start_world
load_world applied
archive=$(first_backup)

settle() { # POINT
    local point=$1 outcome
    retire recover
    case $? in
    0 | 8) ;;
    *) note "$point: recover failed: $(tail -3 talk | tr '\n' ' ')" ;;
    esac
    [ "$(digest)" = "$new" ] || note "$point: a configuration file changed"
    outcome=$(keyretire status --state-dir "$STATE" --json | grep -o '"purge","state":"[a-z]*' | sed 's/.*"//')
    if [ -e "$STATE/backups/$archive" ]; then
        retire backups verify "$archive" || note "$point: the archive is there and not whole"
        case $outcome in '' | aborted) ;; *) note "$point: the archive is there, and the purge is $outcome" ;; esac
        [ -z "$(ls -A "$STATE/destroyed" 2>/dev/null)" ] || note "$point: a record of what was not destroyed"
    else
        [ "$outcome" = committed ] || note "$point: the archive is gone, and the purge is '$outcome'"
        grep -q "archive .*/$archive" "$STATE"/destroyed/*.txt || note "$point: no record of what was destroyed"
        keyretire log --state-dir "$STATE" | grep -q 'purge.*committed' || note "$point: no line in the log"
    fi
    [ -z "$(find "$STATE" -name '*.tmp' -o -name '*.end')" ] || note "$point: something is left: $(find "$STATE" -name '*.tmp' -o -name '*.end')"
    [ "$(keyretire recover --state-dir "$STATE" 2>&1)" = 'nothing to recover' ] ||
        note "$point: a second recover did something"
    keyretire log --verify --state-dir "$STATE" >/dev/null 2>&1 || note "$point: the audit chain is broken"
}

kill_all "backups purge" applied '' backups purge "$txid" --yes --retain-until 2020-01-01
# Decided and not yet done: killed at its unlink, which is the archive's.
load_world applied
killed_at unlinkat 1 backups purge "$txid" --yes --retain-until 2020-01-01 || tap 1 "purge is killed at its unlink"
wrong=0
[ -e "$STATE/backups/$archive" ] || note "the archive is gone before its unlink"
save broken
kill_all "recover, of a purge that was decided" broken '' recover
wrong=0
load_world broken
settle "after the decision"
[ ! -e "$STATE/backups/$archive" ] || note "what was decided was not done"
tap "$wrong" "a purge that was decided is finished"
finish 150
