#!/bin/bash
# backups restore into files that moved on, killed at every system call: all files as they were edited, or
# all with the removed entries back and the edits kept.
: "${KILL_STEP:=9}" # 1 for every call
. "$(dirname "$0")/kill.bash"
start_world
load_world applied
for file in one/.env.crypto two/.env.crypto; do
    sed -i '/^ENCRYPTION_ENV_CHECKSUM/d' "$file"
    echo "LATER=$CANARY-edit-0123456789" >>"$file"
done
old=$(digest)
save edited
wrong=0
retire backups restore "$txid" --yes || note "$(cat talk)"
new=$(digest)
for file in one/.env.crypto two/.env.crypto; do
    [ "$(env_versions "$file" | paste -sd' ')" = "v1 v2 v3" ] || note "$file: $(env_versions "$file" | paste -sd' ')"
    grep -q "^LATER=$CANARY-edit" "$file" || note "$file lost its edit"
done
tap "$wrong" "restore puts the entries back and keeps the edits"
kill_all "backups restore, files moved on" edited '"$old" "$new"' backups restore "$txid" --yes
finish 500
