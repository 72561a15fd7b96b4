#!/bin/bash
# apply with a sealed backup, killed at every system call: as any apply, without the recipients' identity,
# and no byte of a value is in the state folder at any time.
: "${KILL_STEP:=17}" # 1 for every call
. "$(dirname "$0")/kill.bash"
start_world
age-keygen -o id 2>/dev/null
recipient=$(age-keygen -y id)
eval "$(declare -f settle | sed '1s/settle/settle_plain/')"
settle() {
    ! grep -rqsa "$CANARY" "$STATE" || note "$1: a value is in the state folder"
    settle_plain "$@"
    ! grep -rqsa "$CANARY" "$STATE" || note "$1: a value is in the state folder after recovery"
    [ "$(digest)" = "$old" ] || retire backups verify "$(first_backup)" --identity id || note "$1: the backup does not open"
}
kill_all "apply, sealed" fresh '"$old" "$new"' apply plan.txt --yes --encrypt-to "$recipient"
load_world fresh
wrong=0
retire apply plan.txt --yes --encrypt-to "$recipient" || note "$(cat talk)"
txid=$(first_backup | sed 's/.*\.//')
save sealed
kill_all "rollback, sealed" sealed '"$old" "$new"' rollback "$txid" --yes --identity id --encrypt-to "$recipient"
finish 1000
