#!/usr/bin/env bats
# keycensus selftest: every envelope with its vectors, what made them, and an answer for programs.
load lib

@test "selftest runs the vectors of every envelope and says what made them" {
    run keycensus selftest --json
    [ "$status" -eq 0 ]
    printf '%s' "$output" | python3 -c '
import json, sys
rows = json.load(sys.stdin)
names = {row["envelope"] for row in rows}
wanted = {"versioned-fernet", "fernet", "vault-transit", "laravel", "rails", "cloak", "47ng", "kubernetes", "aspnet",
          "pg-enigma", "tink", "magento", "lockbox", "attr-encrypted", "aead", "key-id"}
assert names == wanted, names ^ wanted
assert all(row["right"] is True and row["made_with"] for row in rows)
proven = {row["envelope"] for row in rows if row["proof"]}
assert proven == {"fernet", "laravel", "rails", "cloak", "47ng", "lockbox", "aead"}, proven
'
}

@test "selftest is a table for people" {
    run keycensus selftest
    [ "$status" -eq 0 ]
    table=$output
    run grep -cE '^envelope +vector +class +version +proof +right +made_with$' <<<"$table"
    [ "$output" -eq 1 ]
    run grep -c '47ng .* hinted .* 4a088618 .* yes .* yes .*@47ng/cloak 1.2.0' <<<"$table"
    [ "$output" -eq 1 ]
}
