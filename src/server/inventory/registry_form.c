/* The settings of a registry as they come in a body: every one checked, none passed over. */
#include "inventory/registry_form.h"

#include <string.h>

#include "inventory/label.h"
#include "net/crypt.h"

#define KIND_MAX    32
#define WEBHOOK_MIN 16 /* bytes of a secret that somebody typed */
#define WEBHOOK_MAX 256

static const char *const fields[] = {"name", "host", "kind", "username", "password", "caPem", "insecure",
    "webhookSecret", "pollSeconds", "include", "labels", "enabled", "concurrency", NULL};

static bool has(const struct vl_request *request, const char *field)
{
    return vl_doc_get(request->body, field) != NULL;
}

static int text(
    struct vl_request *request, const char *field, size_t max, const char **value, struct vl_err *err)
{
    return has(request, field) ? vl_request_text(request, field, false, max, value, err) : 0;
}

static int check_username(const char *username, struct vl_err *err)
{
    struct vl_span s = vl_span_str(username);
    if (vl_span_has_control(s) || vl_span_find_char(s, ':') != SIZE_MAX)
        return vl_err_set(err, VL_ERR_INVALID, "/username: holds a colon or a control character");
    return 0;
}

static int check_ca(const char *pem, struct vl_err *err)
{
    char fingerprint[VL_CRYPT_FINGERPRINT_MAX];
    struct vl_err why = VL_ERR_INIT;
    if (vl_crypt_fingerprint(vl_span_str(pem), fingerprint, &why) < 0)
        return vl_err_set(err, VL_ERR_INVALID, "/caPem: is no certificate in PEM form");
    return 0;
}

static int read_include(struct vl_request *request, struct vl_registry *g, struct vl_err *err)
{
    const struct vl_doc_node *list = vl_doc_get(request->body, "include");
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    size_t i = 0;
    vl_buf_init(&out, VL_REGISTRY_INCLUDE_MAX * (VL_REGISTRY_PATTERN_MAX + 1) + 1);
    if (!list)
        return 0;
    if (!vl_doc_is(list, VL_DOC_ARRAY) || vl_doc_size(list) > VL_REGISTRY_INCLUDE_MAX)
        return vl_err_set(
            err, VL_ERR_INVALID, "/include: must be a list of at most %d patterns", VL_REGISTRY_INCLUDE_MAX);
    for (const struct vl_doc_node *n = vl_doc_first(list); n; n = vl_doc_next(n), i++) {
        struct vl_span pattern = vl_doc_span(n);
        bool good = vl_doc_is(n, VL_DOC_STRING) && pattern.len > 0 && pattern.len <= VL_REGISTRY_PATTERN_MAX;
        for (size_t k = 0; k < pattern.len; k++)
            good &= strchr("abcdefghijklmnopqrstuvwxyz0123456789._-/*", pattern.ptr[k]) != NULL &&
                    pattern.ptr[k] != '\0';
        if (!good)
            return vl_err_set(err, VL_ERR_INVALID,
                "/include/%zu: must be a repository's name, with * for any characters", i);
        vl_buf_append_span(&out, pattern);
        vl_buf_append_char(&out, '\n');
    }
    g->include = vl_arena_strdup(request->arena, vl_buf_str(&out));
    int r = vl_buf_check(&out, "/include", err);
    return r < 0 ? r : vl_arena_check(request->arena, "the request", err);
}

static int read_texts(struct vl_request *request, struct vl_registry_form *form, struct vl_err *err)
{
    struct vl_registry *g = &form->registry;
    const char *ca = g->ca_pem;
    int r = has(request, "name") ? vl_request_name(request, "name", true, VL_REGISTRY_NAME_MAX, &g->name, err)
                                 : 0;
    if (r >= 0)
        r = text(request, "host", VL_REGISTRY_HOST_MAX, &g->host, err);
    if (r >= 0)
        r = text(request, "kind", KIND_MAX, &g->kind, err);
    if (r >= 0)
        r = text(request, "username", VL_REGISTRY_USERNAME_MAX, &g->username, err);
    if (r >= 0)
        r = text(request, "password", VL_REGISTRY_SECRET_MAX, &form->secrets.secret, err);
    if (r >= 0)
        r = text(request, "caPem", VL_REGISTRY_CA_MAX, &ca, err);
    if (r >= 0)
        r = text(request, "webhookSecret", WEBHOOK_MAX, &form->secrets.webhook, err);
    g->ca_pem = ca && *ca ? ca : NULL;
    if (r >= 0 && has(request, "password") && !form->secrets.secret)
        form->secrets.secret = ""; /* null takes it away too */
    if (r >= 0 && has(request, "webhookSecret") && !form->secrets.webhook)
        form->secrets.webhook = "";
    return r;
}

static int read_numbers(struct vl_request *request, struct vl_registry *g, struct vl_err *err)
{
    int r = vl_request_bool(request, "insecure", g->insecure, &g->insecure, err);
    if (r >= 0)
        r = vl_request_bool(request, "enabled", g->enabled, &g->enabled, err);
    if (r >= 0)
        r = vl_request_int(request, "pollSeconds", g->poll_seconds, VL_REGISTRY_POLL_MIN,
            VL_REGISTRY_POLL_MAX, &g->poll_seconds, err);
    if (r >= 0)
        r = vl_request_int(
            request, "concurrency", g->concurrency, 1, VL_REGISTRY_CONCURRENCY_MAX, &g->concurrency, err);
    return r;
}

static int check(const struct vl_registry_form *form, struct vl_err *err)
{
    const struct vl_registry *g = &form->registry;
    int r = vl_registry_host_check(vl_span_str(g->host), err);
    if (r >= 0 && !vl_registry_kind_known(vl_span_str(g->kind)))
        r = vl_err_set(err, VL_ERR_INVALID, "/kind: is none of generic, acr, ecr, gar, harbor, dockerhub");
    if (r >= 0)
        r = check_username(g->username, err);
    if (r >= 0 && g->ca_pem)
        r = check_ca(g->ca_pem, err);
    if (r >= 0 && g->has_webhook && g->poll_seconds > VL_REGISTRY_POLL_EVENTS_MAX)
        r = vl_err_set(err, VL_ERR_INVALID,
            "/pollSeconds: at most %d where events come, so that a lost one is found",
            VL_REGISTRY_POLL_EVENTS_MAX);
    if (r >= 0 && form->secrets.webhook && *form->secrets.webhook &&
        strlen(form->secrets.webhook) < WEBHOOK_MIN)
        r = vl_err_set(err, VL_ERR_INVALID, "/webhookSecret: must have at least %d bytes", WEBHOOK_MIN);
    return r;
}

/* A secret goes where it was meant to go: whoever may point the registry elsewhere must know it. */
static int check_moved(
    const struct vl_registry *before, const struct vl_registry_form *form, struct vl_err *err)
{
    const struct vl_registry *g = &form->registry;
    bool ca = (before->ca_pem == NULL) != (g->ca_pem == NULL) ||
              (before->ca_pem && strcmp(before->ca_pem, g->ca_pem) != 0);
    bool moved =
        strcmp(before->host, g->host) != 0 || (g->insecure && !before->insecure) || (ca && g->ca_pem);
    if (!before->has_secret || !moved || form->secrets.secret)
        return 0;
    return vl_err_set(err, VL_ERR_INVALID,
        "/password: is needed again where the host, its authority or its protection changes");
}

int vl_registry_form_read(struct vl_request *request, const struct vl_registry *before,
    struct vl_registry_form *ret, struct vl_err *err)
{
    struct vl_registry_form form = {.secrets = {.seal_key = request->app->data.seal_key}};
    form.registry = before ? *before
                           : (struct vl_registry){.environment = request->environment.id,
                                 .include = "",
                                 .labels = "",
                                 .username = "",
                                 .enabled = true,
                                 .poll_seconds = 300,
                                 .concurrency = 2};
    struct vl_registry *g = &form.registry;
    int r = vl_request_only(request, fields, err);
    if (r >= 0)
        r = read_texts(request, &form, err);
    if (r >= 0)
        r = read_numbers(request, g, err);
    if (r >= 0)
        r = read_include(request, g, err);
    if (r >= 0 && has(request, "labels"))
        r = vl_labels_read(vl_doc_get(request->body, "labels"), request->arena, &g->labels, err);
    if (r < 0)
        return r;
    if (!g->kind)
        g->kind = vl_registry_kind_of(vl_span_str(g->host));
    if (!g->username)
        g->username = "";
    if (form.secrets.webhook)
        g->has_webhook = *form.secrets.webhook != '\0';
    else if (!before)
        g->has_webhook = true; /* one is made */
    r = check(&form, err);
    if (r >= 0 && before)
        r = check_moved(before, &form, err);
    if (r >= 0)
        *ret = form;
    return r;
}
