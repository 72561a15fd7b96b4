#!/bin/bash
# approve, killed at every system call: the plan is as it was, a signature is whole or not there, and approving
# again works.
. "$(dirname "$0")/kill.bash"
start_world
load_world fresh
ssh-keygen -q -t ed25519 -N '' -C ana -f ana
echo "ana@corp $(cat ana.pub)" >signers
plan_was=$(sha256sum <plan.txt)
always=()
verified() {
    ssh-keygen -Y verify -f signers -I ana@corp -n keyretire-plan@v1 -s plan.txt.ana.sig <plan.txt >>talk 2>&1
}
settle_approve() { # POINT ALLOWED
    [ "$(sha256sum <plan.txt)" = "$plan_was" ] || note "$1: the plan changed"
    [ "$(digest)" = "$2" ] || note "$1: a file changed"
    [ ! -e plan.txt.ana.sig ] || verified || note "$1: a signature that does not verify"
    keyretire approve plan.txt --key ana --as ana --yes >>talk 2>&1 && verified || note "$1: approving again fails"
    rm -f plan.txt.ana.sig .plan.txt.ana.sig.*.tmp
}
judge=settle_approve
kill_all "approve" fresh '"$old"' approve plan.txt --key ana --as ana --yes
finish 60
