#include "image/registry_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/digest.h"
#include "codec/doc.h"
#include "registry.h"

#define PAGE_MAX    (8UL * 1024 * 1024) /* bytes of one page of names */
#define PAGES_MAX   10000
#define PAGE_SIZE   1000 /* names asked for; registries may give fewer */
#define LINK_MAX    2048
#define SCRATCH_MAX (64UL * 1024)
#define NO_NAME     "catalogue" /* the client of a registry needs some repository to be made */

struct vl_registry_list {
    struct vl_registry *registry;
    struct vl_arena *scratch; /* of one name */
    const char *host;
};

int vl_registry_list_open(const char *host, const char *repository, const struct vl_image_options *options,
    struct vl_registry_list **ret, struct vl_err *err)
{
    char rest[VL_IMAGE_REFERENCE_MAX + 2];
    struct vl_image_options own = *options;
    own.n_mirrors = 0;
    own.platform = NULL;
    int n = snprintf(rest, sizeof(rest), "%s/%s", host, repository ? repository : NO_NAME);
    if (n < 0 || (size_t)n >= sizeof(rest))
        return vl_err_set(
            err, VL_ERR_LIMIT, "registry %.100s: a name of more than %d bytes", host, VL_IMAGE_REFERENCE_MAX);
    VL_CLEANUP(vl_registry_list_cleanup) struct vl_registry_list *list = calloc(1, sizeof(*list));
    if (!list)
        return vl_err_nomem(err);
    list->scratch = vl_arena_new(SCRATCH_MAX);
    int r = list->scratch ? vl_registry_new(rest, &own, &list->registry, err) : vl_err_nomem(err);
    if (r < 0)
        return r; /* NOLINT(clang-analyzer-unix.Malloc): it does not know VL_CLEANUP */
    /* "shop" is a name on Docker Hub to the grammar of references, not a host. */
    if (strcmp(list->registry->ref.registry, host) != 0)
        return vl_err_set(err, VL_ERR_INVALID,
            "'%.200s' is no name of a registry: write it as host:port, such as localhost:5000", host);
    list->host = list->registry->ref.registry;
    *ret = list;
    list = NULL;
    return 0;
}

void vl_registry_list_free(struct vl_registry_list *list)
{
    if (!list)
        return;
    if (list->registry)
        vl_registry_free(list->registry);
    vl_arena_free(list->scratch);
    free(list);
}

void vl_registry_list_cleanup(struct vl_registry_list **list)
{
    vl_registry_list_free(*list);
    *list = NULL;
}

/* --- lists of names, page by page --- */

struct names {
    struct vl_registry_list *list;
    const char *member; /* "repositories", "tags" */
    const char *scope;  /* of the catalogue; NULL: the repository's tags */
    struct vl_arena *arena;
    struct vl_vec all; /* const char * */
};

/* What a registry answers goes into calls and into the database: it must be a name. */
static bool is_name(const struct names *n, struct vl_span name)
{
    struct vl_err ignored = VL_ERR_INIT;
    struct vl_image_reference ref;
    bool tags = n->scope == NULL;
    vl_arena_reset(n->list->scratch);
    const char *text = vl_arena_printf(
        n->list->scratch, "%s/%s%.*s", n->list->host, tags ? NO_NAME ":" : "", VL_SPAN_FMT(name));
    if (!text || vl_image_reference_parse(vl_span_str(text), n->list->scratch, &ref, &ignored) < 0)
        return false;
    return ref.digest == NULL && vl_span_eq_str(name, tags ? ref.tag : ref.repository);
}

static int take_page(
    struct names *n, struct vl_span bytes, const char *url, size_t *ret_taken, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = vl_doc_parse(bytes, VL_DOC_JSON, url, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *list = vl_doc_get(vl_doc_root(doc), n->member);
    /* Where all tags were deleted some registries say null. */
    if (!list || (!vl_doc_is(list, VL_DOC_ARRAY) && !vl_doc_is(list, VL_DOC_NULL)))
        return vl_err_set(err, VL_ERR_INVALID, "%s: no list of %s", url, n->member);
    for (const struct vl_doc_node *i = vl_doc_first(list); i; i = vl_doc_next(i)) {
        struct vl_span name = vl_doc_span(i);
        if (!is_name(n, name))
            return vl_err_set(err, VL_ERR_INVALID, "%s: '%.*s' cannot be a name", url,
                VL_SPAN_FMT(vl_span_slice(name, 0, 100)));
        const char **slot = vl_vec_push(&n->all, n->member, err);
        if (!slot)
            return vl_err_wrap(err, "%s", url);
        *slot = vl_arena_dup_span(n->arena, name);
        ++*ret_taken;
    }
    return vl_arena_check(n->arena, n->member, err);
}

/* Link: </v2/_catalog?last=b&n=2>; rel="next", with or without scheme and host, which are never followed. */
static bool next_path(const struct vl_http_response *response, char ret[LINK_MAX])
{
    const char *link = vl_http_response_header(response, "link");
    const char *from = link ? strchr(link, '<') : NULL;
    const char *to = from ? strchr(from, '>') : NULL;
    if (!to || !strstr(to, "next"))
        return false;
    const char *path = strstr(from, "/v2/");
    if (!path || path >= to || (size_t)(to - path) >= LINK_MAX)
        return false;
    path += strlen("/v2/");
    int len = (int)(to - path);
    (void)snprintf(ret, LINK_MAX, "%.*s", len, path);
    return true;
}

static int read_pages(struct names *n, const char *first, struct vl_err *err)
{
    char path[LINK_MAX];
    (void)snprintf(path, sizeof(path), "%s?n=%d", first, PAGE_SIZE);
    for (unsigned page = 0; page < PAGES_MAX; page++) {
        VL_CLEANUP(vl_http_response_done) struct vl_http_response response = {0};
        VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
        size_t taken = 0;
        vl_buf_init(&bytes, PAGE_MAX);
        const struct vl_registry_call call = {.root = path,
            .scope = n->scope,
            .max_bytes = PAGE_MAX,
            .on_body = vl_registry_append,
            .user = &bytes};
        int r = vl_registry_call(n->list->registry, &n->list->registry->endpoints[0], &call, &response, err);
        if (r >= 0)
            r = take_page(n, vl_buf_span(&bytes), response.final_url, &taken, err);
        if (r < 0)
            return r;
        /* A page without names that promises more goes round in circles. */
        if (!next_path(&response, path) || taken == 0)
            return 0;
    }
    return vl_err_set(err, VL_ERR_LIMIT, "%s: more than %d pages of %s", n->list->host, PAGES_MAX, n->member);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int list_names(
    struct names *n, const char *first, const char *const **ret_names, size_t *ret_n, struct vl_err *err)
{
    vl_vec_init(&n->all, sizeof(const char *), VL_REGISTRY_LIST_MAX);
    int r = read_pages(n, first, err);
    const char **sorted = r < 0 ? NULL : vl_arena_array(n->arena, n->all.len + 1, sizeof(*sorted));
    size_t used = 0;
    if (r >= 0 && !sorted)
        r = vl_arena_check(n->arena, n->member, err);
    if (r >= 0 && n->all.len) {
        qsort(n->all.items, n->all.len, sizeof(const char *), compare);
        const char *const *all = n->all.items;
        for (size_t i = 0; i < n->all.len; i++)
            if (i == 0 || strcmp(all[i], all[i - 1]) != 0)
                sorted[used++] = all[i];
    }
    vl_vec_done(&n->all);
    if (r < 0)
        return r;
    *ret_names = sorted;
    *ret_n = used;
    return 0;
}

int vl_registry_list_catalogue(struct vl_registry_list *list, struct vl_arena *arena,
    const char *const **ret_names, size_t *ret_n, struct vl_err *err)
{
    struct names n = {.list = list, .member = "repositories", .scope = "registry:catalog:*", .arena = arena};
    int r = list_names(&n, "_catalog", ret_names, ret_n, err);
    if (r < 0 && (err->code == VL_ERR_NOT_FOUND || err->code == VL_ERR_UNSUPPORTED)) {
        err->code = VL_ERR_UNSUPPORTED;
        return vl_err_wrap(err, "%s does not list its repositories: name them in `include`", list->host);
    }
    if (r < 0 && err->code == VL_ERR_AUTH)
        return vl_err_wrap(err,
            "%s does not list its repositories for these credentials: allow them the catalogue, or name the "
            "repositories in `include`",
            list->host);
    return r;
}

int vl_registry_list_tags(struct vl_registry_list *list, struct vl_arena *arena,
    const char *const **ret_names, size_t *ret_n, struct vl_err *err)
{
    char path[VL_IMAGE_REFERENCE_MAX + 16];
    struct names n = {.list = list, .member = "tags", .arena = arena};
    (void)snprintf(path, sizeof(path), "%s/tags/list", list->registry->endpoints[0].repository);
    return list_names(&n, path, ret_names, ret_n, err);
}

/* --- what a tag or digest stands for --- */

static bool starts(const char *text, const char *front)
{
    return strncmp(text, front, strlen(front)) == 0;
}

/* Signatures of cosign have an image's configuration, charts have layers: an image has both. */
static bool is_image(const struct vl_manifest *m)
{
    const char *config = m->config.media_type;
    bool named = strcmp(config, "application/vnd.oci.image.config.v1+json") == 0 ||
                 strcmp(config, "application/vnd.docker.container.image.v1+json") == 0;
    const struct vl_descriptor *layers = m->entries.items;
    for (size_t i = 0; i < m->entries.len && named; i++)
        named = starts(layers[i].media_type, "application/vnd.oci.image.layer.") ||
                starts(layers[i].media_type, "application/vnd.docker.image.rootfs.");
    return named && !m->artifact_type;
}

static const char *platform_text(const struct vl_descriptor *d, struct vl_arena *arena)
{
    if (!d->platform.os)
        return "";
    const char *text = vl_platform_format(&d->platform, arena);
    return text && d->os_version ? vl_arena_printf(arena, "%s:%s", text, d->os_version) : text;
}

static void take_platforms(const struct vl_manifest *m, struct vl_arena *arena, struct vl_registry_entry *e)
{
    const struct vl_descriptor *all = m->entries.items;
    size_t max = m->entries.len < VL_REGISTRY_PLATFORMS_MAX ? m->entries.len : VL_REGISTRY_PLATFORMS_MAX;
    struct vl_registry_platform *list = vl_arena_array(arena, max + 1, sizeof(*list));
    if (!list)
        return; /* the arena remembers */
    for (size_t i = 0; i < m->entries.len; i++) {
        if (all[i].attestation || all[i].artifact_type)
            continue;
        if (e->n_platforms == max) {
            e->n_left_out++;
            continue;
        }
        list[e->n_platforms++] = (struct vl_registry_platform){
            vl_arena_strdup(arena, all[i].digest), platform_text(&all[i], arena)};
    }
    e->platforms = list;
}

int vl_registry_list_entry(struct vl_registry_list *list, const char *reference, struct vl_arena *arena,
    struct vl_registry_entry *ret, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
    VL_CLEANUP(vl_manifest_done) struct vl_manifest m;
    struct vl_digest digest, wanted;
    char text[VL_DIGEST_TEXT_MAX];
    const char *media_type = NULL;
    vl_buf_init(&bytes, VL_IMAGE_MANIFEST_MAX);
    vl_manifest_init(&m);
    int r = vl_registry_manifest(
        list->registry, &list->registry->endpoints[0], reference, &bytes, &media_type, err);
    bool by_digest = vl_digest_parse(vl_span_str(reference), &wanted);
    if (r >= 0 && by_digest)
        r = vl_image_check_digest(vl_buf_span(&bytes), reference, "manifest", err);
    if (r < 0)
        return r;
    vl_digest_compute(VL_DIGEST_SHA256, vl_buf_span(&bytes), &digest);
    struct vl_registry_entry e = {
        .digest = vl_arena_strdup(arena, by_digest ? reference : vl_digest_format(&digest, text)),
        .media_type = vl_arena_strdup(arena, media_type),
    };
    r = vl_manifest_parse(vl_buf_span(&bytes), media_type, reference, arena, &m, err);
    if (r < 0 && err->code != VL_ERR_UNSUPPORTED)
        return r;
    vl_err_clear(err);
    e.is_index = r >= 0 && m.kind == VL_MANIFEST_INDEX;
    e.is_image = r >= 0 && m.kind == VL_MANIFEST_IMAGE && is_image(&m);
    if (e.is_index)
        take_platforms(&m, arena, &e);
    r = vl_arena_check(arena, "a manifest", err);
    if (r >= 0)
        *ret = e;
    return r;
}
