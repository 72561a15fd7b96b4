#!/bin/bash
# What the kernel saw of the folders of the targets and of the state is what common/sys was asked for: no call there
# goes past the table that every test of failing calls replaces, and the table's names are the calls'. And the program
# that is tested with a replaced table does what the real one does.
. "$(dirname "$0")/kill.bash"
start_world
traced() { # NAME PROGRAM COMMAND...: the calls of the kernel in NAME.strace
    local name=$1
    shift
    strace -qq -y -s 64 -o "$name.strace" "$@" "${always[@]}" >>talk 2>&1
}
compared() { # TITLE START COMMAND...
    local title=$1 start=$2
    shift 2
    wrong=0
    load_world "$start"
    traced real keyretire "$@"
    load_world "$start"
    rm -f calls.log
    KEYRETIRE_FAULT_LOG=$SCRATCH/calls.log traced table "$BUILD/crash/keyretire-faulty" "$@"
    /usr/bin/python3 "$BATS_TEST_DIRNAME/../crash/trace.py" real.strace table.strace "$SCRATCH/calls.log" \
        "$SCRATCH/one" "$SCRATCH/two" "$STATE" || note "the traces differ"
    tap "$wrong" "$title: the kernel's trace is the table's"
}
compared apply fresh apply plan.txt --yes
compared rollback applied rollback "$txid" --yes
compared "backups restore" applied backups restore "$txid" --yes
load_world fresh
killed_at renameat2 3 apply plan.txt --yes || tap 1 "apply is killed"
save broken
compared recover broken recover
echo "1..$tests_done"
[ "$failures" = 0 ]
