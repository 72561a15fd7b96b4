/*
 * sealed: values without any mark of their own, base64 or bytes of an AEAD.
 *
 * Three envelopes of one shape: lockbox, attr-encrypted and aead. Nothing but their length tells
 * them from other base64, so only a column that declares one has it; and bytes that are valid
 * UTF-8 are taken for text, never for ciphertext.
 */
#ifndef FORMATS_ENVELOPE_SEALED_H
#define FORMATS_ENVELOPE_SEALED_H

#include "formats/envelope/envelope.h"

enum { LOCKBOX_KEY = 32 };

/*
 * The key of one column from lockbox's master key (decoded): HKDF-SHA384 with the table as salt and
 * 32 bytes B4 and the name of the encrypted attribute as info (Lockbox::KeyGenerator).
 */
bool lockbox_attribute_key(struct str master, struct str table, struct str attribute,
                           unsigned char key[LOCKBOX_KEY], struct err *err);

#endif
