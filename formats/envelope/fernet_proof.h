/*
 * fernet_proof: which key made a token, from the text in which it is stored.
 *
 *     size_t key = fernet_prove(r->proof, hint, token);      an index, PROOF_ORPHAN, PROOF_UNTRIED
 *
 * Both base64url layers come off, and the MAC is compared; the ciphertext is never touched.
 * Threads: pure. Limits: a token beyond FERNET_PROVEN_MOST is PROOF_UNTRIED, wherever it stands,
 * because in a cell that is read in pieces it would have to be held: then it is no more than a
 * claim.
 * Source: https://github.com/fernet/spec/blob/master/Spec.md, "Verifying"
 */
#ifndef FORMATS_ENVELOPE_FERNET_PROOF_H
#define FORMATS_ENVELOPE_FERNET_PROOF_H

#include "formats/envelope/proof.h"

enum { FERNET_PROVEN_MOST = 64 * 1024 }; /* bytes of text */

/* `token` has FERNET_VALID shape (fernet_token.h). */
size_t fernet_prove(const struct proof_keys *proof, size_t hint, struct str token);

#endif
