#!/bin/bash
# backups purge, killed at every system call: the archive is there and reads, or it is gone and the record says so.
. "$(dirname "$0")/kill.bash"
plan_options=(--retain-until 2020-01-01)
start_world
archive=$(cd "$STATE/backups" && echo .[!.]*)
settle_purge() { # POINT ALLOWED
    [ "$(digest)" = "$2" ] || note "$1: a file changed"
    retire recover
    case $? in
    0 | 8) ;;
    *) note "$1: recover failed: $(tail -3 talk | tr '\n' ' ')" ;;
    esac
    if [ -e "$STATE/backups/$archive" ]; then
        retire backups verify "$archive" || note "$1: the archive does not read"
        [ -z "$(find "$STATE/destroyed" -type f 2>/dev/null)" ] || note "$1: the record of a destruction that was not"
    else
        [ "$(find "$STATE/destroyed" -name '*.txt' | wc -l)" = 1 ] || note "$1: destroyed without a record"
    fi
    : >talk
    [ "$(keyretire recover --state-dir "$STATE" 2>&1)" = 'nothing to recover' ] ||
        note "$1: a second recover did something"
    keyretire log --verify --state-dir "$STATE" >/dev/null 2>&1 || note "$1: the audit chain is broken"
}
judge=settle_purge
kill_all "backups purge" applied '"$new"' backups purge "$txid" --yes
load_world applied
killed_at unlinkat 1 backups purge "$txid" --yes || tap 1 "purge is killed at its unlink"
save broken
kill_all "recover, of a purge that was decided" broken '"$new"' recover
wrong=0
load_world broken
retire recover
[ ! -e "$STATE/backups/$archive" ] || note "what was decided was not done"
tap "$wrong" "a purge that was decided is finished"
finish 200
