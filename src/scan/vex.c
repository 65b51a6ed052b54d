/* The set of statements, and which format a document is in. */
#include "vex.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "codec/doc.h"
#include "select.h"

#define ARENA_MAX (1024UL * 1024 * 1024)
#define ID_MAX    256U

const char *vl_vex_status_name(enum vl_vex_status status)
{
    static const char *const names[] = {"", "not_affected", "fixed", "affected", "under_investigation"};
    return (unsigned)status < VL_ARRAY_LEN(names) ? names[status] : "";
}

int vl_vex_new(struct vl_vex **ret, struct vl_err *err)
{
    struct vl_vex *vex = calloc(1, sizeof(*vex));
    struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    if (!vex || !arena) {
        free(vex);
        vl_arena_free(arena);
        return vl_err_nomem(err);
    }
    vex->arena = arena;
    vl_vec_init(&vex->statements, sizeof(struct vl_vex_statement), VL_VEX_STATEMENTS_MAX);
    vl_vec_init(&vex->names, sizeof(struct vl_vex_name), 2 * (size_t)VL_VEX_STATEMENTS_MAX);
    vl_map_init(&vex->by_id, VL_VEX_STATEMENTS_MAX);
    *ret = vex;
    return 0;
}

void vl_vex_free(struct vl_vex *vex)
{
    if (!vex)
        return;
    vl_vec_done(&vex->statements);
    vl_vec_done(&vex->names);
    vl_map_done(&vex->by_id);
    vl_arena_free(vex->arena);
    free(vex);
}

void vl_vex_cleanup(struct vl_vex **vex)
{
    vl_vex_free(*vex);
    *vex = NULL;
}

char *vl_vex_dup(struct vl_vex *vex, struct vl_span text)
{
    return text.len ? vl_arena_dup_span(vex->arena, text) : NULL;
}

const struct vl_purl *vl_vex_purl(struct vl_vex *vex, struct vl_span text)
{
    struct vl_err none = VL_ERR_INIT;
    struct vl_purl parsed;
    if (!vl_span_starts_with(text, "pkg:") || vl_purl_parse(text, vex->arena, &parsed, &none) < 0)
        return NULL;
    struct vl_purl *purl = vl_arena_alloc(vex->arena, sizeof(*purl));
    if (!purl)
        return NULL;
    *purl = parsed;
    vl_select_drop_upstream(purl);
    return purl;
}

/* The last part of ids that are written as addresses: "https://nvd.nist.gov/vuln/detail/CVE-2024-1". */
static struct vl_span bare_id(struct vl_span id)
{
    size_t slash = vl_span_find(id, VL_SPAN_LIT("://")) == SIZE_MAX ? SIZE_MAX : vl_span_rfind_char(id, '/');
    return slash == SIZE_MAX ? id : vl_span_slice(id, slash + 1, id.len);
}

static int add_name(struct vl_vex *vex, struct vl_span id, uint32_t statement, struct vl_err *err)
{
    struct vl_map_slot *slot;
    bool added;
    id = bare_id(id);
    if (id.len == 0 || id.len >= ID_MAX)
        return 0; /* no id of ours is as long */
    char *key = vl_arena_dup_span(vex->arena, id);
    if (!key)
        return vl_arena_check(vex->arena, "VEX documents", err);
    for (char *c = key; *c; c++)
        *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 32) : *c;
    struct vl_vex_name *name = vl_vec_push(&vex->names, "VEX statements", err);
    if (!name)
        return err->err;
    int r = vl_map_put(&vex->by_id, (struct vl_span){key, id.len}, &slot, &added, err);
    if (r < 0)
        return r;
    *name = (struct vl_vex_name){statement, added ? UINT32_MAX : (uint32_t)slot->value.num};
    slot->value.num = vex->names.len - 1;
    return 0;
}

int vl_vex_add(struct vl_vex *vex, const struct vl_vex_statement *statement, const struct vl_span *ids,
    size_t n_ids, struct vl_err *err)
{
    int r = vl_arena_check(vex->arena, "VEX documents", err);
    if (r < 0)
        return r;
    vex->products += statement->n_products;
    if (vex->products > VL_VEX_PRODUCTS_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "VEX documents name more than %u products", VL_VEX_PRODUCTS_MAX);
    struct vl_vex_statement *slot = vl_vec_push(&vex->statements, "VEX statements", err);
    if (!slot)
        return err->err;
    *slot = *statement;
    for (size_t i = 0; i < n_ids && r == 0; i++)
        r = add_name(vex, ids[i], (uint32_t)(vex->statements.len - 1), err);
    return r;
}

int vl_vex_parse(struct vl_vex *vex, struct vl_span bytes, const char *name, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = vl_doc_parse(bytes, VL_DOC_JSON, name, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc);
    const struct vl_doc_node *context = vl_doc_get(root, "@context");
    if (vl_doc_is(context, VL_DOC_ARRAY))
        context = vl_doc_first(context);
    if (vl_span_starts_with(vl_doc_span(context), "https://openvex.dev/"))
        r = vl_vex_parse_openvex(vex, root, name, err);
    else if (vl_span_eq_str(vl_doc_get_str(root, "bomFormat"), "CycloneDX"))
        r = vl_vex_parse_cyclonedx(vex, root, name, err);
    else if (vl_doc_get_str(vl_doc_get(root, "document"), "csaf_version").len)
        r = vl_vex_parse_csaf(vex, root, name, err);
    else
        r = vl_err_set(err, VL_ERR_INVALID, "it is neither OpenVEX nor CycloneDX nor CSAF in JSON");
    return r < 0 ? vl_err_wrap(err, "%s", name) : 0;
}

int vl_vex_load(struct vl_vex *vex, const char *path, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf bytes;
    vl_buf_init(&bytes, VL_VEX_BYTES_MAX);
    int r = vl_file_read(path, VL_VEX_BYTES_MAX, &bytes, err);
    return r < 0 ? r : vl_vex_parse(vex, vl_buf_span(&bytes), path, err);
}
