#!/bin/sh
# The one TAP runner: unit tests (cmocka), corpus replays, end-to-end tests (bats and scripts).
# tests/run.sh [PATTERN]: only tests whose path matches; EXCLUDE=PATTERN: not those.
# What was skipped is listed, and a test that fails is shown once more, with all that it said; the last line is
# the result.
cd "$(dirname "$0")/.." || exit 1
: "${BUILD:=$PWD/build/release}"
export BUILD
export PATH="$BUILD:$PATH"
export CMOCKA_MESSAGE_OUTPUT=TAP
list=$(
    # By the sources: a program that was not built is missed, one without a source is not run.
    for source in tests/unit/test_*.c; do echo "$BUILD/unit/$(basename "$source" .c)"; done
    for source in tests/fuzz/fuzz_*.c; do echo "$BUILD/replay/$(basename "$source" .c | sed 's/^fuzz_//')"; done
    find tests/e2e tests/crash -name '*.bats' -o -name '*.t' -perm -u+x | sort
)
[ -z "${EXCLUDE:-}" ] || list=$(printf '%s\n' "$list" | grep -vE -- "$EXCLUDE")
[ -z "${1:-}" ] || list=$(printf '%s\n' "$list" | grep -E -- "$1")
[ -n "$list" ] || {
    echo "no test matches" >&2
    exit 1
}
for test in $list; do
    [ -x "$test" ] || [ "${test%.bats}" != "$test" ] || {
        echo "$test is not built: make test-programs" >&2
        exit 1
    }
done
TEST_LOGS=$(mktemp -d) || exit 1
export TEST_LOGS
trap 'rm -rf "$TEST_LOGS"' EXIT

# One test's failures: each "not ok" with what follows it; without one, the end of what it said.
show_failed() { # LOG STATUS TEST
    printf '\n--- %s (exit %s)\n' "$3" "$2"
    if grep -q '^not ok' "$1"; then
        awk '/^(ok|1\.\.)/ { on = 0 } /^not ok/ { on = 1 } on' "$1" | head -200
    else
        tail -60 "$1"
    fi
}

# shellcheck disable=SC2086 # a list of paths without spaces
prove --timer -j2 --exec tests/run_one.sh $list
status=$?
skipped=$(grep -hiE '^ok .*# skip' "$TEST_LOGS"/* | sed 's/^ok [0-9]* */skipped: /')
[ -z "$skipped" ] || printf '%s\n' "$skipped"
if [ $status = 0 ]; then
    [ -z "$skipped" ] || echo "Result: PASS"
    exit 0
fi
for log in "$TEST_LOGS"/*.status; do
    read -r status test <"$log"
    [ "$status" = 0 ] && ! grep -q '^not ok' "${log%.status}" || show_failed "${log%.status}" "$status" "$test"
done
echo "Result: FAIL"
exit 1
