#!/usr/bin/env bats
# Approvals with the real ssh-keygen: who counts, what voids a signature, what is recorded.

load lib
load change_lib
load fault_lib

NAMESPACE=keyretire-plan@v1 # commit-protocol.md

setup() {
    scratch
    world v1 v2 v3 v4
    cp -p .env.crypto old
    mkdir keys
    for k in ana rui eva ana2; do key "$k"; done
    {
        echo "# who may approve"
        echo "ana@corp $(cat keys/ana.pub)"
        echo "rui@corp namespaces=\"$NAMESPACE\" $(cat keys/rui.pub)"
        echo "eva@corp $(cat keys/eva.pub)"
        echo "ana@corp $(cat keys/ana2.pub)"
    } >signers
}
teardown() {
    let_go
    end_world
}

key() {
    ssh-keygen -q -t ed25519 -N '' -C "$1" -f "keys/$1"
}

# asked N [PLAN OPTION...]: a plan that N people must approve.
asked() {
    planned --keep-versions 1 --approvals "$1" --allowed-signers signers "${@:2}"
}

# approved NAME...: by the keys of these names.
approved() {
    local name
    for name in "$@"; do
        exits 0 keyretire approve plan.txt --key "keys/$name" --as "$name" --yes
    done
}

# not_applied CODE TEXT...: apply refuses and nothing changed.
not_applied() {
    local code=$1
    shift
    exits "$code" retire apply plan.txt --yes
    says err "$@"
    same_file .env.crypto old
    nothing_staged .
}

@test "two people of the list approve and apply goes through; plan, BEGIN and audit line name them" {
    local fingerprint
    asked 2
    says plan.txt "  approvals 2 by sha256:$(sha256sum signers | cut -d' ' -f1) at \"$PWD/signers\""
    exits 0 retire show plan.txt
    says out "approvals of 2 people of $PWD/signers"
    not_applied 4 R0940 "0 of 2"
    approved ana
    not_applied 4 "1 of 2"
    approved rui
    exits 0 retire apply plan.txt --yes
    is "$(env_versions .env.crypto)" v4
    exits 0 retire log --json
    for k in ana rui; do
        fingerprint=$(ssh-keygen -lf "keys/$k.pub" | cut -d' ' -f2)
        field out 'x["approvals"]' | grep -qF "'$k@corp $fingerprint'"
    done
    is "$(field out 'len(x["approvals"])')" 2
    grep -aqF approval "$STATE"/txn/*
    exits 0 retire log --verify
}

@test "approve makes the signature that ssh-keygen verifies in the namespace of the protocol" {
    asked 1
    approved eva
    ssh-keygen -Y verify -f signers -I eva@corp -n "$NAMESPACE" -s plan.txt.eva.sig <plan.txt
    # And one that ssh-keygen makes is as good as ours.
    rm plan.txt.eva.sig
    ssh-keygen -q -Y sign -f keys/rui -n "$NAMESPACE" plan.txt 2>/dev/null
    not_applied 4 "0 of 1" # plan.txt.sig has no NAME
    exits 0 retire apply plan.txt --yes --sig plan.txt.sig
    is "$(env_versions .env.crypto)" v4
}

@test "approve shows the masked diff from the plan alone and asks for the plan id" {
    local id
    asked 1
    id=$(sha256sum plan.txt | cut -c1-16)
    mkdir far
    cp plan.txt far
    rm .env.crypto
    exits 7 keyretire approve far/plan.txt --key keys/ana --as ana <<<yes
    [ ! -e far/plan.txt.ana.sig ]
    exits 7 keyretire approve far/plan.txt --key keys/ana --as ana </dev/null
    exits 7 keyretire approve far/plan.txt --key keys/ana --as ana --no-input
    [ ! -e far/plan.txt.ana.sig ]
    exits 0 keyretire approve far/plan.txt --key keys/ana --as ana <<<"$id"
    says out "plan $id" "masked" "--- $SCRATCH/.env.crypto" "approved: far/plan.txt.ana.sig"
    cp far/plan.txt.ana.sig .
    cp -p old .env.crypto
    exits 0 retire apply plan.txt --yes
}

@test "a signature with another key, in another namespace or of another plan does not count" {
    key mallory
    asked 1
    exits 0 keyretire approve plan.txt --key keys/mallory --as ana --yes
    not_applied 4 "0 of 1" "plan.txt.ana.sig does not count"
    ssh-keygen -q -Y sign -f keys/ana -n file - <plan.txt >plan.txt.ana.sig 2>/dev/null
    not_applied 4 "namespace does not match"
    cp plan.txt plan-other.txt
    sed 's/keep/kept/' plan.txt | ssh-keygen -q -Y sign -f keys/ana -n "$NAMESPACE" - >plan.txt.ana.sig 2>/dev/null
    not_applied 4 "it is not of this plan"
    echo nonsense >plan.txt.ana.sig
    not_applied 4 "no signature of ssh-keygen"
    # Named, it is refused as what it is not.
    exits 12 retire apply plan.txt --yes --sig plan.txt.ana.sig
    says err R0943
    same_file .env.crypto old
    # A good one beside the bad ones is enough; an unknown signer's does not spoil it.
    approved rui
    exits 0 retire apply plan.txt --yes
}

@test "one person counts once: two keys of one principal, one key twice, two principals of one key" {
    asked 2
    approved ana ana2
    not_applied 4 "1 of 2"
    cp plan.txt.ana.sig plan.txt.copy.sig
    not_applied 4 "1 of 2"
    exits 4 retire apply plan.txt --yes --sig plan.txt.ana.sig --sig plan.txt.ana2.sig
    rm plan.txt.*.sig
    # One line with two principals, and a second key for one of them.
    {
        echo "ana@corp,ana@home $(cat keys/ana.pub)"
        echo "ANA@home $(cat keys/rui.pub)"
    } >signers
    asked 2
    approved ana rui
    not_applied 4 "1 of 2"
}

@test "an entry that has expired and one that is a pattern do not count" {
    {
        echo "ana@corp valid-before=\"20200101\" $(cat keys/ana.pub)"
        echo "*@corp $(cat keys/rui.pub)"
        echo "eva@corp namespaces=\"file,git\" $(cat keys/eva.pub)"
        echo "ana2@corp valid-after=\"20990101\" $(cat keys/ana2.pub)"
    } >signers
    asked 1
    approved ana rui eva ana2
    not_applied 4 "0 of 1" expired pattern "plan.txt.eva.sig does not count" "plan.txt.ana2.sig does not count"
}

@test "a revoked key does not count, by a list of keys and by a KRL, also when revoked after approving" {
    : >revoked
    asked 1 --revoked revoked
    says plan.txt "  revoked at \"$PWD/revoked\""
    approved ana
    exits 0 retire apply plan.txt --dry-run
    run grep -c "does not count" err
    [ "$status" -eq 1 ]
    cat keys/ana.pub >revoked
    not_applied 4 "0 of 1" revoked
    rm revoked
    ssh-keygen -q -k -f revoked keys/ana.pub
    not_applied 4 "0 of 1" revoked
    rm revoked
    exits 6 retire apply plan.txt --yes # without the list nothing counts
    says err "list of revoked keys"
    same_file .env.crypto old
    ssh-keygen -q -k -f revoked keys/rui.pub
    exits 0 retire apply plan.txt --yes
}

@test "a byte changed in the plan, or in the list of signers, voids the approvals" {
    asked 1
    approved ana
    printf '# more\n' >>signers
    not_applied 4 R0941
    sed -i '$d' signers
    sed 's/approvals 1 by/approvals 2 by/' plan.txt >plan2.txt
    cp plan.txt.ana.sig plan2.txt.ana.sig
    exits 4 retire apply plan2.txt --yes
    says err "it is not of this plan"
    # The condition taken out is still a plan, but not the one that was approved; without it nobody is asked,
    # which is what a policy is for. Taken out only in part it is no plan at all.
    sed 's/^  approvals 1 by.*/  approvals 0 by sha256:00 at ""/' plan.txt >plan2.txt
    exits 12 retire apply plan2.txt --yes
    same_file .env.crypto old
    exits 0 retire apply plan.txt --yes
}

@test "a plan made again from unchanged inputs keeps its approvals; a change voids them and is named" {
    asked 1
    approved ana
    cp plan.txt first
    again() {
        exits 0 keyretire plan --report report.db --env-file .env.crypto --state-dir "$STATE" --kdf-iterations 1 \
            --keep-versions "$1" --approvals 1 --allowed-signers signers -o plan.txt --overwrite
    }
    again 1
    says err "byte for byte as it was; its approvals hold"
    same_file plan.txt first
    again 2
    says err "approvals of the one before are void" "- options: keep-versions 1" "+ options: keep-versions 2"
    not_applied 4 "0 of 1" "it is not of this plan"
    printf '# a note\n' >>.env.crypto
    cp -p .env.crypto old
    again 1
    says err "- targets: before sha256:" "+ targets: before sha256:"
    not_applied 4 "0 of 1"
    approved ana # takes the place of the void one
    exits 0 retire apply plan.txt --yes
}

@test "another report and another keyring void the approvals, and what changed is named" {
    asked 1
    approved ana
    again() {
        exits 0 keyretire plan --report report.db --env-file .env.crypto --state-dir "$STATE" --kdf-iterations 1 \
            --keep-versions 1 --approvals 1 --allowed-signers signers -o plan.txt --overwrite
    }
    sealed v4 3 1 | users_dump >dump.sql
    census
    again
    says err "approvals of the one before are void" "- evidence: live sha256:" "+ evidence: live sha256:"
    not_applied 4 "0 of 1" "it is not of this plan"
    approved ana
    grep -v CHECKSUM .env.crypto >more
    make_env other v0 v0
    grep "__v0=" other >>more
    cat more >.env.crypto
    cp -p .env.crypto old
    not_applied 5 "changed since the plan was made"
    census # of the same dump: the report says which versions there are
    again
    says err "approvals of the one before are void" "+ versions: remove v0" "+ targets: removes v0 v1 v2 v3"
    not_applied 4 "0 of 1" "it is not of this plan"
}

@test "an apply that aborted may be tried again with the same approvals; one that committed not" {
    asked 1
    approved ana
    with_fault renameat2:3:EIO apply plan.txt --yes # the exchange
    is "$GOT" 8
    same_file .env.crypto old
    exits 0 retire apply plan.txt --yes
    exits 5 retire apply plan.txt --yes
}

@test "a key that is revoked between the question and COMMIT stops the change" {
    : >revoked
    asked 1 --revoked revoked
    approved ana
    stopped_before renameat2:2 apply plan.txt --yes # the archive gets its name
    cat keys/ana.pub >revoked
    resume
    is "$GOT" 4
    says err "0 of 1"
    same_file .env.crypto old
    nothing_staged .
}

@test "ssh-keygen that cannot be started, and each call for it that fails, refuses and changes nothing" {
    local call
    asked 1
    approved ana
    for call in memory_file:1:EMFILE spawn:1:EAGAIN spawn:3:EAGAIN wait_child:2:EIO memory_file:9:EMFILE; do
        with_fault "$call" apply plan.txt --yes
        [ "$GOT" -eq 13 ] || [ "$GOT" -eq 8 ]
        same_file .env.crypto old
        nothing_staged .
    done
    for call in memory_file:1:EMFILE spawn:1:EAGAIN spawn:2:EAGAIN wait_child:1:EIO write:1:EIO; do
        GOT=0
        KEYRETIRE_FAULT=$call "$FAULTY" approve plan.txt --key keys/rui --as rui --yes >out 2>err || GOT=$?
        is "$GOT" 13
        [ ! -e plan.txt.rui.sig ]
    done
    exits 0 retire apply plan.txt --yes
}

@test "the child gets nothing of the environment, and PATH does not choose it" {
    mkdir bin
    printf '#!/bin/sh\ntouch "%s/called"\nexit 0\n' "$PWD" >bin/ssh-keygen
    chmod +x bin/ssh-keygen
    asked 1
    PATH=$PWD/bin:$PATH approved ana
    [ ! -e called ]
    strace -f -qq -v -s 200 -e trace=execve -o trace env PATH="$PWD/bin:$PATH" LEAK_ME=please \
        "$BUILD/keyretire" apply plan.txt --yes --state-dir "$STATE" >out 2>err
    [ ! -e called ]
    is "$(grep -c 'execve("/usr/bin/ssh-keygen".*\], \[\])' trace)" 6 # three questions, asked twice
    is "$(grep 'ssh-keygen' trace | grep -c LEAK_ME)" 0
    is "$(env_versions .env.crypto)" v4
}

@test "approve refuses a blocked plan (4), a missing key (6), a broken key (13), a bad name (2), a file in the way (2)" {
    asked 1
    exits 6 keyretire approve plan.txt --key keys/nobody --as ana --yes
    echo nonsense >keys/broken
    chmod 600 keys/broken
    exits 13 keyretire approve plan.txt --key keys/broken --as ana --yes
    says err R0942
    exits 2 keyretire approve plan.txt --as ana --yes
    exits 2 keyretire approve plan.txt --key keys/ana --as a/b --yes
    exits 2 keyretire approve plan.txt --key keys/ana --as '' --yes
    echo mine >plan.txt.ana.sig
    exits 2 keyretire approve plan.txt --key keys/ana --as ana --yes
    is "$(cat plan.txt.ana.sig)" mine
    rm plan.txt.ana.sig
    sealed v4 2 1 | users_dump | head -n -3 >dump.sql # cut off
    census || [ $? -eq 3 ]
    plan --keep-versions 1 --approvals 1 --allowed-signers signers || [ $? -eq 4 ]
    is "$(blockers)" incomplete-report
    exits 4 keyretire approve plan.txt --key keys/ana --as ana --yes
    [ ! -e plan.txt.ana.sig ]
}

@test "approvals that cannot be asked for are refused: no list, too few entries, 0 or 65 of them" {
    local bad
    for bad in "--approvals 1" "--approvals 0 --allowed-signers signers" "--approvals 65 --allowed-signers signers" \
        "--approvals x --allowed-signers signers" "--approvals 5 --allowed-signers signers" "--revoked signers"; do
        # shellcheck disable=SC2086 # words
        exits 2 keyretire plan --report report.db --env-file .env.crypto --state-dir "$STATE" -o p.txt $bad
        [ ! -e p.txt ]
    done
    exits 6 keyretire plan --report report.db --env-file .env.crypto --state-dir "$STATE" -o p.txt --allowed-signers no
    exits 2 keyretire plan --report report.db --env-file .env.crypto --state-dir "$STATE" --allowed-signers signers \
        -o signers --overwrite
    is "$(head -1 signers)" "# who may approve"
}

@test "a rehearsal without approvals says that apply would refuse" {
    asked 2
    approved ana
    exits 0 retire apply plan.txt --dry-run
    says err "not approved: 1 of 2" "apply would refuse now"
}

@test "what lies beside the plan and cannot be read as a signature is passed over and said; with --sig it is an error" {
    asked 2
    approved ana rui
    mkdir plan.txt.folder.sig
    ln -s nowhere plan.txt.link.sig
    mkfifo plan.txt.fifo.sig
    truncate -s 100M plan.txt.large.sig
    exits 0 timeout 60 keyretire apply plan.txt --dry-run --state-dir "$STATE"
    says err plan.txt.folder.sig plan.txt.link.sig plan.txt.fifo.sig plan.txt.large.sig "does not count"
    exits 6 keyretire apply plan.txt --dry-run --state-dir "$STATE" --sig plan.txt.link.sig
    exits 0 retire apply plan.txt --yes
}

@test "a plan that asks for no approvals is applied without them, and --sig is said not to matter" {
    planned --keep-versions 1
    exits 0 keyretire approve plan.txt --key keys/ana --as ana --yes
    exits 0 retire apply plan.txt --yes --sig plan.txt.ana.sig
    says err "asks for no approvals"
    exits 0 retire log --json
    is "$(field out 'x["approvals"]')" "[]"
}

@test "verify counts the approvals as apply would, names who gave them, and lacking ones are no error" {
    asked 2
    exits 0 retire verify plan.txt
    says out "approvals  0 of 2"
    approved ana
    exits 0 retire verify plan.txt
    says out "approvals  1 of 2: ana@corp"
    approved rui
    exits 0 retire verify plan.txt
    says out "approvals  2 of 2: ana@corp, rui@corp"
    echo "# changed" >>signers
    exits 0 retire verify plan.txt
    says out "approvals  none counts: the list of allowed signers $PWD/signers changed"
}

@test "status shows who approved a transaction" {
    asked 2
    approved ana rui
    exits 0 retire apply plan.txt --yes
    exits 0 retire status --json
    is "$(field out 'x[0]["approvals"]')" "ana@corp, rui@corp"
    is "$(field out 'x[0]["policy"]')" ""
}

@test "approve killed at any system call leaves no signature or a whole one, and can be done again" {
    local k=0 name n points
    asked 1
    mkdir plain
    cp plan.txt plain
    strace -qq -o trace keyretire approve plan.txt --key keys/ana --as ana --yes >/dev/null 2>&1
    ssh-keygen -Y verify -f signers -I ana@corp -n "$NAMESPACE" -s plan.txt.ana.sig <plan.txt
    # From the moment on where the keeper is asked: before it nothing is written.
    sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' trace | awk '{ print $1, ++seen[$1] }' >points
    from=$(grep -n '^landlock_restrict_self\|^seccomp' points | tail -1 | cut -d: -f1)
    points=$(sed "1,${from:-1}d" points | grep -v '^exit')
    [ "$(wc -l <<<"$points")" -gt 15 ]
    tried=0
    hit=0
    while read -r name n; do
        k=$((k + 1))
        [ $((k % ${KILL_STEP:-3})) -eq 0 ] || continue
        rm -f plan.txt.ana.sig
        killed=0
        (
            exec 2>/dev/null
            strace -qq -o /dev/null -e trace="$name" -e inject="$name:signal=KILL:when=$n" \
                keyretire approve plan.txt --key keys/ana --as ana --yes >/dev/null
        ) || killed=$?
        tried=$((tried + 1))
        [ "$killed" -ne 137 ] || hit=$((hit + 1)) # a late call may not come in every run
        cmp plan.txt plain/plan.txt
        [ ! -e plan.txt.ana.sig ] ||
            ssh-keygen -Y verify -f signers -I ana@corp -n "$NAMESPACE" -s plan.txt.ana.sig <plan.txt
        exits 0 keyretire approve plan.txt --key keys/ana --as ana --yes
    done <<<"$points"
    [ "$k" -gt 15 ]
    [ $((hit * 10)) -ge $((tried * 9)) ]
    ssh-keygen -Y verify -f signers -I ana@corp -n "$NAMESPACE" -s plan.txt.ana.sig <plan.txt
}

@test "approve with each call failing: no signature and an error, or a whole signature" {
    local k=0 number name errno
    asked 1
    KEYRETIRE_FAULT_LOG=$SCRATCH/calls "$FAULTY" approve plan.txt --key keys/ana --as ana --yes >/dev/null
    while read -r number name; do
        k=$((k + 1))
        [ $((k % ${FAULT_STEP:-4})) -eq 0 ] || continue
        rm -f plan.txt.ana.sig
        for errno in EIO ENOSPC; do
            GOT=0
            KEYRETIRE_FAULT=$number:$errno "$FAULTY" approve plan.txt --key keys/ana --as ana --yes >out 2>err || GOT=$?
            # The signature may be in place when its folder cannot be synced or the result not be printed.
            if [ -e plan.txt.ana.sig ]; then
                ssh-keygen -Y verify -f signers -I ana@corp -n "$NAMESPACE" -s plan.txt.ana.sig <plan.txt
            else
                [ "$GOT" -ne 0 ] || { echo "call $number $name with $errno"; return 1; }
            fi
        done
    done <calls
    [ "$k" -gt 40 ]
    is "$(find . -name '.*.tmp')" ""
}
