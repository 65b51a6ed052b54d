/* Certificates by GnuTLS, which libmicrohttpd stands on. The one that new connections get can be replaced at
 * any time; those before it are kept for as long as a handshake may still use them. */
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdlib.h>

#include "http_server_impl.h"

#define CHAIN_MAX  16
#define KEPT_MAX   16            /* certificates before the present one */
#define CLIENT_MAX (64UL * 1024) /* bytes of a client certificate as PEM */

struct identity {
    gnutls_pcert_st chain[CHAIN_MAX];
    unsigned n_chain;
    gnutls_privkey_t key;
    struct identity *before;
};

struct vl_http_tls {
    pthread_mutex_t lock;
    struct identity *present;
};

static gnutls_datum_t datum_of(struct vl_span s)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)s.ptr, (unsigned)s.len};
}

static int fail(struct vl_err *err, const char *what, int code)
{
    return vl_err_set(err, VL_ERR_INVALID, "%s: %s", what, gnutls_strerror(code));
}

static void identity_free(struct identity *id)
{
    if (!id)
        return;
    for (unsigned i = 0; i < id->n_chain; i++)
        gnutls_pcert_deinit(&id->chain[i]);
    if (id->key)
        gnutls_privkey_deinit(id->key);
    free(id);
}

/* A key that does not belong to its certificate would be found out only by the first client. */
static int check_pair(struct vl_span certificate_pem, struct vl_span key_pem, struct vl_err *err)
{
    gnutls_certificate_credentials_t trial = NULL;
    gnutls_datum_t certificate = datum_of(certificate_pem), key = datum_of(key_pem);
    int code = gnutls_certificate_allocate_credentials(&trial);
    if (code >= 0)
        code = gnutls_certificate_set_x509_key_mem(trial, &certificate, &key, GNUTLS_X509_FMT_PEM);
    if (trial)
        gnutls_certificate_free_credentials(trial);
    return code < 0 ? fail(err, "certificate and key", code) : 0;
}

static int identity_new(
    struct vl_span certificate_pem, struct vl_span key_pem, struct identity **ret, struct vl_err *err)
{
    int r = check_pair(certificate_pem, key_pem, err);
    if (r < 0)
        return r;
    struct identity *id = calloc(1, sizeof(*id));
    if (!id)
        return vl_err_nomem(err);
    gnutls_datum_t certificate = datum_of(certificate_pem), key = datum_of(key_pem);
    unsigned n = CHAIN_MAX;
    int code = gnutls_pcert_list_import_x509_raw(id->chain, &n, &certificate, GNUTLS_X509_FMT_PEM, 0);
    id->n_chain = code >= 0 ? n : 0;
    if (code >= 0)
        code = gnutls_privkey_init(&id->key);
    if (code >= 0)
        code = gnutls_privkey_import_x509_raw(id->key, &key, GNUTLS_X509_FMT_PEM, NULL, 0);
    if (code < 0) {
        identity_free(id);
        return fail(err, "certificate or key", code);
    }
    *ret = id;
    return 0;
}

int vl_http_tls_new(
    struct vl_span certificate_pem, struct vl_span key_pem, struct vl_http_tls **ret, struct vl_err *err)
{
    struct vl_http_tls *tls = calloc(1, sizeof(*tls));
    if (!tls)
        return vl_err_nomem(err);
    pthread_mutex_init(&tls->lock, NULL);
    int r = identity_new(certificate_pem, key_pem, &tls->present, err);
    if (r < 0) {
        vl_http_tls_free(tls);
        return r;
    }
    *ret = tls;
    return 0;
}

void vl_http_tls_free(struct vl_http_tls *tls)
{
    if (!tls)
        return;
    while (tls->present) {
        struct identity *before = tls->present->before;
        identity_free(tls->present);
        tls->present = before;
    }
    pthread_mutex_destroy(&tls->lock);
    free(tls);
}

int vl_http_tls_swap(
    struct vl_http_tls *tls, struct vl_span certificate_pem, struct vl_span key_pem, struct vl_err *err)
{
    struct identity *id = NULL;
    int r = identity_new(certificate_pem, key_pem, &id, err);
    if (r < 0)
        return r;
    pthread_mutex_lock(&tls->lock);
    id->before = tls->present;
    tls->present = id;
    struct identity *last = id;
    for (unsigned i = 0; last->before && i < KEPT_MAX; i++)
        last = last->before;
    struct identity *old = last->before;
    last->before = NULL;
    pthread_mutex_unlock(&tls->lock);
    while (old) {
        struct identity *before = old->before;
        identity_free(old);
        old = before;
    }
    return 0;
}

static int retrieve(gnutls_session_t session, const gnutls_datum_t *authorities, int n_authorities,
    const gnutls_pk_algorithm_t *algorithms, int n_algorithms, gnutls_pcert_st **ret_chain, unsigned *ret_n,
    gnutls_privkey_t *ret_key)
{
    (void)authorities;
    (void)n_authorities;
    (void)algorithms;
    (void)n_algorithms;
    struct vl_http_tls *tls = gnutls_session_get_ptr(session);
    if (!tls)
        return -1;
    pthread_mutex_lock(&tls->lock);
    *ret_chain = tls->present->chain;
    *ret_n = tls->present->n_chain;
    *ret_key = tls->present->key;
    pthread_mutex_unlock(&tls->lock);
    return 0;
}

void *vl_http_tls_callback(void)
{
    gnutls_certificate_retrieve_function2 *f = retrieve;
    return (void *)(uintptr_t)f;
}

void vl_http_tls_bind(struct vl_http_tls *tls, void *gnutls_session)
{
    gnutls_session_set_ptr(gnutls_session, tls);
}

const char *vl_http_tls_client(void *gnutls_session, struct vl_arena *arena)
{
    unsigned status = 0, n = 0;
    gnutls_datum_t pem = {0};
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(gnutls_session, &n);
    if (!chain || n == 0 || gnutls_certificate_verify_peers2(gnutls_session, &status) < 0 || status != 0)
        return NULL;
    if (gnutls_pem_base64_encode2("CERTIFICATE", &chain[0], &pem) < 0)
        return NULL;
    const char *copy = pem.size <= CLIENT_MAX
                           ? vl_arena_dup_span(arena, (struct vl_span){(const char *)pem.data, pem.size})
                           : NULL;
    gnutls_free(pem.data);
    return copy;
}
