#!/usr/bin/env bats
# lean_vault over TLS: every command that speaks to OpenRouter, and a server that is not trusted.
bats_require_minimum_version 1.5.0
load lib
load remote_lib

setup_file() { server_start --tls; }
teardown_file() { server_stop; }
setup() { scratch && world; }
teardown() { unscratch; }

@test "L1.2: every command works over TLS with the certificates that --ca-file names" {
    run -0 lv add my-key --daily-limit 10
    run -0 lv rotate my-key
    is "$(vault_keys)" "my-key $(of_keys 'keys[0]["hash"]')"
    run -0 lv update-limits my-key --daily-limit 5
    run -0 lv get-usage my-key
    run -0 lv usage
    run -0 lv sync
    run -0 lv doctor
    run -0 lv remove my-key --force
    is "$(of_keys 'keys')" '[]'
}

@test "L1.2: a server whose certificate is not trusted is told nothing, and a retry does not help" {
    remote=("${remote[@]:0:4}") # without --ca-file
    run lv add my-key --retries 3
    [ "$status" -eq 21 ]
    [[ $output == *L1054*'retry does not help'* ]]
    [ ! -e "$WORLD/requests" ]
    [ -z "$(ls "$VAULT/intents")" ]
}
