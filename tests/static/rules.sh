#!/bin/sh
# check-rules: each numbered requirement (K) and safety rule (S) stands in the name of an end-to-end test.
cd "$(dirname "$0")/../.." || exit 1
bad=0
names=$(grep -h '^@test' tests/e2e/*.bats)
rules="$(printf 'K1.%s ' 1 2 3 4 5)$(printf 'K2.%s ' 1 2 3 4)$(printf 'K3.%s ' 1 2 3 4)$(printf 'K4.%s ' 1 2 3 4)\
$(printf 'K5.%s ' 1 2 3 4 5)$(printf 'K6.%s ' 1 2 3 4)$(printf 'S%s ' $(seq 17))"
for rule in $rules; do
    printf '%s\n' "$names" | grep -qE "\b$(echo "$rule" | sed 's/\./\\./')([^.0-9]|$)" || {
        echo "check-rules: no end-to-end test is named by $rule" >&2
        bad=1
    }
done
[ $bad = 0 ] && echo "check-rules: ok, $(echo "$rules" | wc -w) rules"
exit $bad
