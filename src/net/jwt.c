#include "net/jwt.h"

#include <gnutls/abstract.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/text.h"
#include "net/crypt.h"

#define P256_BYTES   32
#define DER_MAX      128 /* bytes of a signature */
#define EXPONENT_MAX 8   /* bytes of an RSA exponent */
#define ALLOWED      "only RS256 and ES256 are taken"

enum algorithm {
    ALGORITHM_NONE = 0,
    ALGORITHM_RS256,
    ALGORITHM_ES256,
};

struct key {
    struct vl_span kid; /* empty: none */
    enum algorithm algorithm;
    gnutls_pubkey_t key;
};

struct vl_jwks {
    struct vl_doc *doc;
    struct key keys[VL_JWKS_KEYS_MAX];
    size_t n, left_out;
};

/* Base64url without padding alone (RFC 7515 §2): vl_base64_decode() takes more. */
static bool decode(struct vl_span text, struct vl_buf *out)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '+' || text.ptr[i] == '/' || text.ptr[i] == '=')
            return false;
    }
    return vl_base64_decode(text, out) && !out->failed;
}

static gnutls_datum_t datum_of(struct vl_span s)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)s.ptr, (unsigned)s.len};
}

static struct vl_span without_zeros(struct vl_span number)
{
    size_t at = 0;
    while (at < number.len && number.ptr[at] == '\0')
        at++;
    return vl_span_slice(number, at, number.len);
}

/* A member that is a number in base64url, without leading zeros. */
static bool number_of(
    const struct vl_doc_node *node, const char *name, struct vl_buf *bytes, struct vl_span *ret)
{
    if (!decode(vl_doc_get_str(node, name), bytes))
        return false;
    *ret = without_zeros(vl_buf_span(bytes));
    return ret->len > 0;
}

static bool import_rsa(const struct vl_doc_node *node, gnutls_pubkey_t key)
{
    struct vl_buf n VL_CLEANUP(vl_buf_done), e VL_CLEANUP(vl_buf_done);
    struct vl_span modulus, exponent;
    vl_buf_init(&n, VL_JWT_RSA_MAX_BITS / 8 + 2);
    vl_buf_init(&e, EXPONENT_MAX + 2);
    if (!number_of(node, "n", &n, &modulus) || !number_of(node, "e", &e, &exponent))
        return false;
    /* The first bit of a modulus of 2,048 bits is set. */
    bool large = modulus.len > VL_JWT_RSA_MIN_BITS / 8 ||
                 (modulus.len == VL_JWT_RSA_MIN_BITS / 8 && ((unsigned char)modulus.ptr[0] & 0x80));
    bool odd = ((unsigned char)exponent.ptr[exponent.len - 1] & 1) &&
               !(exponent.len == 1 && exponent.ptr[0] == 1); /* 1 would let everything through */
    if (!large || !odd || modulus.len > VL_JWT_RSA_MAX_BITS / 8)
        return false;
    const gnutls_datum_t m = datum_of(modulus), x = datum_of(exponent);
    return gnutls_pubkey_import_rsa_raw(key, &m, &x) >= 0;
}

static bool import_p256(const struct vl_doc_node *node, gnutls_pubkey_t key)
{
    struct vl_buf bytes[2] = {0};
    gnutls_datum_t x, y;
    bool good = vl_span_eq_str(vl_doc_get_str(node, "crv"), "P-256");
    vl_buf_init(&bytes[0], P256_BYTES + 2);
    vl_buf_init(&bytes[1], P256_BYTES + 2);
    /* Both are as long as the field (RFC 7518 §6.2.1.2). */
    good = good && decode(vl_doc_get_str(node, "x"), &bytes[0]) &&
           decode(vl_doc_get_str(node, "y"), &bytes[1]) && bytes[0].len == P256_BYTES &&
           bytes[1].len == P256_BYTES;
    if (good) {
        x = datum_of(vl_buf_span(&bytes[0]));
        y = datum_of(vl_buf_span(&bytes[1]));
        good = gnutls_pubkey_import_ecc_raw(key, GNUTLS_ECC_CURVE_SECP256R1, &x, &y) >= 0;
    }
    vl_buf_done(&bytes[0]);
    vl_buf_done(&bytes[1]);
    return good;
}

static enum algorithm algorithm_of(struct vl_span name)
{
    return vl_span_eq_str(name, "RS256")   ? ALGORITHM_RS256
           : vl_span_eq_str(name, "ES256") ? ALGORITHM_ES256
                                           : ALGORITHM_NONE;
}

/* False: not a key for signatures that are taken. */
static bool import(const struct vl_doc_node *node, struct key *ret)
{
    struct vl_span type = vl_doc_get_str(node, "kty"), use = vl_doc_get_str(node, "use"),
                   algorithm = vl_doc_get_str(node, "alg");
    struct key key = {.kid = vl_doc_get_str(node, "kid")};
    key.algorithm = vl_span_eq_str(type, "RSA")  ? ALGORITHM_RS256
                    : vl_span_eq_str(type, "EC") ? ALGORITHM_ES256
                                                 : ALGORITHM_NONE;
    if (key.algorithm == ALGORITHM_NONE || (use.len && !vl_span_eq_str(use, "sig")) ||
        (algorithm.len && algorithm_of(algorithm) != key.algorithm) || gnutls_pubkey_init(&key.key) < 0)
        return false;
    if (key.algorithm == ALGORITHM_RS256 ? import_rsa(node, key.key) : import_p256(node, key.key)) {
        *ret = key;
        return true;
    }
    gnutls_pubkey_deinit(key.key);
    return false;
}

int vl_jwks_parse(struct vl_span text, struct vl_jwks **ret, struct vl_err *err)
{
    struct vl_jwks *keys VL_CLEANUP(vl_jwks_cleanup) = NULL;
    if (text.len > VL_JWKS_BYTES_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "the set of keys has more than %lu bytes", VL_JWKS_BYTES_MAX);
    keys = calloc(1, sizeof(*keys));
    if (!keys)
        return vl_err_nomem(err);
    int r = vl_doc_parse(text, VL_DOC_JSON, "the set of keys", &keys->doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *list = vl_doc_get(vl_doc_root(keys->doc), "keys");
    if (!vl_doc_is(list, VL_DOC_ARRAY))
        return vl_err_set(err, VL_ERR_INVALID, "the set of keys has no list \"keys\"");
    if (vl_doc_size(list) > VL_JWKS_KEYS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "the set of keys has more than %d", VL_JWKS_KEYS_MAX);
    for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n)) {
        if (import(n, &keys->keys[keys->n]))
            keys->n++;
        else
            keys->left_out++;
    }
    *ret = keys;
    keys = NULL;
    return 0;
}

void vl_jwks_free(struct vl_jwks *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < keys->n; i++)
        gnutls_pubkey_deinit(keys->keys[i].key);
    vl_doc_free(keys->doc);
    free(keys);
}

void vl_jwks_cleanup(struct vl_jwks **keys)
{
    vl_jwks_free(*keys);
}

size_t vl_jwks_count(const struct vl_jwks *keys)
{
    return keys->n;
}

size_t vl_jwks_left_out(const struct vl_jwks *keys)
{
    return keys->left_out;
}

/* --- tokens --- */

/* RFC 7518 §3.4: R and S, 32 bytes each, one behind the other; GnuTLS wants them in DER. */
static bool verify_es256(const struct key *key, const gnutls_datum_t *text, struct vl_span signature)
{
    struct vl_span r = without_zeros(vl_span_slice(signature, 0, P256_BYTES)),
                   s = without_zeros(vl_span_slice(signature, P256_BYTES, signature.len));
    struct vl_buf der VL_CLEANUP(vl_buf_done);
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(&der, DER_MAX);
    if (signature.len != (size_t)2 * P256_BYTES || r.len == 0 || s.len == 0 ||
        vl_crypt_encode_signature(r, s, &der, &err) < 0)
        return false;
    const gnutls_datum_t bytes = datum_of(vl_buf_span(&der));
    return gnutls_pubkey_verify_data2(key->key, GNUTLS_SIGN_ECDSA_SHA256, 0, text, &bytes) >= 0;
}

static bool verify_one(const struct key *key, struct vl_span text, struct vl_span signature)
{
    const gnutls_datum_t data = datum_of(text), bytes = datum_of(signature);
    if (key->algorithm == ALGORITHM_ES256)
        return verify_es256(key, &data, signature);
    return gnutls_pubkey_verify_data2(key->key, GNUTLS_SIGN_RSA_SHA256, 0, &data, &bytes) >= 0;
}

static int verify(const struct vl_jwks *keys, const struct vl_doc_node *header, struct vl_span text,
    struct vl_span signature, struct vl_err *err)
{
    struct vl_span name = vl_doc_get_str(header, "alg"), kid = vl_doc_get_str(header, "kid");
    enum algorithm algorithm = algorithm_of(name);
    bool tried = false;
    if (algorithm == ALGORITHM_NONE)
        return vl_err_set(err, VL_ERR_AUTH, "the token's signature is of the kind \"%.*s\": " ALLOWED,
            VL_SPAN_FMT(vl_span_slice(name, 0, 32)));
    if (vl_doc_get(header, "crit")) /* RFC 7515 §4.1.11: what is not understood must be refused */
        return vl_err_set(err, VL_ERR_AUTH, "the token has critical headers (\"crit\"): none is known");
    for (size_t i = 0; i < keys->n; i++) {
        const struct key *key = &keys->keys[i];
        if (key->algorithm != algorithm || (kid.len && !vl_span_eq(kid, key->kid)))
            continue;
        if (verify_one(key, text, signature))
            return 0;
        tried = true;
    }
    return tried ? vl_err_set(err, VL_ERR_AUTH, "the token's signature is wrong")
                 : vl_err_set(err, VL_ERR_NOT_FOUND,
                       "the token's key \"%.*s\" is not among those published: %zu can be used, %zu are of "
                       "another kind",
                       VL_SPAN_FMT(vl_span_slice(kid, 0, 100)), vl_jwks_count(keys), vl_jwks_left_out(keys));
}

/* One part of a token: a JSON object. */
static int parse_part(struct vl_span part, const char *what, struct vl_doc **ret, struct vl_err *err)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    vl_buf_init(&text, VL_JWT_BYTES_MAX);
    if (!decode(part, &text))
        return vl_err_set(err, VL_ERR_INVALID, "%s is no base64url", what);
    int r = vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, what, &doc, err);
    if (r < 0)
        return r;
    if (!vl_doc_is(vl_doc_root(doc), VL_DOC_OBJECT))
        return vl_err_set(err, VL_ERR_INVALID, "%s is no object", what);
    *ret = doc;
    doc = NULL;
    return 0;
}

int vl_jwt_verify(
    const struct vl_jwks *keys, struct vl_span token, struct vl_doc **ret_claims, struct vl_err *err)
{
    struct vl_doc *header VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_buf signature VL_CLEANUP(vl_buf_done);
    vl_buf_init(&signature, VL_JWT_RSA_MAX_BITS / 8 + 2);
    if (token.len > VL_JWT_BYTES_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "the token has more than %lu bytes", VL_JWT_BYTES_MAX);
    size_t first = vl_span_find_char(token, '.'), last = vl_span_rfind_char(token, '.');
    if (first == SIZE_MAX || first == last ||
        vl_span_find_char(vl_span_slice(token, first + 1, last), '.') != SIZE_MAX)
        return vl_err_set(err, VL_ERR_INVALID, "the token has not three parts");
    int r = parse_part(vl_span_slice(token, 0, first), "the token's header", &header, err);
    if (r < 0)
        return r;
    if (!decode(vl_span_slice(token, last + 1, token.len), &signature))
        return vl_err_set(err, VL_ERR_INVALID, "the token's signature is no base64url, or too long");
    r = verify(keys, vl_doc_root(header), vl_span_slice(token, 0, last), vl_buf_span(&signature), err);
    /* Nothing of the claims is read before. */
    return r < 0 ? r
                 : parse_part(vl_span_slice(token, first + 1, last), "the token's claims", ret_claims, err);
}
