#!/bin/bash
# make crash: the whole proof of the commit protocol, with its figures.
#
# Every crash state of every shape of transaction, recovered in memory (simulate --full); every fsync, rename,
# removal and record left out in turn (redundant.sh); the kernel's trace against the table's (trace.t); the real binary
# killed at every system call (kill_*.t, KILL_STEP=1), two scripts at a time. These are some 6,800 points of a tenth of
# a CPU second each, which is most of the time; KILL_STEP=3 makes it a third.
cd "$(dirname "$0")/../.." || exit 1
: "${BUILD:=$PWD/build/release}" "${KILL_STEP:=1}"
export BUILD KILL_STEP
export PATH="$BUILD:$PATH"
failed=0
run() {
    printf '\n=== %s\n' "${*##*/}"
    "$@" || failed=1
}
run "$BUILD/crash/simulate" --full
run tests/crash/redundant.sh
run tests/crash/trace.t
printf '\n=== kill -9 at every %s system call of the real binary\n' "$([ "$KILL_STEP" = 1 ] || echo "${KILL_STEP}th")"
printf '%s\n' tests/crash/kill_*.t | xargs -P2 -n1 sh -c 'said=$("$1" 2>&1); status=$?
    printf "%s: %s\n%s\n" "${1##*/}" "$([ $status = 0 ] && echo ok || echo FAILED)" "$said"; exit $status' - || failed=1
printf '\nmake crash: %s, %s seconds\n' "$([ $failed = 0 ] && echo no violation || echo VIOLATIONS)" "$SECONDS"
exit $failed
