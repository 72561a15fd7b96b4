/* Three keys and what they made: the vectors of the application's own library. */
#ifndef TESTS_PROOF_KEYS_H
#define TESTS_PROOF_KEYS_H

#include "formats/envelope/versioned_fernet.h"

#define PROVEN_V1                                                                                  \
    "Z0FBQUFBQmxVX0VBQUFFQ0F3UUZCZ2NJQ1FvTERBME9ENzItWVl0eVdYbm9Bd0ZpdHd3XzVRTVNJb1hoTUo2MWpDSE91" \
    "cmJ3dGZGZHdRRWs5WkpSQzJvUGtiNWJFMTF4eVdnclVEMC1yQjA5R0F5a2dRTG80VVk9"
#define PROVEN_V2                                                                                  \
    "Z0FBQUFBQmxVX0VBQUFFQ0F3UUZCZ2NJQ1FvTERBME9ELWZ6WlR6VTh1NUp1ZHhqX3VUSjlkRXB0SldRWlJ2X19lZC04" \
    "OFp6cVQ0eS1lRjJyQkdTWGdGd001Tm9Eb2RiY0RTTkdGYXRPUnB6a0pMel9KQmo5eUk9"
#define PROVEN_V2_EMPTY                                                                            \
    "Z0FBQUFBQmxVX0VBQUFFQ0F3UUZCZ2NJQ1FvTERBME9ENmJna0NBRDdmUExkaDJ3TUJGdzRleGdnUnZ5Qk9pdzQxZUJk" \
    "cUJGbldERzc5bkNKSWk0a1RTMDVSSWpEal9GR3c9PQ=="
#define PROVEN_V3                                                                                  \
    "Z0FBQUFBQmxVX0VBQUFFQ0F3UUZCZ2NJQ1FvTERBME9ENGFlNE9HM2VtZGZrX0NRTXBXZzkwZjNxbFh2ZkxIMFBaSW9K" \
    "S0dFV3FRNmdCbmx2UVZ3VTVHZ3ByUDRXekN4dE5lWUd4S2lfR0NpTWhNUVp2dHU2VlE9"
/* PROVEN_V2 with one bit of its ciphertext changed: nobody's. */
#define PROVEN_BY_NOBODY                                                                           \
    "Z0FBQUFBQmxVX0VBQUFFQ0F3UUZCZ2NJQ1FvTERBME9ELWZ6WlR6VTgtNUp1ZHhqX3VUSjlkRXB0SldRWlJ2X19lZC04" \
    "OFp6cVQ0eS1lRjJyQkdTWGdGd001Tm9Eb2RiY0RTTkdGYXRPUnB6a0pMel9KQmo5eUk9"

/* What the configuration's texts derive to; formats.md. */
static const char *const derived_hex[] = {
    "afb571e460988dea50a97762b551d00396c5b389746d7407f2cda35c05d2ec70",
    "98a5205c158645e33069cc59130f0b3e9ad5466e69f6b1056b53038e476f40ff",
    "3597d683929960e02d6c3f2b4161c0bdc88fcbd309f1c9fde2aa258e8d0558c1"};

struct three_keys {
    struct arena arena;
    struct key_names known;
    struct proof_keys proof;
    struct reading reading;
};

/* v1, v2, v3; v3 is active. */
static inline bool three_keys_open(struct three_keys *k, enum proof_material material)
{
    static const struct str names[] = {{(const unsigned char *)"v1", 2},
                                       {(const unsigned char *)"v2", 2},
                                       {(const unsigned char *)"v3", 2}};
    struct err err = {0};
    struct secret derived[3];
    *k = (struct three_keys){.arena.wipe = true};
    for (size_t i = 0; i < 3; i++) {
        struct sha256 bytes;
        (void)sha256_from_hex(str_from(derived_hex[i]), &bytes);
        memcpy(derived[i].derived, bytes.bytes, SECRET_DERIVED);
    }
    k->reading = (struct reading){
        .known = &k->known, .proof = &k->proof, .simd = simd_best(), .time_limit = 1800000000};
    return key_names_make(&k->arena, names, 3, &k->known, &err) &&
           proof_keys_make(&k->arena, derived, 3, 2, material, &k->proof, &err);
}

#endif
