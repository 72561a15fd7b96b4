#!/usr/bin/env bats
# Bad configuration files: each is refused with its exit code, a place and a hint, and nothing changes.

load lib
load plan_lib

setup() {
    scratch
    make_env .env.crypto v3 v1 v2 v3
    cp -p .env.crypto good.env
    sealed v3 2 20 | users_dump >dump.sql
    census
}
teardown() { unscratch; }

# refuses EXIT WORD: plan exits so, its error mentions WORD and has id, place and hint; the file is as it was.
refuses() {
    local before=missing
    [ ! -f .env.crypto ] || before=$(sha256sum <.env.crypto)
    refused "$1" plan --keep-versions 1 || return 1
    grep -q '^keyretire: error\[R[0-9]\{4\}\]: ' plan.err || return 1
    if ! grep -q -- "$2" plan.err; then
        echo "no $2 in:"
        cat plan.err
        return 1
    fi
    grep -q '^  hint: ' plan.err || { echo "no hint:"; cat plan.err; return 1; }
    [ ! -e plan.txt ] || return 1
    [ ! -f .env.crypto ] || [ "$(sha256sum <.env.crypto)" = "$before" ] || return 1
    if grep -q "$CANARY" plan.err plan.out; then return 1; fi
}

without_checksum() {
    sed '/CHECKSUM/d' good.env >.env.crypto
}

@test "a missing env file exits 6" {
    rm .env.crypto
    refuses 6 .env.crypto
    mkdir folder
    refused 6 keyretire plan --report report.db --env-file folder/none --state-dir "$STATE"
    ln -s nowhere .env.crypto
    refuses 6 .env.crypto
}

@test "an empty env file, or one without keys, exits 12" {
    : >.env.crypto
    refuses 12 .env.crypto
    printf '\n\n# nothing\n' >.env.crypto
    refuses 12 .env.crypto
    echo 'OTHER=1' >.env.crypto
    refuses 12 .env.crypto
    grep -v -e KEYS -e SALT -e CHECKSUM good.env >.env.crypto
    refuses 12 .env.crypto
    # MY_ENCRYPTION_KEYS__v1 is not ours.
    printf 'ACTIVE_ENCRYPTION_VERSION=v1\nMY_ENCRYPTION_KEYS__v1=a\nMY_ENCRYPTION_SALT__v1=b\n' >.env.crypto
    refuses 12 .env.crypto
}

@test "a folder exits 12, and so does what is no regular file" {
    rm .env.crypto
    mkdir .env.crypto
    refuses 12 folder
    rmdir .env.crypto
    mkfifo .env.crypto
    refuses 12 .env.crypto
    rm .env.crypto
    refused 12 keyretire plan --report report.db --env-file /dev/null --state-dir "$STATE"
    head -c 3000 /dev/urandom >.env.crypto
    refused 12 plan
}

@test "an unreadable env file exits 13" {
    [ "$(id -u)" = 0 ] || skip "needs root to become another user"
    chmod 755 "$SCRATCH"
    chmod 644 report.db
    install -d -o nobody -m 700 s
    for mode in 000 600; do
        chmod "$mode" .env.crypto
        for command in "plan --report report.db --state-dir $SCRATCH/s" \
            "cleanup-keys --report report.db --model m:Users --column otp --yes --state-dir $SCRATCH/s"; do
            # shellcheck disable=SC2086 # a command with its options
            refused 13 runuser -u nobody -- "$BUILD/keyretire" $command --env-file .env.crypto
            grep -q '^keyretire: error\[R[0-9]*\]: .*\.env\.crypto' refused.err
            grep -qi 'denied' refused.err
            grep -q '^  hint: ' refused.err
        done
    done
    [ -z "$(find s -name '*.tar*' -o -name '*.journal*')" ]
    # A folder that may not be entered.
    mkdir -m 700 closed
    cp good.env closed/
    refused 13 runuser -u nobody -- "$BUILD/keyretire" plan --report report.db --env-file closed/good.env --state-dir "$SCRATCH/s"
    chmod 600 report.db
    chmod 644 .env.crypto
    refused 13 runuser -u nobody -- "$BUILD/keyretire" plan --report report.db --env-file .env.crypto --state-dir "$SCRATCH/s"
}

@test "a wrong application checksum exits 12" {
    sed -i 's/^\(ENCRYPTION_ENV_CHECKSUM="\)./\1g/' .env.crypto
    refuses 12 'hecksum\|CHECKSUM'
    sed 's/CHECKSUM="[0-9a-f]*"/CHECKSUM="0000000000000000000000000000000000000000000000000000000000000000"/' good.env >.env.crypto
    refuses 12 'CHECKSUM'
    # Any entry changed after it was computed, ours or not.
    { cat good.env; echo 'OTHER=1'; } >.env.crypto
    refuses 12 'CHECKSUM'
    grep -v 'SALT_HASH__v1' good.env >.env.crypto
    refuses 12 'CHECKSUM'
    # A comment is no entry.
    { echo '# a comment'; cat good.env; } >.env.crypto
    plan --keep-versions 1
    # In upper case it is another text for the application.
    sed 's/\(CHECKSUM="\)\([0-9a-f]*\)/\1\U\2/' good.env >.env.crypto
    if ! cmp -s good.env .env.crypto; then refuses 12 'CHECKSUM'; fi
}

@test "a wrong salt hash exits 12" {
    without_checksum
    sed -i "s/^ENCRYPTION_SALT_HASH__v1=.*/ENCRYPTION_SALT_HASH__v1=\"$(salt_hash AAAA)\"/" .env.crypto
    refuses 12 'v1'
    # The salt changed under its hash.
    without_checksum
    sed -i "s/^ENCRYPTION_SALT__v2=.*/ENCRYPTION_SALT__v2=\"$(new_salt)\"/" .env.crypto
    refuses 12 'v2'
    # Without a hash nothing can be compared, and that is allowed.
    without_checksum
    sed -i '/SALT_HASH/d' .env.crypto
    plan --keep-versions 1
    [ "$(removed)" = "v1 v2" ]
}

@test "a key without its salt, or a salt without its key, exits 4" {
    without_checksum
    sed -i '/ENCRYPTION_SALT__v1/d' .env.crypto
    refuses 4 'v1'
    sed -i '/ENCRYPTION_SALT_HASH__v1/d' .env.crypto
    refuses 4 'v1'
    without_checksum
    sed -i '/ENCRYPTION_KEYS__v2/d' .env.crypto
    refuses 4 'v2'
    without_checksum
    sed -i '/ENCRYPTION_KEYS__v2/d; /ENCRYPTION_SALT__v2/d' .env.crypto
    refuses 4 'v2' # a salt hash alone
    # Of the active version too.
    without_checksum
    sed -i '/ENCRYPTION_SALT__v3/d' .env.crypto
    refuses 4 'v3'
}

@test "duplicate managed names exit 4, also when they differ only in case" {
    without_checksum
    for name in ENCRYPTION_KEYS__v1 ENCRYPTION_SALT__v2 ENCRYPTION_SALT_HASH__v3 ACTIVE_ENCRYPTION_VERSION; do
        { sed '/CHECKSUM/d' good.env; grep "^$name=" good.env; } >.env.crypto
        refuses 4 "$name"
    done
    { cat good.env; grep CHECKSUM good.env; } >.env.crypto
    refuses 4 CHECKSUM
    { sed '/CHECKSUM/d' good.env; grep '__v1=' good.env | sed 's/__v1=/__V1=/'; } >.env.crypto
    refuses 4 '__V1'
    # Somebody else's names may stand twice.
    { sed '/CHECKSUM/d' good.env; printf 'OTHER=1\nOTHER=2\n'; } >.env.crypto
    plan --keep-versions 1
}

@test "the active version unset, unknown or without a key exits 4" {
    without_checksum
    sed -i '/^ACTIVE/d' .env.crypto
    refuses 4 ACTIVE_ENCRYPTION_VERSION
    for value in '' '""' '"v9"' '"v33"' '"v"' '"v3 "x' 'v3,v2'; do
        { sed '/CHECKSUM/d; /^ACTIVE/d' good.env; echo "ACTIVE_ENCRYPTION_VERSION=$value"; } >.env.crypto
        refuses 4 ACTIVE_ENCRYPTION_VERSION || refuses 4 ctive
    done
    # Quotes and case do not matter to the application.
    for value in 'V3' "'v3'" '"V3"' '"'"'v3'"'"'; do
        { sed '/CHECKSUM/d; /^ACTIVE/d' good.env; echo "ACTIVE_ENCRYPTION_VERSION=$value"; } >.env.crypto
        plan --keep-versions 1
        [ "$(ask 'p["active"]')" = v3 ]
        [ "$(removed)" = "v1 v2" ]
    done
}

@test "active unset with one version is that version" {
    make_env one.env v3 v3
    sed -i '/^ACTIVE/d; /CHECKSUM/d' one.env
    keycensus scan dump.sql --env-file one.env -q -o one.db
    keyretire plan --report one.db --env-file one.env --state-dir "$STATE" -q -o one.txt
    [ "$(ask 'p["active"]' one.txt)" = v3 ]
    [ "$(removed one.txt)" = "" ]
}

@test "an assignment-looking line inside a quoted multi-line value is left untouched" {
    {
        printf 'NOTE="first\nENCRYPTION_KEYS__v1=text\nENCRYPTION_SALT__v1=text\nlast"\n'
        sed '/CHECKSUM/d' good.env
        printf "TAIL='one\nENCRYPTION_SALT_HASH__v2=text\nACTIVE_ENCRYPTION_VERSION=v1\n'\n"
    } >.env.crypto
    printf 'ENCRYPTION_ENV_CHECKSUM="%s"\n' "$(env_checksum .env.crypto)" >>.env.crypto
    chmod 600 .env.crypto
    # By hand: of the nine entries of v1, v2 and v3 those of v1 and v2 go, the texts in quotes stay.
    {
        printf 'NOTE="first\nENCRYPTION_KEYS__v1=text\nENCRYPTION_SALT__v1=text\nlast"\n'
        sed '/CHECKSUM/d; /^ENCRYPTION.*__v[12]=/d' good.env
        printf "TAIL='one\nENCRYPTION_SALT_HASH__v2=text\nACTIVE_ENCRYPTION_VERSION=v1\n'\n"
    } >want.env
    printf 'ENCRYPTION_ENV_CHECKSUM="%s"\n' "$(env_checksum want.env)" >>want.env
    plan --keep-versions 1
    [ "$(removed)" = "v1 v2" ]
    keyretire apply plan.txt --yes --state-dir "$STATE" -q
    cmp .env.crypto want.env
    app_starts .env.crypto
}

@test "v1 is not v10" {
    make_env .env.crypto v11 v1 v10 v11
    sealed v11 2 20 | users_dump >dump.sql
    census
    plan --only v1 --keep-versions 1
    keyretire apply plan.txt --yes --state-dir "$STATE" -q
    [ "$(env_versions .env.crypto | tr '\n' ' ')" = "v10 v11 " ]
    app_starts .env.crypto
}

@test "hard-linked file, unsafe folder, symbolic link" {
    ln .env.crypto second
    refused 4 plan --keep-versions 1
    [ ! -e plan.txt ]
    cmp good.env second
    rm second
    mkdir -m 777 open
    cp -p good.env open/.env.crypto
    refused 4 keyretire plan --report report.db --env-file open/.env.crypto --keep-versions 1 --state-dir "$STATE" -o open.txt
    [ ! -e open.txt ]
    cmp good.env open/.env.crypto
    # A symbolic link is resolved when planned, and the real file is changed.
    mkdir real
    cp -p good.env real/keys
    ln -s real/keys link.env
    keyretire plan --report report.db --env-file link.env --keep-versions 1 --state-dir "$STATE" -q -o link.txt
    [ "$(ask 'p["targets"][0]["path"]' link.txt)" = "$SCRATCH/real/keys" ]
    keyretire apply link.txt --yes --state-dir "$STATE" -q
    [ -L link.env ]
    [ "$(env_versions real/keys)" = v3 ]
}

@test "the plan's mandatory options, and dialects that are none" {
    refused 2 keyretire plan --report report.db --state-dir "$STATE"
    refused 2 keyretire plan --env-file .env.crypto --state-dir "$STATE"
    refused 2 plan --dialect fish
    refused 2 plan --dialect flask-py
    plan --dialect python-dotenv
}
