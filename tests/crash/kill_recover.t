#!/bin/bash
# recover, killed at every system call, from worlds that a killed apply left: before the decision,
# between the exchanges, and during the clean-up.
. "$(dirname "$0")/kill.bash"
start_world
for point in "fsync 3" "renameat2 2" "renameat2 3" "unlinkat 1"; do
    set -- $point
    load_world fresh
    killed_at "$1" "$2" apply plan.txt --yes || {
        tap 1 "apply is killed at $point"
        continue
    }
    save broken
    kill_all "recover, after apply was killed at $point" broken '"$old" "$new"' recover
done
finish 1000
