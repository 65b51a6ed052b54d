/* Fixes of findings as changes of a text. Each is tried by itself, so that one which the text does not take
 * leaves the others in place. */
#include <stdio.h>
#include <string.h>

#include "base/vec.h"
#include "codec/doc_edit.h"
#include "posture/manifests.h"

#define CHANGES_MAX 1000 /* of one fix */
#define DEPTH_MAX   32   /* of an apply configuration */

struct fixing {
    struct vl_arena *arena;
    struct vl_vec changes;         /* struct vl_doc_change */
    const struct vl_doc_node *now; /* the object's document as the text has it */
    const char *name;
};

static int add_change(struct fixing *f, enum vl_doc_change_op op, const char *pointer,
    const struct vl_doc_node *value, struct vl_err *err)
{
    struct vl_doc_change *c = vl_vec_push(&f->changes, "changes of one fix", err);
    if (!c)
        return err->err;
    *c = (struct vl_doc_change){op, pointer, value};
    return vl_arena_check(f->arena, "changes of one fix", err);
}

/* RFC 6902; "test", "move" and "copy" are not for fixes. */
static int take_patch(
    struct fixing *f, const struct vl_doc_node *patch, const char *prefix, struct vl_err *err)
{
    if (!vl_doc_is(patch, VL_DOC_ARRAY))
        return vl_err_set(err, VL_ERR_INVALID, "the fix is no list of operations");
    for (const struct vl_doc_node *n = vl_doc_first(patch); n; n = vl_doc_next(n)) {
        struct vl_span op = vl_doc_get_str(n, "op"), path = vl_doc_get_str(n, "path");
        enum vl_doc_change_op kind = VL_DOC_CHANGE_ADD;
        if (vl_span_eq_str(op, "remove"))
            kind = VL_DOC_CHANGE_REMOVE;
        else if (vl_span_eq_str(op, "replace"))
            kind = VL_DOC_CHANGE_REPLACE;
        else if (!vl_span_eq_str(op, "add"))
            return vl_err_set(err, VL_ERR_UNSUPPORTED, "the fix has the operation \"%.*s\"", VL_SPAN_FMT(op));
        const struct vl_doc_node *value = vl_doc_get(n, "value");
        if (kind != VL_DOC_CHANGE_REMOVE && !value)
            return vl_err_set(err, VL_ERR_INVALID, "the fix has an operation without a value");
        int r =
            add_change(f, kind, vl_arena_printf(f->arena, "%s%.*s", prefix, VL_SPAN_FMT(path)), value, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static const char *child_pointer(struct fixing *f, const char *pointer, struct vl_span key)
{
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    vl_buf_init(&text, VL_DOC_EDIT_POINTER);
    vl_buf_append_str(&text, pointer);
    vl_buf_append_char(&text, '/');
    for (size_t i = 0; i < key.len; i++) {
        if (key.ptr[i] == '~' || key.ptr[i] == '/')
            vl_buf_append_str(&text, key.ptr[i] == '~' ? "~0" : "~1");
        else
            vl_buf_append_char(&text, key.ptr[i]);
    }
    return text.failed ? NULL : vl_arena_strdup(f->arena, vl_buf_str(&text));
}

/* Lists whose items have names are merged by them, as an apply does with containers, ports and volumes. */
static bool has_names(const struct vl_doc_node *list)
{
    const struct vl_doc_node *n = vl_doc_first(list);
    for (; n; n = vl_doc_next(n)) {
        if (vl_doc_get_str(n, "name").len == 0)
            return false;
    }
    return vl_doc_size(list) > 0;
}

static int merge(struct fixing *f, const struct vl_doc_node *wanted, const struct vl_doc_node *now,
    const char *pointer, unsigned depth, struct vl_err *err);

static int merge_items(struct fixing *f, const struct vl_doc_node *wanted, const struct vl_doc_node *now,
    const char *pointer, unsigned depth, struct vl_err *err)
{
    for (const struct vl_doc_node *item = vl_doc_first(wanted); item; item = vl_doc_next(item)) {
        struct vl_span name = vl_doc_get_str(item, "name");
        const struct vl_doc_node *n = vl_doc_first(now);
        size_t index = 0;
        for (; n && !vl_span_eq(vl_doc_get_str(n, "name"), name); n = vl_doc_next(n))
            index++;
        int r;
        if (n)
            r = merge(f, item, n, vl_arena_printf(f->arena, "%s/%zu", pointer, index), depth + 1, err);
        else
            r = add_change(f, VL_DOC_CHANGE_ADD, vl_arena_printf(f->arena, "%s/-", pointer), item, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int merge_members(struct fixing *f, const struct vl_doc_node *wanted, const struct vl_doc_node *now,
    const char *pointer, unsigned depth, struct vl_err *err)
{
    for (const struct vl_doc_node *m = vl_doc_first(wanted); m; m = vl_doc_next(m)) {
        const struct vl_doc_node *there = vl_doc_get_span(now, vl_doc_key(m));
        const char *place = child_pointer(f, pointer, vl_doc_key(m));
        int r = place ? 0
                      : vl_err_set(err, VL_ERR_LIMIT, "a path of the fix is longer than %d bytes",
                            VL_DOC_EDIT_POINTER);
        if (r >= 0 && !there)
            r = add_change(f, VL_DOC_CHANGE_ADD, place, m, err);
        else if (r >= 0)
            r = merge(f, m, there, place, depth + 1, err);
        if (r < 0)
            return r;
    }
    return 0;
}

/* What `wanted` says is put where `now` says otherwise; everything else stays. */
static int merge(struct fixing *f, const struct vl_doc_node *wanted, const struct vl_doc_node *now,
    const char *pointer, unsigned depth, struct vl_err *err)
{
    if (depth > DEPTH_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "the fix is nested deeper than %d", DEPTH_MAX);
    if (vl_doc_is(wanted, VL_DOC_OBJECT) && vl_doc_is(now, VL_DOC_OBJECT))
        return merge_members(f, wanted, now, pointer, depth, err);
    if (vl_doc_is(wanted, VL_DOC_ARRAY) && vl_doc_is(now, VL_DOC_ARRAY) && has_names(wanted) &&
        has_names(now))
        return merge_items(f, wanted, now, pointer, depth, err);
    if (vl_doc_type(wanted) == vl_doc_type(now) && vl_doc_size(wanted) == 0 &&
        vl_span_eq(vl_doc_text(wanted), vl_doc_text(now)))
        return 0;
    return add_change(f, VL_DOC_CHANGE_REPLACE, pointer, wanted, err);
}

/* --- documents of the text --- */

struct search {
    uint32_t wanted, at;
    struct vl_doc *found;
};

static int on_document(struct vl_doc *doc, void *user, struct vl_err *err)
{
    (void)err;
    struct search *s = user;
    if (s->at++ == s->wanted)
        s->found = doc;
    else
        vl_doc_free(doc);
    return 0;
}

static const struct vl_doc_node *object_in(const struct vl_doc *doc, const char *pointer)
{
    const struct vl_doc_node *root = vl_doc_root(doc);
    uint64_t index;
    if (strncmp(pointer, "/items/", 7) != 0 || !vl_span_to_u64(vl_span_str(pointer + 7), &index))
        return root;
    return vl_doc_at(vl_doc_get(root, "items"), (size_t)index);
}

static int make_changes(struct fixing *f, const struct vl_manifest_finding *finding,
    const struct vl_manifest_object *object, struct vl_span text, struct vl_doc **ret_fix, struct vl_err *err)
{
    int r = vl_doc_parse(vl_span_str(finding->fix), VL_DOC_JSON, "the fix", ret_fix, err);
    if (r < 0 || finding->fix_is_patch)
        return r < 0 ? r : take_patch(f, vl_doc_root(*ret_fix), object->pointer, err);
    struct search s = {.wanted = object->document};
    r = vl_doc_parse_stream(text, VL_DOC_YAML, f->name, on_document, &s, err);
    if (r >= 0)
        r = merge(f, vl_doc_root(*ret_fix), s.found ? object_in(s.found, object->pointer) : NULL,
            object->pointer, 0, err);
    vl_doc_free(s.found);
    return r;
}

/* `text` becomes the text with the fix, or stays. */
static int fix_one(const struct vl_manifest_finding *finding, const struct vl_manifest_object *object,
    struct vl_buf *text, const char *name, struct vl_err *err)
{
    struct vl_arena *arena VL_CLEANUP(vl_arena_cleanup) = vl_arena_new(16UL * 1024 * 1024);
    struct vl_doc *fix VL_CLEANUP(vl_doc_cleanup) = NULL;
    struct fixing f = {.arena = arena, .name = name};
    struct vl_buf changed;
    if (!arena)
        return vl_err_nomem(err);
    vl_vec_init(&f.changes, sizeof(struct vl_doc_change), CHANGES_MAX);
    vl_buf_init(&changed, VL_DOC_EDIT_TEXT);
    int r = make_changes(&f, finding, object, vl_buf_span(text), &fix, err);
    if (r >= 0)
        r = vl_doc_edit(
            vl_buf_span(text), object->document, f.changes.items, f.changes.len, name, &changed, err);
    if (r >= 0) {
        struct vl_buf old = *text;
        *text = changed;
        changed = old;
    }
    vl_vec_done(&f.changes);
    vl_buf_done(&changed);
    return r;
}

int vl_manifest_fix(const struct vl_manifest_result *result, const char *file, struct vl_span text,
    void (*refusal)(const struct vl_manifest_finding *finding, const char *why, void *user), void *user,
    struct vl_buf *out, struct vl_manifest_fix_count *ret, struct vl_err *err)
{
    struct vl_buf current VL_CLEANUP(vl_buf_done);
    vl_buf_init(&current, VL_DOC_EDIT_TEXT);
    vl_buf_append_span(&current, text);
    int r = vl_buf_check(&current, file, err);
    uint32_t changed = UINT32_MAX; /* the object that has changed; findings stand in order of objects */
    *ret = (struct vl_manifest_fix_count){0};
    for (size_t i = 0; i < result->findings.len && r >= 0; i++) {
        const struct vl_manifest_finding *f = vl_vec_at(&result->findings, i);
        const struct vl_manifest_object *object = vl_vec_at(&result->objects, f->object);
        struct vl_err why = VL_ERR_INIT;
        if (f->outcome != VL_VERDICT_FAIL || strcmp(object->file, file) != 0)
            continue;
        if (!f->fix) {
            ret->without++;
            continue;
        }
        if (f->object == changed) {
            ret->deferred++;
            continue;
        }
        if (fix_one(f, object, &current, file, &why) >= 0) {
            ret->applied++;
            changed = f->object;
            continue;
        }
        if (why.code == VL_ERR_MEMORY) {
            *err = why;
            return why.err;
        }
        ret->refused++;
        if (refusal)
            refusal(f, why.msg, user);
    }
    if (r < 0)
        return r;
    vl_buf_append_span(out, vl_buf_span(&current));
    return vl_buf_check(out, file, err);
}
