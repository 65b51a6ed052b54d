#include "posture/vex_exemption.h"

#include <string.h>

#include "base/time.h"
#include "base/vec.h"
#include "model/purl.h"

#define CONTEXT     "https://openvex.dev/ns/v0.2.0"
#define CONTEXTS    "https://openvex.dev/ns"
#define NOTE        "vallum-exemption: "
#define URN_UUID    "urn:uuid:"
#define URN_IMAGE   "urn:vallum:image:"
#define URN_PLACE   "urn:vallum:environment:"
#define ITEMS_MAX   (VL_VEX_IMPORT_MAX * 20UL)
#define NOTE_MAX    8192
#define SHA256_TEXT 64

/* --- writing --- */

static bool is_placed(const struct vl_exemption *e)
{
    return e->registry || e->repository || e->resource || e->assessment_key;
}

static void write_note(const struct vl_exemption *e, struct vl_json *json)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    struct vl_json note;
    vl_buf_init(&text, NOTE_MAX);
    vl_buf_append_str(&text, NOTE);
    vl_json_init(&note, &text, false);
    vl_json_object(&note);
    vl_json_member_str(&note, "category", vl_exempt_name((int)e->category));
    vl_json_member_time(&note, "expires", e->expires);
    vl_json_member_str(&note, "assessmentKey", e->assessment_key);
    vl_json_member_str(&note, "registry", e->registry_name);
    vl_json_member_str(&note, "repository", e->repository);
    vl_json_member_str(&note, "resourceId", e->resource_id);
    vl_json_object_end(&note);
    vl_json_key(json, "status_notes");
    vl_json_span(json, vl_buf_span(&text));
}

static void write_purl(struct vl_json *json, const char *purl)
{
    vl_json_member_str(json, "@id", purl);
    vl_json_key(json, "identifiers");
    vl_json_object(json);
    vl_json_member_str(json, "purl", purl);
    vl_json_object_end(json);
}

static void member_joined(struct vl_json *json, const char *key, const char *before, const char *text)
{
    struct vl_buf joined VL_CLEANUP(vl_buf_done);
    vl_buf_init(&joined, NOTE_MAX);
    vl_buf_append_str(&joined, before);
    vl_buf_append_str(&joined, text);
    vl_json_key(json, key);
    vl_json_span(json, vl_buf_span(&joined));
}

static void write_product(
    const struct vl_environment *environment, const struct vl_exemption *e, struct vl_json *json)
{
    vl_json_object(json);
    if (!is_placed(e) && !e->digest && e->package) {
        write_purl(json, e->package);
        vl_json_object_end(json);
        return;
    }
    if (!is_placed(e) && e->digest) {
        struct vl_span digest = vl_span_str(e->digest);
        member_joined(json, "@id", URN_IMAGE, e->digest);
        if (vl_span_starts_with(digest, "sha256:")) {
            vl_json_key(json, "hashes");
            vl_json_object(json);
            vl_json_key(json, "sha-256");
            vl_json_span(json, vl_span_slice(digest, strlen("sha256:"), digest.len));
            vl_json_object_end(json);
        }
    } else {
        member_joined(json, "@id", URN_PLACE, environment->guid);
    }
    if (e->package) {
        vl_json_key(json, "subcomponents");
        vl_json_array(json);
        vl_json_object(json);
        write_purl(json, e->package);
        vl_json_object_end(json);
        vl_json_array_end(json);
    }
    vl_json_object_end(json);
}

static void write_statement(
    const struct vl_environment *environment, const struct vl_exemption *e, struct vl_json *json)
{
    bool mitigated = e->category == VL_EXEMPT_MITIGATED;
    vl_json_object(json);
    member_joined(json, "@id", URN_UUID, e->guid);
    vl_json_key(json, "vulnerability");
    vl_json_object(json);
    vl_json_member_str(json, "name", e->vulnerability);
    vl_json_object_end(json);
    vl_json_member_time(json, "timestamp", e->created);
    vl_json_member_time(json, "last_updated", e->decided > e->created ? e->decided : 0);
    vl_json_key(json, "products");
    vl_json_array(json);
    write_product(environment, e, json);
    vl_json_array_end(json);
    vl_json_member_str(json, "status", mitigated ? "not_affected" : "affected");
    if (mitigated)
        vl_json_member_str(json, "justification", "inline_mitigations_already_exist");
    vl_json_member_str(json, mitigated ? "impact_statement" : "action_statement", e->justification);
    write_note(e, json);
    vl_json_object_end(json);
}

void vl_vex_write(const struct vl_environment *environment, const struct vl_exemption *list, size_t n,
    const char *id, int64_t now_ms, struct vl_json *json, size_t *ret_left_out)
{
    struct vl_buf tooling VL_CLEANUP(vl_buf_done);
    size_t left = 0;
    vl_buf_init(&tooling, NOTE_MAX);
    for (size_t i = 0; i < n; i++)
        left += list[i].vulnerability == NULL;
    vl_buf_append_str(&tooling, "Vallum " VL_VERSION);
    if (left)
        vl_buf_printf(&tooling,
            "; %zu exemptions without a vulnerability have no form in OpenVEX and are left out", left);
    vl_json_member_str(json, "@context", CONTEXT);
    member_joined(json, "@id", URN_UUID, id);
    vl_json_member_str(json, "author", environment->name);
    vl_json_member_time(json, "timestamp", now_ms);
    vl_json_member_int(json, "version", 1);
    vl_json_key(json, "tooling");
    vl_json_span(json, vl_buf_span(&tooling));
    vl_json_key(json, "statements");
    vl_json_array(json);
    for (size_t i = 0; i < n; i++) {
        if (list[i].vulnerability)
            write_statement(environment, &list[i], json);
    }
    vl_json_array_end(json);
    *ret_left_out = left;
}

/* --- reading --- */

struct reading {
    struct vl_arena *arena;
    struct vl_vec items, skipped;
    size_t statement;
    int64_t now_ms;
};

static int skip(struct reading *r, const char *why, struct vl_err *err)
{
    struct vl_vex_skipped *item = vl_vec_push(&r->skipped, "an OpenVEX document", err);
    if (!item)
        return err->err;
    *item = (struct vl_vex_skipped){r->statement, why};
    return 0;
}

static const char *copy(struct reading *r, struct vl_span text)
{
    return text.len ? vl_arena_dup_span(r->arena, text) : NULL;
}

/* What our own export has noted. False: it is none of ours. */
static bool read_note(
    struct reading *r, const struct vl_doc_node *statement, struct vl_exemption *e, struct vl_err *err)
{
    struct vl_doc *doc VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct vl_span text = vl_doc_get_str(statement, "status_notes");
    if (!vl_span_starts_with(text, NOTE) || text.len > NOTE_MAX)
        return false;
    if (vl_doc_parse(vl_span_slice(text, strlen(NOTE), text.len), VL_DOC_JSON, "status_notes", &doc, err) <
        0) {
        vl_err_clear(err);
        return false;
    }
    const struct vl_doc_node *note = vl_doc_root(doc);
    struct vl_span category = vl_doc_get_str(note, "category");
    struct vl_span expires = vl_doc_get_str(note, "expires");
    if (vl_span_eq_str(category, "waiver"))
        e->category = VL_EXEMPT_WAIVER;
    else if (vl_span_eq_str(category, "mitigated"))
        e->category = VL_EXEMPT_MITIGATED;
    else
        return false;
    if (expires.len && !vl_time_parse(expires, &e->expires))
        return false;
    e->assessment_key = copy(r, vl_doc_get_str(note, "assessmentKey"));
    e->registry_name = copy(r, vl_doc_get_str(note, "registry"));
    e->repository = copy(r, vl_doc_get_str(note, "repository"));
    e->resource_id = copy(r, vl_doc_get_str(note, "resourceId"));
    return true;
}

static struct vl_span purl_of(const struct vl_doc_node *component)
{
    struct vl_span given = vl_doc_get_str(vl_doc_get(component, "identifiers"), "purl");
    struct vl_span id =
        vl_doc_is(component, VL_DOC_STRING) ? vl_doc_span(component) : vl_doc_get_str(component, "@id");
    if (given.len)
        return given;
    return vl_span_starts_with(id, "pkg:") ? id : VL_SPAN_EMPTY;
}

/* Digest and package of a product. False: nothing of it is understood. */
static bool read_product(
    struct reading *r, const struct vl_doc_node *product, bool own, struct vl_exemption *e)
{
    struct vl_span id =
        vl_doc_is(product, VL_DOC_STRING) ? vl_doc_span(product) : vl_doc_get_str(product, "@id");
    struct vl_span hash = vl_doc_get_str(vl_doc_get(product, "hashes"), "sha-256"), purl = purl_of(product);
    struct vl_err ignored = VL_ERR_INIT;
    struct vl_purl parts;
    e->digest = e->package = NULL;
    if (vl_span_starts_with(id, URN_IMAGE)) {
        e->digest = copy(r, vl_span_slice(id, strlen(URN_IMAGE), id.len));
        return true;
    }
    if (hash.len == SHA256_TEXT) {
        e->digest = vl_arena_printf(r->arena, "sha256:%.*s", VL_SPAN_FMT(hash));
        return true;
    }
    if (purl.len == 0)
        return own && vl_span_starts_with(id, URN_PLACE);
    if (vl_purl_parse(purl, r->arena, &parts, &ignored) < 0)
        return false;
    bool image = strcmp(parts.type, "oci") == 0 || strcmp(parts.type, "docker") == 0;
    if (image && !(parts.version && vl_span_find_char(vl_span_str(parts.version), ':') != SIZE_MAX))
        return false; /* a tag is not the image that somebody looked at */
    if (image)
        e->digest = parts.version;
    else
        e->package = copy(r, purl);
    return true;
}

static int push(struct reading *r, const struct vl_exemption *e, struct vl_err *err)
{
    struct vl_exemption *item = vl_vec_push(&r->items, "an OpenVEX document", err);
    if (!item)
        return err->err;
    *item = *e;
    return 0;
}

static int read_products(
    struct reading *r, const struct vl_doc_node *list, bool own, struct vl_exemption *e, struct vl_err *err)
{
    int result = 0;
    if (vl_doc_size(list) == 0)
        return skip(r, "it names no product", err);
    for (const struct vl_doc_node *p = vl_doc_first(list); p && result >= 0; p = vl_doc_next(p)) {
        const struct vl_doc_node *part = vl_doc_first(vl_doc_get(p, "subcomponents"));
        if (!read_product(r, p, own, e)) {
            result = skip(r, "a product is neither a package nor an image by its digest", err);
            continue;
        }
        if (!part)
            result = push(r, e, err);
        if (part && e->package) {
            result = skip(r, "a package inside of another one: only images have parts here", err);
            continue;
        }
        for (; part && result >= 0; part = vl_doc_next(part)) {
            struct vl_span purl = purl_of(part);
            e->package = copy(r, purl);
            result = purl.len ? push(r, e, err) : skip(r, "a part of a product is no package", err);
        }
        e->guid = NULL; /* further ones need ids of their own */
    }
    return result;
}

static struct vl_span name_of(const struct vl_doc_node *vulnerability)
{
    struct vl_span name = vl_doc_get_str(vulnerability, "name");
    if (vl_doc_is(vulnerability, VL_DOC_STRING))
        name = vl_doc_span(vulnerability);
    return name.len ? name : vl_doc_get_str(vulnerability, "@id");
}

static void read_words(struct reading *r, const struct vl_doc_node *statement, struct vl_exemption *e)
{
    static const char *const members[] = {"impact_statement", "action_statement", "justification"};
    for (size_t i = 0; i < VL_ARRAY_LEN(members) && !e->justification; i++) {
        struct vl_span text = vl_doc_get_str(statement, members[i]);
        e->justification = copy(r, vl_span_slice(text, 0, VL_EXEMPTION_TEXT_MAX));
    }
    if (!e->justification)
        e->justification = "imported from OpenVEX";
}

static int read_statement(struct reading *r, const struct vl_doc_node *statement, struct vl_err *err)
{
    struct vl_exemption e = {0};
    struct vl_span status = vl_doc_get_str(statement, "status"), id = vl_doc_get_str(statement, "@id");
    struct vl_span name = name_of(vl_doc_get(statement, "vulnerability"));
    bool own = read_note(r, statement, &e, err);
    if (name.len == 0 || name.len > VL_EXEMPTION_NAME_MAX)
        return skip(r, "it names no vulnerability", err);
    if (!own) {
        memset(&e, 0, sizeof(e));
        if (!vl_span_eq_str(status, "not_affected") && !vl_span_eq_str(status, "fixed"))
            return skip(r, "only not_affected and fixed take findings out", err);
        e.category = VL_EXEMPT_MITIGATED;
    }
    if (e.expires && e.expires <= r->now_ms)
        return skip(r, "its time is over", err);
    e.vulnerability = copy(r, name);
    if (own && vl_span_starts_with(id, URN_UUID) && vl_guid_is(vl_span_slice(id, strlen(URN_UUID), id.len)))
        e.guid = copy(r, vl_span_slice(id, strlen(URN_UUID), id.len));
    read_words(r, statement, &e);
    int result = read_products(r, vl_doc_get(statement, "products"), own, &e, err);
    return result < 0 ? result : vl_arena_check(r->arena, "an OpenVEX document", err);
}

static void *taken(struct reading *r, struct vl_vec *vec)
{
    void *list = vl_arena_array(r->arena, vec->len + 1, vec->item_size);
    if (list && vec->len)
        memcpy(list, vec->items, vec->len * vec->item_size);
    return list;
}

static int read_all(
    struct reading *r, const struct vl_doc_node *statements, struct vl_vex_import *ret, struct vl_err *err)
{
    for (const struct vl_doc_node *s = vl_doc_first(statements); s; s = vl_doc_next(s)) {
        int result = read_statement(r, s, err);
        if (result < 0)
            return result;
        r->statement++;
    }
    struct vl_vex_import import = {.items = taken(r, &r->items),
        .n_items = r->items.len,
        .skipped = taken(r, &r->skipped),
        .n_skipped = r->skipped.len};
    int result = vl_arena_check(r->arena, "an OpenVEX document", err);
    if (result >= 0)
        *ret = import;
    return result;
}

int vl_vex_read(const struct vl_doc_node *root, int64_t now_ms, struct vl_arena *arena,
    struct vl_vex_import *ret, struct vl_err *err)
{
    struct reading r = {.arena = arena, .now_ms = now_ms};
    const struct vl_doc_node *statements = vl_doc_get(root, "statements");
    if (!vl_span_starts_with(vl_doc_get_str(root, "@context"), CONTEXTS) ||
        !vl_doc_is(statements, VL_DOC_ARRAY))
        return vl_err_set(err, VL_ERR_INVALID, "/@context: this is no OpenVEX document");
    if (vl_doc_size(statements) > VL_VEX_IMPORT_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "/statements: at most %d are taken at once", VL_VEX_IMPORT_MAX);
    vl_vec_init(&r.items, sizeof(struct vl_exemption), ITEMS_MAX);
    vl_vec_init(&r.skipped, sizeof(struct vl_vex_skipped), ITEMS_MAX);
    int result = read_all(&r, statements, ret, err);
    vl_vec_done(&r.items);
    vl_vec_done(&r.skipped);
    return result;
}
