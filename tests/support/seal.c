/*
 * seal: makes values as the application stores them, for test data and the demo.
 *
 *     seal ENV_FILE VERSION COUNT [UNIX_TIME]      COUNT lines `version:value`, each another
 * plaintext seal ENV_FILE - COUNT [UNIX_TIME]            the same with the active version, without
 * a prefix
 *
 * Written from formats.md section 1 with libcrypto, apart from the product's own recogniser:
 * neither shares code with the other beyond the keyring that reads the file.
 */
#include "formats/keyring/keyring.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void die(const char *why)
{
    fprintf(stderr, "seal: %s\n", why);
    exit(1);
}

static struct str read_whole(struct arena *a, const char *path)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        die("cannot open the env file");
    unsigned char *bytes = arena_alloc(a, 1 << 20);
    size_t len = fread(bytes, 1, 1 << 20, f);
    fclose(f);
    return str_make(bytes, len);
}

/* URL-safe base64 with padding. */
static size_t base64url(const unsigned char *in, size_t n, unsigned char *out)
{
    int len = EVP_EncodeBlock(out, in, (int)n);
    for (int i = 0; i < len; i++)
        out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
    return (size_t)len;
}

static void seal_one(const unsigned char key[32], uint64_t when, const unsigned char *text,
                     size_t n, unsigned char *value)
{
    unsigned char raw[512] = {0x80};
    unsigned char token[1024];
    int part = 0;
    int tail = 0;
    EVP_CIPHER_CTX *aes = EVP_CIPHER_CTX_new();
    for (int i = 0; i < 8; i++)
        raw[1 + i] = (unsigned char)(when >> (56 - 8 * i));
    if (!aes || RAND_bytes(raw + 9, 16) != 1 ||
        EVP_EncryptInit_ex(aes, EVP_aes_128_cbc(), NULL, key + 16, raw + 9) != 1 ||
        EVP_EncryptUpdate(aes, raw + 25, &part, text, (int)n) != 1 ||
        EVP_EncryptFinal_ex(aes, raw + 25 + part, &tail) != 1)
        die("AES failed");
    EVP_CIPHER_CTX_free(aes);
    size_t signed_len = 25 + (size_t)part + (size_t)tail;
    unsigned mac_len = 0;
    if (!HMAC(EVP_sha256(), key, 16, raw, signed_len, raw + signed_len, &mac_len))
        die("HMAC failed");
    size_t token_len = base64url(raw, signed_len + 32, token);
    value[base64url(token, token_len, value)] = 0;
}

int main(int argc, char **argv)
{
    struct arena a = {.wipe = true};
    struct err err = {0};
    struct keyring kr;
    struct secret secret;
    if (argc < 4)
        die("usage: seal ENV_FILE VERSION|- COUNT [UNIX_TIME]");
    struct str content = read_whole(&a, argv[1]);
    if (!keyring_load(&a, &keyring_dotenv, argv[1], content, &kr, &err))
        die(err.text);
    int bare = strcmp(argv[2], "-") == 0;
    const struct key_version *v =
        bare ? &kr.versions[kr.active] : keyring_find(&kr, str_from(argv[2]));
    if (!v)
        die("no such version");
    if (!keyring_derive(v, KEYRING_ITERATIONS, &secret, &err))
        die(err.text);
    long count = atol(argv[3]);
    uint64_t when = argc > 4 ? strtoull(argv[4], NULL, 10) : (uint64_t)time(NULL);
    for (long i = 0; i < count; i++) {
        unsigned char value[2048];
        char text[64];
        int n = snprintf(text, sizeof text, "secret number %ld", i);
        seal_one(secret.derived, when + (uint64_t)i, (const unsigned char *)text, (size_t)n, value);
        printf("%s%s%s\n", bare ? "" : argv[2], bare ? "" : ":", (const char *)value);
    }
    secret_free(&secret);
    arena_free(&a);
    return 0;
}
