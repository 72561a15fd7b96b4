#!/bin/bash
# apply, restore and rollback, killed at every system call.
. "$(dirname "$0")/kill.bash"
start_world
kill_all "apply" fresh '"$old" "$new"' apply plan.txt --yes
kill_all "backups restore" applied '"$old" "$new"' backups restore "$txid" --yes
kill_all "rollback" applied '"$old" "$new"' rollback "$txid" --yes
finish 1000
