/* Documents from files: shapes are checked before anything is sent. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/time.h"
#include "codec/json.h"
#include "remote/apply.h"

#define NAMES_MAX 10000

static int wrong(const char *file, const struct vl_doc_node *at, struct vl_err *err, const char *what,
    struct vl_span which)
{
    return vl_err_set(err, VL_ERR_USAGE, "%s:%u: %s%.*s", file, vl_doc_line(at), what, VL_SPAN_FMT(which));
}

static bool is_secret_name(const struct vl_apply_field *field, struct vl_span name)
{
    size_t len = strlen(field->name);
    if (field->type != VL_APPLY_SECRET || name.len <= len || memcmp(name.ptr, field->name, len) != 0)
        return false;
    struct vl_span rest = vl_span_slice(name, len, name.len);
    return vl_span_eq_str(rest, "File") || vl_span_eq_str(rest, "Env");
}

static int check_member(
    const struct vl_apply_kind *kind, const char *file, const struct vl_doc_node *member, struct vl_err *err)
{
    int64_t ms;
    struct vl_span name = vl_doc_key(member);
    for (size_t i = 0; i < VL_APPLY_FIELDS_MAX && kind->fields[i].name; i++) {
        const struct vl_apply_field *f = &kind->fields[i];
        if (is_secret_name(f, name))
            return vl_doc_is(member, VL_DOC_STRING)
                       ? 0
                       : wrong(file, member, err, "a text is meant to be ", name);
        if (!vl_span_eq_str(name, f->name))
            continue;
        if (f->type == VL_APPLY_SECRET)
            return wrong(file, member, err,
                "a secret does not stand here: say where it is, with File or Env behind ", name);
        if (f->type == VL_APPLY_TIME && !vl_doc_is(member, VL_DOC_NULL) &&
            !vl_time_parse(vl_doc_text(member), &ms))
            return wrong(file, member, err, "a day or an RFC 3339 time is meant to be ", name);
        if (f->type == VL_APPLY_NAMED && !vl_doc_is(member, VL_DOC_ARRAY))
            return wrong(file, member, err, "a list is meant to be ", name);
        if (f->type == VL_APPLY_LABELS && !vl_doc_is(member, VL_DOC_OBJECT))
            return wrong(file, member, err, "a mapping is meant to be ", name);
        return 0;
    }
    return wrong(file, member, err, "there is no setting ", name);
}

static int check_spec(const struct vl_apply_kind *kind, const char *file, const struct vl_doc_node *root,
    const struct vl_doc_node *spec, struct vl_err *err)
{
    if (!vl_doc_is(spec, VL_DOC_OBJECT) && !vl_doc_is(spec, VL_DOC_NULL) && spec)
        return wrong(file, spec, err, "spec is meant to be a mapping", VL_SPAN_EMPTY);
    for (const struct vl_doc_node *n = vl_doc_first(spec); n; n = vl_doc_next(n)) {
        int r = check_member(kind, file, n, err);
        if (r < 0)
            return r;
    }
    for (size_t i = 0; i < VL_APPLY_FIELDS_MAX && kind->fields[i].name; i++)
        if (kind->fields[i].required && !vl_doc_get(spec, kind->fields[i].name))
            return wrong(file, root, err, "missing in spec: ", vl_span_str(kind->fields[i].name));
    return 0;
}

static int only(
    const char *file, const struct vl_doc_node *object, const char *const *names, struct vl_err *err)
{
    for (const struct vl_doc_node *n = vl_doc_first(object); n; n = vl_doc_next(n)) {
        bool known = false;
        for (size_t i = 0; names[i]; i++)
            known = known || vl_span_eq_str(vl_doc_key(n), names[i]);
        if (!known)
            return wrong(file, n, err, "there is no member ", vl_doc_key(n));
    }
    return 0;
}

static const struct vl_apply_kind *kind_of(struct vl_span name)
{
    for (size_t i = 0; vl_apply_kinds[i].name; i++)
        if (vl_span_eq_str(name, vl_apply_kinds[i].name))
            return &vl_apply_kinds[i];
    return NULL;
}

int vl_apply_take(
    struct vl_apply *apply, const struct vl_doc_node *root, const char *file, struct vl_err *err)
{
    static const char *const top[] = {"apiVersion", "kind", "metadata", "spec", NULL};
    static const char *const meta[] = {"name", "environment", NULL};
    if (vl_doc_is(root, VL_DOC_NULL))
        return 0; /* an empty document */
    if (!vl_doc_is(root, VL_DOC_OBJECT))
        return wrong(file, root, err, "a document is a mapping", VL_SPAN_EMPTY);
    if (vl_apply_is_guides(root))
        return vl_apply_guides(apply, root, file, err);
    struct vl_span version = vl_doc_get_str(root, "apiVersion");
    if (!vl_span_eq_str(version, VL_APPLY_VERSION))
        return wrong(file, root, err, "apiVersion is " VL_APPLY_VERSION ", not ", version);
    const struct vl_apply_kind *kind = kind_of(vl_doc_get_str(root, "kind"));
    if (!kind)
        return wrong(file, root, err, "there is no kind ", vl_doc_get_str(root, "kind"));
    const struct vl_doc_node *metadata = vl_doc_get(root, "metadata");
    const struct vl_doc_node *spec = vl_doc_get(root, "spec");
    int r = only(file, root, top, err);
    if (r >= 0)
        r = only(file, metadata, meta, err);
    if (r >= 0)
        r = check_spec(kind, file, root, spec, err);
    if (r < 0)
        return r;
    struct vl_span name = vl_doc_get_str(metadata, "name");
    struct vl_span environment = vl_doc_get_str(metadata, "environment");
    if (!name.len && !kind->usual)
        return wrong(file, root, err, "metadata.name is missing", VL_SPAN_EMPTY);
    struct vl_apply_document *d = vl_vec_push(&apply->documents, "documents", err);
    if (!d)
        return err->err;
    *d = (struct vl_apply_document){.kind = kind,
        .file = file,
        .name = name.len ? name.ptr : kind->usual,
        .environment = environment.len ? environment.ptr : NULL,
        .metadata = metadata,
        .spec = spec,
        .line = vl_doc_line(root)};
    return 0;
}

struct reading {
    struct vl_apply *apply;
    const char *file;
};

static int each_document(struct vl_doc *doc, void *user, struct vl_err *err)
{
    const struct reading *reading = user;
    struct vl_doc **kept = vl_vec_push(&reading->apply->docs, "documents", err);
    if (!kept) {
        vl_doc_free(doc);
        return err->err;
    }
    *kept = doc;
    return vl_apply_take(reading->apply, vl_doc_root(doc), reading->file, err);
}

static int read_file(struct vl_apply *apply, const char *path, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, VL_APPLY_FILE_MAX);
    const struct reading reading = {apply, vl_arena_strdup(apply->arena, path)};
    int r = reading.file ? vl_file_read(path, VL_APPLY_FILE_MAX, &text, err) : vl_err_nomem(err);
    if (r >= 0)
        r = vl_doc_parse_stream(
            vl_buf_span(&text), VL_DOC_YAML, reading.file, each_document, (void *)(uintptr_t)&reading, err);
    if (r < 0 && err->code == VL_ERR_INVALID)
        err->code = VL_ERR_USAGE;
    return r < 0 ? r : 0;
}

static bool is_document(const char *name)
{
    struct vl_span s = vl_span_str(name);
    return *name != '.' &&
           (vl_span_ends_with(s, ".yaml") || vl_span_ends_with(s, ".yml") || vl_span_ends_with(s, ".json"));
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The files of one folder, by name; folders in it are left alone. */
static int read_folder(struct vl_apply *apply, const char *path, struct vl_err *err)
{
    VL_CLEANUP(vl_vec_done) struct vl_vec names;
    vl_vec_init(&names, sizeof(char *), NAMES_MAX);
    DIR *dir = opendir(path);
    int r = 0;
    if (!dir)
        return vl_err_sys(err, errno, "%s", path);
    for (const struct dirent *e; r >= 0 && (e = readdir(dir)) != NULL;) {
        if (!is_document(e->d_name))
            continue;
        char **name = vl_vec_push(&names, "files", err);
        r = name ? 0 : err->err;
        if (name)
            *name = vl_arena_printf(apply->arena, "%s/%s", path, e->d_name);
    }
    (void)closedir(dir);
    if (r >= 0)
        r = vl_arena_check(apply->arena, "files", err);
    if (r >= 0 && names.len)
        qsort(names.items, names.len, sizeof(char *), compare_names);
    for (size_t i = 0; r >= 0 && i < names.len; i++)
        r = read_file(apply, *(char **)vl_vec_at(&names, i), err);
    if (r >= 0 && !names.len)
        r = vl_err_set(err, VL_ERR_USAGE, "%s: holds no .yaml, .yml or .json", path);
    return r;
}

int vl_apply_read(struct vl_apply *apply, const char *path, struct vl_err *err)
{
    struct stat st;
    if (strcmp(path, "-") != 0 && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return read_folder(apply, path, err);
    return read_file(apply, path, err);
}
