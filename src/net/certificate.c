/* The certificates of a first start: an authority of one's own and the server's certificate under it (RFC
 * 5280). */
#include <arpa/inet.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>
#include <time.h>

#include "base/text.h"
#include "base/time.h"
#include "net/crypt.h"

#define PEM_MAX        (64UL * 1024)
#define DAY            (24 * 60 * 60)
#define AUTHORITY_DAYS 3650
#define SERIAL_BYTES   16
#define KEY_ID_MAX     64
#define EARLY_SECONDS  300 /* clocks of clients that are a little behind */

static int fail(struct vl_err *err, const char *what, int code)
{
    return vl_err_set(err, VL_ERR_INVALID, "%s: %s", what, gnutls_strerror(code));
}

void vl_crypt_identity_init(struct vl_crypt_identity *identity)
{
    vl_buf_init(&identity->certificate_pem, PEM_MAX);
    vl_buf_init(&identity->key_pem, PEM_MAX);
}

void vl_crypt_identity_done(struct vl_crypt_identity *identity)
{
    if (identity->key_pem.ptr)
        gnutls_memset(identity->key_pem.ptr, 0, identity->key_pem.len);
    vl_buf_done(&identity->certificate_pem);
    vl_buf_done(&identity->key_pem);
}

/* A certificate and key in GnuTLS' form. */
struct pair {
    gnutls_x509_crt_t certificate;
    gnutls_x509_privkey_t key;
};

static void pair_done(struct pair *p)
{
    if (p->certificate)
        gnutls_x509_crt_deinit(p->certificate);
    if (p->key)
        gnutls_x509_privkey_deinit(p->key);
}

static int pair_new(struct pair *p, struct vl_err *err)
{
    int code = gnutls_x509_crt_init(&p->certificate);
    if (code >= 0)
        code = gnutls_x509_privkey_init(&p->key);
    if (code >= 0)
        code = gnutls_x509_privkey_generate(
            p->key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    return code < 0 ? fail(err, "a new key", code) : 0;
}

static int pair_read(const struct vl_crypt_identity *from, struct pair *p, struct vl_err *err)
{
    gnutls_datum_t certificate = {
        (unsigned char *)from->certificate_pem.ptr, (unsigned)from->certificate_pem.len};
    gnutls_datum_t key = {(unsigned char *)from->key_pem.ptr, (unsigned)from->key_pem.len};
    int code = gnutls_x509_crt_init(&p->certificate);
    if (code >= 0)
        code = gnutls_x509_privkey_init(&p->key);
    if (code >= 0)
        code = gnutls_x509_crt_import(p->certificate, &certificate, GNUTLS_X509_FMT_PEM);
    if (code >= 0)
        code = gnutls_x509_privkey_import2(p->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
    return code < 0 ? fail(err, "the authority", code) : 0;
}

static int common_parts(struct pair *p, const char *common_name, unsigned days, struct vl_err *err)
{
    uint8_t serial[SERIAL_BYTES], id[KEY_ID_MAX];
    size_t id_len = sizeof(id);
    int r = vl_crypt_random(serial, sizeof(serial), err);
    if (r < 0)
        return r;
    serial[0] &= 0x7f; /* positive */
    serial[0] |= 0x40;
    time_t now = time(NULL);
    int code = gnutls_x509_crt_set_version(p->certificate, 3);
    if (code >= 0)
        code = gnutls_x509_crt_set_key(p->certificate, p->key);
    if (code >= 0)
        code = gnutls_x509_crt_set_serial(p->certificate, serial, sizeof(serial));
    if (code >= 0)
        code = gnutls_x509_crt_set_activation_time(p->certificate, now - EARLY_SECONDS);
    if (code >= 0)
        code = gnutls_x509_crt_set_expiration_time(p->certificate, now + (time_t)days * DAY);
    if (code >= 0)
        code = gnutls_x509_crt_set_dn_by_oid(
            p->certificate, GNUTLS_OID_X520_COMMON_NAME, 0, common_name, (unsigned)strlen(common_name));
    if (code >= 0)
        code = gnutls_x509_crt_get_key_id(p->certificate, GNUTLS_KEYID_USE_SHA256, id, &id_len);
    if (code >= 0)
        code = gnutls_x509_crt_set_subject_key_id(p->certificate, id, id_len);
    return code < 0 ? fail(err, "a new certificate", code) : 0;
}

static int export_pair(const struct pair *p, struct vl_crypt_identity *ret, struct vl_err *err)
{
    gnutls_datum_t certificate = {0}, key = {0};
    int code = gnutls_x509_crt_export2(p->certificate, GNUTLS_X509_FMT_PEM, &certificate);
    if (code >= 0)
        code = gnutls_x509_privkey_export2_pkcs8(p->key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, &key);
    if (code >= 0) {
        vl_buf_clear(&ret->certificate_pem);
        vl_buf_clear(&ret->key_pem);
        vl_buf_append(&ret->certificate_pem, certificate.data, certificate.size);
        vl_buf_append(&ret->key_pem, key.data, key.size);
        gnutls_memset(key.data, 0, key.size);
    }
    gnutls_free(certificate.data);
    gnutls_free(key.data);
    if (code < 0)
        return fail(err, "a new certificate", code);
    int r = vl_buf_check(&ret->certificate_pem, "a certificate", err);
    return r < 0 ? r : vl_buf_check(&ret->key_pem, "a key", err);
}

int vl_crypt_make_authority(const char *common_name, struct vl_crypt_identity *ret, struct vl_err *err)
{
    struct pair p VL_CLEANUP(pair_done) = {0};
    int r = pair_new(&p, err);
    if (r >= 0)
        r = common_parts(&p, common_name, AUTHORITY_DAYS, err);
    if (r < 0)
        return r;
    int code = gnutls_x509_crt_set_basic_constraints(p.certificate, 1, 0);
    if (code >= 0)
        code = gnutls_x509_crt_set_key_usage(p.certificate, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN);
    if (code >= 0)
        code = gnutls_x509_crt_sign2(p.certificate, p.certificate, p.key, GNUTLS_DIG_SHA256, 0);
    return code < 0 ? fail(err, "a new authority", code) : export_pair(&p, ret, err);
}

static int add_name(gnutls_x509_crt_t certificate, const char *name)
{
    uint8_t address[16];
    if (inet_pton(AF_INET, name, address) == 1)
        return gnutls_x509_crt_set_subject_alt_name(
            certificate, GNUTLS_SAN_IPADDRESS, address, 4, GNUTLS_FSAN_APPEND);
    if (inet_pton(AF_INET6, name, address) == 1)
        return gnutls_x509_crt_set_subject_alt_name(
            certificate, GNUTLS_SAN_IPADDRESS, address, 16, GNUTLS_FSAN_APPEND);
    return gnutls_x509_crt_set_subject_alt_name(
        certificate, GNUTLS_SAN_DNSNAME, name, (unsigned)strlen(name), GNUTLS_FSAN_APPEND);
}

int vl_crypt_make_server(const struct vl_crypt_identity *authority, const char *const *names, size_t n_names,
    unsigned days, struct vl_crypt_identity *ret, struct vl_err *err)
{
    struct pair ca VL_CLEANUP(pair_done) = {0}, p VL_CLEANUP(pair_done) = {0};
    if (n_names == 0)
        return vl_err_set(err, VL_ERR_USAGE, "a server's certificate needs a name");
    int r = pair_read(authority, &ca, err);
    if (r >= 0)
        r = pair_new(&p, err);
    if (r >= 0)
        r = common_parts(&p, names[0], days, err);
    if (r < 0)
        return r;
    uint8_t id[KEY_ID_MAX];
    size_t id_len = sizeof(id);
    int code = gnutls_x509_crt_set_basic_constraints(p.certificate, 0, -1);
    for (size_t i = 0; i < n_names && code >= 0; i++)
        code = add_name(p.certificate, names[i]);
    if (code >= 0)
        code = gnutls_x509_crt_set_key_usage(p.certificate, GNUTLS_KEY_DIGITAL_SIGNATURE);
    if (code >= 0)
        code = gnutls_x509_crt_set_key_purpose_oid(p.certificate, GNUTLS_KP_TLS_WWW_SERVER, 0);
    if (code >= 0)
        code = gnutls_x509_crt_get_subject_key_id(ca.certificate, id, &id_len, NULL);
    if (code >= 0)
        code = gnutls_x509_crt_set_authority_key_id(p.certificate, id, id_len);
    if (code >= 0)
        code = gnutls_x509_crt_sign2(p.certificate, ca.certificate, ca.key, GNUTLS_DIG_SHA256, 0);
    return code < 0 ? fail(err, "a server's certificate", code) : export_pair(&p, ret, err);
}

static int first_of(struct vl_span pem, gnutls_x509_crt_t *ret, struct vl_err *err)
{
    gnutls_datum_t text = {(unsigned char *)(uintptr_t)pem.ptr, (unsigned)pem.len};
    int code = gnutls_x509_crt_init(ret);
    if (code < 0)
        return fail(err, "a certificate", code);
    code = gnutls_x509_crt_import(*ret, &text, GNUTLS_X509_FMT_PEM);
    if (code < 0) {
        gnutls_x509_crt_deinit(*ret);
        return fail(err, "a certificate", code);
    }
    return 0;
}

int vl_crypt_fingerprint(
    struct vl_span certificate_pem, char ret[VL_CRYPT_FINGERPRINT_MAX], struct vl_err *err)
{
    gnutls_x509_crt_t certificate;
    uint8_t digest[32];
    size_t len = sizeof(digest);
    int r = first_of(certificate_pem, &certificate, err);
    if (r < 0)
        return r;
    int code = gnutls_x509_crt_get_fingerprint(certificate, GNUTLS_DIG_SHA256, digest, &len);
    gnutls_x509_crt_deinit(certificate);
    if (code < 0)
        return fail(err, "a fingerprint", code);
    memcpy(ret, "sha256:", 7);
    vl_hex_encode(digest, sizeof(digest), ret + 7);
    return 0;
}

int vl_crypt_expiry(struct vl_span certificate_pem, int64_t *ret_ms, struct vl_err *err)
{
    gnutls_x509_crt_t certificate;
    int r = first_of(certificate_pem, &certificate, err);
    if (r < 0)
        return r;
    time_t end = gnutls_x509_crt_get_expiration_time(certificate);
    gnutls_x509_crt_deinit(certificate);
    if (end == (time_t)-1)
        return vl_err_set(err, VL_ERR_INVALID, "a certificate without an end");
    *ret_ms = (int64_t)end * 1000;
    return 0;
}
