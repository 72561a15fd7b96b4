#!/bin/bash
# make crash: the whole proof of the commit protocol, with its figures.
#
# Every crash state of every shape of transaction, recovered in memory (simulate --full); every call, rename and
# record left out in turn (redundant.sh); the real binary killed at every system call (kill_*.t, KILL_STEP=1).
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
for script in tests/crash/kill_*.t; do
    run "$script"
done
printf '\nmake crash: %s, %s seconds\n' "$([ $failed = 0 ] && echo no violation || echo VIOLATIONS)" "$SECONDS"
exit $failed
