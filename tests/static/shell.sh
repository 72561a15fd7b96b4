#!/bin/sh
# check-shell: shellcheck over every script and every bats file. It knows what bats does not notice, such as a
# failed "! command" in the middle of a test. Left out: names that another file sets or uses (SC1091, SC2034,
# SC2154), and files called like a command (SC2238: out, err, calls).
cd "$(dirname "$0")/../.." || exit 1
scripts=$(git ls-files | grep -E '\.(bats|bash|sh)$|^tests/crash/.*\.t$|^\.ci/run$')
[ "$(printf '%s\n' "$scripts" | wc -l)" -gt 20 ] || {
    echo "check-shell: found no scripts" >&2
    exit 1
}
# shellcheck disable=SC2086 # a list of paths without spaces
printf '%s\n' $scripts | xargs -P2 -n8 shellcheck -f gcc -S warning -e SC1091,SC2034,SC2154,SC2238 || exit 1
echo "check-shell: ok, $(printf '%s\n' "$scripts" | wc -l) scripts"
