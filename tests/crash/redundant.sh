#!/bin/sh
# What the simulation does not miss when it is left out is what REDUNDANT lists, with the reasons; no more, no less.
cd "$(dirname "$0")" || exit 1
found=$(mktemp) && listed=$(mktemp) || exit 1
trap 'rm -f "$found" "$listed"' EXIT
"${BUILD:?}/crash/simulate" --mutants >"$found" || exit 1
tail -1 "$found"
echo "# $(grep -c '^noticed' "$found") noticed, $(grep -c '^redundant' "$found") proven redundant (tests/crash/REDUNDANT)"
grep '^redundant' REDUNDANT | sort >"$listed"
if grep '^redundant' "$found" | sort | diff "$listed" - >&2; then
    echo "ok - everything that is left out is noticed, or listed with its reason"
else
    echo "not ok - everything that is left out is noticed, or listed with its reason"
    exit 1
fi
