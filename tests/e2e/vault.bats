#!/usr/bin/env bats
# lean_vault: the vault itself: the original's files, init, list, get, migrate, rotate-master, doctor.
load lib

MANAGEMENT=sk-or-prov-$CANARY

setup() {
    scratch
    V=$SCRATCH/vault
}
teardown() { unscratch; }

vault() { lean_vault "$@" --vault-dir "$V"; }

# The original's sample: formats.md 5.
sample() {
    mkdir -m 700 "$V"
    cp "$BATS_TEST_DIRNAME/../data/lean_vault_sample.vault" "$V/secrets.vault"
    cp "$BATS_TEST_DIRNAME/../data/lean_vault_sample.key" "$V/.secret_vault.key"
    chmod 600 "$V/secrets.vault" "$V/.secret_vault.key"
}
# Another implementation's view of the vault: prints the decrypted YAML, or values with NAME.
reads() { /usr/bin/python3 "$BATS_TEST_DIRNAME/../support/vault_read.py" "$V" "$@"; }

@test "L3 a vault of the original program is read as it is" {
    sample
    run vault get my-key
    [ "$status" -eq 0 ]
    [ "$output" = sk-or-v1-TESTKEY ]
    vault list --json >list.json
    run /usr/bin/python3 -c 'import json; k = json.load(open("list.json"))["keys"]; print(len(k), k[0]["name"], k[0]["hash"])'
    [ "$output" = "1 my-key f01d52606dc8f0a8303a7b5cc3fa07109c2e346cec7c0a16b40de462992ce943" ]
    [ "$(ls -A "$V" | sort | paste -sd' ')" = ".secret_vault.key secrets.vault" ] # reading makes nothing
}

@test "L3 init makes a vault that the original's format describes, for its owner alone" {
    run vault init <<<"$MANAGEMENT"
    [ "$status" -eq 0 ]
    [[ $output != *"$CANARY"* ]]
    [ "$(stat -c %a "$V" "$V/secrets.vault" "$V/.secret_vault.key" | paste -sd' ')" = "700 600 600" ]
    [ "$(stat -c %s "$V/.secret_vault.key")" = 32 ]
    run reads _MAIN_OPENROUTER_PROVISIONING_KEY_
    [ "$output" = "$MANAGEMENT" ]
    run reads
    [[ $output == *"currentkeyid: "*"keyversions:"*"createdat: "* ]]
    run vault list
    [ "$status" -eq 0 ]
    [[ $output == *"no key yet"* ]]
}

@test "init refuses an existing vault, and takes over a master key that is there" {
    vault init <<<"$MANAGEMENT" >/dev/null
    before=$(sha256sum "$V/secrets.vault" "$V/.secret_vault.key")
    run vault init <<<other-management-key
    [ "$status" -eq 4 ]
    [[ $output == *L1013* ]]
    [ "$(sha256sum "$V/secrets.vault" "$V/.secret_vault.key")" = "$before" ]
    mv "$V/secrets.vault" kept
    key=$(sha256sum <"$V/.secret_vault.key")
    run vault init <<<other-management-key
    [ "$status" -eq 0 ]
    [ "$(sha256sum <"$V/.secret_vault.key")" = "$key" ]
    mv kept "$V/secrets.vault" # the vault that had been moved away still opens
    run reads _MAIN_OPENROUTER_PROVISIONING_KEY_
    [ "$output" = "$MANAGEMENT" ]
}

@test "init without a key, or with what is none, makes nothing" {
    run vault init </dev/null
    [ "$status" -eq 7 ]
    run vault init <<<"two words"
    [ "$status" -eq 2 ]
    run vault init --no-input <<<"$MANAGEMENT"
    [ "$status" -eq 7 ]
    [ ! -e "$V" ]
}

@test "a management key typed at a terminal is not shown" {
    run /usr/bin/python3 "$BATS_TEST_DIRNAME/../support/at_terminal.py" "$MANAGEMENT" lean_vault init --vault-dir "$V"
    [ "$status" -eq 0 ]
    [[ $output == *"management key"* ]]
    [[ $output != *"$CANARY"* ]]
    run reads _MAIN_OPENROUTER_PROVISIONING_KEY_
    [ "$output" = "$MANAGEMENT" ]
}

@test "what others may use is refused, and the hint is what to type" {
    sample
    for it in "$V" "$V/secrets.vault" "$V/.secret_vault.key"; do
        chmod g+r "$it"
        run vault list
        [ "$status" -eq 4 ]
        [[ $output == *L1006* ]]
        eval "$(sed -n 's/^ *hint: \(chmod .*\)/\1/p' <<<"$output")"
        run vault list
        [ "$status" -eq 0 ]
    done
    mv "$V/secrets.vault" elsewhere && ln -s ../elsewhere "$V/secrets.vault"
    run vault list
    [ "$status" -ne 0 ]
}

@test "a vault that is not there, has no key, or another key, says so" {
    run vault list
    [ "$status" -eq 6 ]
    [[ $output == *"lean_vault init"* ]]
    sample
    mv "$V/.secret_vault.key" key
    run vault list
    [ "$status" -eq 6 ]
    [[ $output == *".secret_vault.key"*"put the file back"* ]]
    head -c 32 /dev/zero >"$V/.secret_vault.key"
    chmod 600 "$V/.secret_vault.key"
    run vault list
    [ "$status" -eq 12 ]
    [[ $output == *L1002* ]]
    head -c 31 key >"$V/.secret_vault.key"
    run vault list
    [ "$status" -eq 12 ]
    [[ $output == *L1009* ]]
}

@test "a name that is not there is not found, and the nearest is named" {
    sample
    run vault get my-kye
    [ "$status" -eq 6 ]
    [[ $output == *"did you mean my-key"* ]]
    run vault get _MAIN_OPENROUTER_PROVISIONING_KEY_
    [ "$status" -eq 4 ]
    [[ $output != *sk-or-prov* ]]
}

@test "get -o gives a file for its owner alone" {
    sample
    umask 022
    vault get my-key -o value
    [ "$(stat -c %a value)" = 600 ]
    [ "$(cat value)" = sk-or-v1-TESTKEY ]
    run vault get my-key -o value
    [ "$status" -eq 2 ]
}

@test "L2.5 migrate takes the original's vault along, keeps it, and sends no request" {
    sample
    cp "$V/secrets.vault" original
    run strace -f -o calls lean_vault migrate --vault-dir "$V"
    [ "$status" -eq 0 ]
    run grep -c AF_INET calls
    [ "$output" = 0 ]
    run reads
    [[ $output == *"schemaversion: 2"* ]]
    run reads my-key
    [ "$output" = sk-or-v1-TESTKEY ]
    tar -xOf "$V"/backups/* --wildcards '*secrets.vault' | cmp - original
    run vault migrate
    [ "$status" -eq 0 ]
    [[ $output == *"nothing to do"* ]]
    [ "$(ls "$V/backups" | wc -l)" = 1 ]
}

@test "rotate-master: everything opens with the new key and nothing with the old one" {
    sample
    cp -p "$V/.secret_vault.key" old.key
    cp -p "$V/secrets.vault" old.vault
    run vault rotate-master
    [ "$status" -eq 0 ]
    run cmp -s old.key "$V/.secret_vault.key"
    [ "$status" -eq 1 ]
    [ "$(stat -c %a "$V/.secret_vault.key" "$V/secrets.vault" | paste -sd' ')" = "600 600" ]
    run vault get my-key
    [ "$output" = sk-or-v1-TESTKEY ]
    run reads _MAIN_OPENROUTER_PROVISIONING_KEY_
    [ "$output" = sk-or-prov-TEST ]
    run reads --versions # the new one is the current one; the old one is remembered
    [ "$output" = "2 current" ]
    # The backup is the encrypted vault and no master key; the vault remembers what opens it.
    [ "$(tar -tf "$V"/backups/* | grep -c secret_vault.key)" = 0 ]
    reads --versions-key 0 >remembered.key
    cmp remembered.key old.key
    cp -p old.key "$V/.secret_vault.key"
    run vault get my-key
    [ "$status" -eq 12 ]
}

@test "doctor finds what is wrong and says what resolves it" {
    sample
    run vault doctor --local
    [ "$status" -eq 0 ]
    [[ $output == *"lean_vault migrate"* ]]
    vault migrate >/dev/null
    run vault doctor --local
    [ "$status" -eq 0 ]
    [[ $output == *"nothing wrong: 2 entries"* ]]
    touch "$V/secrets.vault.init"
    run vault doctor --local --json
    [ "$status" -eq 0 ]
    [[ $output == *'"leftover"'* ]]
}

@test "two changes at once: the second one waits, then says who holds the vault" {
    sample
    (flock 9 && exec sleep 30) 9<"$V" & # the folder, as another lean_vault would hold it
    holder=$!
    for _ in $(seq 50); do flock -n "$V" true || break; sleep 0.1; done
    run vault migrate --lock-timeout 0s
    kill "$holder"
    [ "$status" -eq 11 ]
    run vault migrate
    [ "$status" -eq 0 ]
}

@test "no output, journal or backup holds a value" {
    vault init <<<"$MANAGEMENT" >talk 2>&1
    for command in list "list --json" "get nothing" migrate rotate-master "doctor --local" "doctor --local --json" "list -v"; do
        vault $command >>talk 2>&1 || true
    done
    [ "$(wc -l <talk)" -gt 5 ]
    run grep -rl "$CANARY" "$SCRATCH"
    [ "$status" -eq 1 ]
    for f in "$V"/backups/*; do tar -xOf "$f" | grep -c "$CANARY" >found || true; [ "$(cat found)" = 0 ]; done
}

# forgets SECRET CODE COMMAND...: it ends with this code, and the secret is nowhere in its memory then.
forgets() {
    local secret=$1 code=$2
    shift 2
    TEST_CANARY=$(/usr/bin/python3 -c 'import sys; print("".join(chr(ord(c) + 1) for c in sys.argv[1]))' "$secret") \
        run "$BUILD/crash/lean_vault-probe" "$@" --vault-dir "$V" <management
    [ "$status" -eq "$code" ]
    [[ $output == *"memory: searched"* ]]
    run grep -E 'memory: [0-9]' <<<"$output"
    [ "$status" -eq 1 ]
}

@test "no command leaves a value or the management key in its memory" {
    [[ $BUILD != */asan ]] || skip "the sanitizer keeps what was freed"
    echo "sk-or-prov-$CANARY-0123456789" >management
    forgets "$(cat management)" 0 init
    forgets "$(cat management)" 0 rotate-master
    forgets "$(cat management)" 0 doctor --local
    forgets "$(cat management)" 4 init
    rm -r "$V"
    sample
    forgets sk-or-v1-TESTKEY 0 rotate-master
    forgets sk-or-v1-TESTKEY 0 get my-key
    forgets sk-or-v1-TESTKEY 0 list
}

@test "version says what it is, for programs too" {
    run lean_vault version
    [[ $output == "lean_vault "[0-9]* ]]
    run lean_vault version --json
    [[ $output == '{"name":"lean_vault","version":"'[0-9]* ]]
}
