#!/bin/bash
# Runs one test of any kind so that it speaks TAP. What it says is kept in a file of $TEST_LOGS, for run.sh to
# show again if it failed; its exit status stands in FILE.status.
set -o pipefail
log=${TEST_LOGS:?}/${1//\//_}
case $1 in
*.bats) command=(bats --tap "$1") ;;
*/replay/*) command=("$1" "tests/fuzz/corpus/${1##*/}") ;;
*) command=("$1") ;;
esac
"${command[@]}" 2>&1 | tee "$log"
status=$?
printf '%s %s\n' "$status" "$1" >"$log.status"
exit "$status"
