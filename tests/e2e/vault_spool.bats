#!/usr/bin/env bats
# The air gap: a removal written as a request, carried out on another host, and its answer carried back.
bats_require_minimum_version 1.5.0
load lib
load vault_lib

setup_file() {
    openrouter_start
    vault_template gapped k other
    vault_template online
    ssh-keygen -q -t ed25519 -N '' -f "$ROUTER_ROOT/.id"
    printf 'ana %s\n' "$(cut -d' ' -f1,2 "$ROUTER_ROOT/.id.pub")" >"$ROUTER_ROOT/.signers"
}
teardown_file() { openrouter_stop; }
setup() {
    scratch
    new_world gapped
    cp -a "$ROUTER_ROOT/.online" online
    mkdir spool
    remote_key k usage_daily=1.5
    KEY=$ROUTER_ROOT/.id
    SIGNERS=$ROUTER_ROOT/.signers
}
teardown() { unscratch; }

spool_run() {
    lean_vault spool run spool --vault-dir "$SCRATCH/online" --endpoint "$ENDPOINT" --retries 0 \
        --allowed-signers "$SIGNERS" "$@"
}
# shellcheck disable=SC2120 # run passes them
spooled() { vault remove k --spool spool --key "$KEY" --force "$@"; }
requests() { cat "$WORLD/requests" 2>/dev/null; }
is_there() { remote_says k hash >/dev/null 2>&1; }

@test "L1.5 a spooled removal: request, carried out, answer back, tombstone" {
    run spooled --json
    [ "$status" -eq 0 ]
    is "$(json 'v["key"], v["result"]')" "('k', 'spooled')"
    [ ! -e "$WORLD/requests" ]
    run vault get k
    [ "$status" -eq 0 ] # it stays until the answer is back
    run vault remove k --spool spool --json
    is "$(json 'v["result"]')" waiting
    run --separate-stderr spool_run <<<yes
    [ "$status" -eq 0 ]
    [[ $stderr == *"revoke k, hash $(printf k | sha256sum | cut -d' ' -f1)"*"spent today 1.50 USD"* ]]
    [[ $output == *": deleted k"* ]]
    run is_there
    [ "$status" -ne 0 ]
    run requests
    is "$(cut -d' ' -f1 "$WORLD/requests" | paste -sd' ')" "GET PATCH DELETE"
    run vault remove k --spool spool
    [ "$status" -eq 0 ]
    run vault get k
    [ "$status" -eq 6 ]
    run vault get other
    [ "$status" -eq 0 ]
}

@test "a request says no key and nothing but three lines of one hash" {
    spooled >/dev/null
    run grep -rl "$CANARY" spool
    [ "$status" -eq 1 ]
    hash=$(printf k | sha256sum | cut -d' ' -f1)
    is "$(grep ^send spool/*.request)" "send GET /keys/$hash
send PATCH /keys/$hash {\"disabled\":true}
send DELETE /keys/$hash"
    /usr/bin/ssh-keygen -Y verify -n lean_vault-spool@v1 -I ana -f "$SIGNERS" -s spool/*.sig <spool/*.request
}

@test "no sends nothing; yes is asked for each" {
    spooled >/dev/null
    run spool_run <<<no
    [ "$status" -eq 7 ]
    is "$(cut -d' ' -f1 "$WORLD/requests" | paste -sd' ')" "GET"
    is_there
    run spool_run </dev/null
    [ "$status" -eq 7 ]
    run spool_run --force
    [ "$status" -eq 0 ]
    run spool_run --force
    [ "$status" -eq 0 ]
    [[ $output == *"answered already"* ]]
}

@test "a request is used once, a copy of it is refused" {
    spooled >/dev/null
    run spool_run --force
    [ "$status" -eq 0 ]
    remote_key k
    rm spool/*.answer
    : >"$WORLD/requests"
    run spool_run --force
    [ "$status" -eq 4 ]
    [[ $output == *L1155* ]]
    is "$(cut -d' ' -f1 "$WORLD/requests" | paste -sd' ')" "GET"
    is_there
}

@test "what is not signed by somebody who may is not looked at" {
    spooled >/dev/null
    # another signer
    ssh-keygen -q -t ed25519 -N '' -f stranger
    mv spool/*.sig kept.sig
    for request in spool/*.request; do
        ssh-keygen -q -Y sign -n lean_vault-spool@v1 -f stranger <"$request" >"$request.sig"
        run spool_run --force
        [ "$status" -eq 4 ]
        [[ $output == *L1158* ]]
        # another namespace, that of plans
        ssh-keygen -q -Y sign -n keyretire-plan@v1 -f "$KEY" <"$request" >"$request.sig"
        run spool_run --force
        [ "$status" -eq 4 ]
        # another text
        cp kept.sig "$request.sig"
        sed -i 's/^name k/name x/' "$request"
        run spool_run --force
        [ "$status" -eq 4 ]
        rm "$request.sig"
        run spool_run --force
        [ "$status" -eq 6 ]
    done
    [ ! -e "$WORLD/requests" ]
    is_there
}

@test "a signed request that says anything else is refused" {
    spooled >/dev/null
    for request in spool/*.request; do
        cp "$request" good
        for edit in 's|GET /keys/.*|GET /keys|' 's|DELETE /keys/.*|DELETE /keys/|' 's|true|false|' \
            's|DELETE /keys/\(.*\)|DELETE /keys/0\1|' 's|^send DELETE.*||' '$a send DELETE /keys/aaaaaaaaaaaa' \
            's|PATCH|POST|' 's|^expires 2|expires 3|' 's|\.|/|g;s|/keys/|/keys/../|'; do
            sed "$edit" good >"$request"
            cmp -s good "$request" && continue
            ssh-keygen -q -Y sign -n lean_vault-spool@v1 -f "$KEY" <"$request" >"$request.sig"
            run spool_run --force
            [ "$status" -ne 0 ]
            rm -f spool/*.answer
        done
        # and one that has expired
        sed 's|^created .*|created 2020-01-01T00:00:00Z|;s|^expires .*|expires 2020-01-08T00:00:00Z|' good >"$request"
        ssh-keygen -q -Y sign -n lean_vault-spool@v1 -f "$KEY" <"$request" >"$request.sig"
        run spool_run --force
        [ "$status" -eq 5 ]
        [[ $output == *L1152* ]]
    done
    [ ! -e "$WORLD/requests" ]
    is_there
}

@test "a key that is gone already is answered as that; one that could only be disabled stays in the vault" {
    spooled >/dev/null
    echo "DELETE /keys/* 1 status 500" >"$WORLD/faults"
    run spool_run --force
    [ "$status" -eq 23 ]
    is "$(remote_says k disabled)" true
    run vault remove k --spool spool
    [ "$status" -eq 23 ]
    run vault get k
    [ "$status" -eq 0 ]
    rm spool/*
    spooled >/dev/null
    echo "[]" >"$WORLD/keys.json"
    run --separate-stderr spool_run --force --json
    [ "$status" -eq 0 ]
    is "$(json 'v["requests"][0]["result"]')" gone
    run vault remove k --spool spool
    [ "$status" -eq 0 ]
    run vault get k
    [ "$status" -eq 6 ]
}

@test "what was forged or damaged on the way back takes no key out" {
    spooled >/dev/null
    for request in spool/*.request; do
        echo "deleted" >"${request%.request}.answer"
    done
    run vault remove k --spool spool
    [ "$status" -eq 12 ]
    run vault get k
    [ "$status" -eq 0 ]
}

@test "remove --spool without a key to sign with, and spool run without signers, are refused" {
    run vault remove k --spool spool --force
    [ "$status" -eq 2 ]
    run vault remove k --spool spool --key "$KEY" --local-only
    [ "$status" -eq 2 ]
    run vault remove unknown --spool spool --key "$KEY" --force
    [ "$status" -eq 6 ]
    run vault remove k --spool missing --key "$KEY" --force
    [ "$status" -eq 6 ]
    run lean_vault spool run spool --vault-dir online --endpoint "$ENDPOINT"
    [ "$status" -eq 2 ]
    is "$(ls spool)" ""
    [ ! -e "$WORLD/requests" ]
}
