#include "test_foreign_support.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/map.h"
#include "codec/doc.h"

#define CASE_FILE_MAX (64UL * 1024 * 1024)
#define ARENA_MAX     (512UL * 1024 * 1024)
#define PATH_BUF      4096
#define TREE_DEPTH    16
#define HEAD_BYTES    16

struct run {
    const struct foreign_kind *kinds;
    size_t n_kinds;
    const char *root; /* cases/inventory/scalibr */
    struct vl_buf wrong;
    unsigned passed, total;
    bool bad;
};

static bool is_known_wrong(const struct run *run, const char *kind, struct vl_span file)
{
    struct vl_span rest = vl_buf_span(&run->wrong), line;
    char key[PATH_BUF];
    foreign_print(key, sizeof(key), "%s/%.*s", kind, VL_SPAN_FMT(file));
    while (vl_span_split_line(&rest, &line)) {
        if (vl_span_eq_str(vl_span_slice(line, 0, vl_span_find_char(line, '\t')), key))
            return true;
    }
    return false;
}

static const struct foreign_kind *row_for(const struct run *run, const char *kind, struct vl_span file)
{
    for (size_t i = 0; i < run->n_kinds; i++) {
        const struct foreign_kind *row = &run->kinds[i];
        if (strcmp(row->kind, kind) == 0 &&
            (!row->match || vl_span_find(file, vl_span_str(row->match)) != SIZE_MAX))
            return row;
    }
    return NULL;
}

/* "var/lib/%s" with the base name put in. */
static void map_path(char *out, size_t size, const char *pattern, const char *file)
{
    const char *slash = strrchr(file, '/');
    const char *base = slash ? slash + 1 : file;
    const char *hole = strstr(pattern, "%s");
    if (hole)
        foreign_print(out, size, "%.*s%s%s", (int)(hole - pattern), pattern, base, hole + 2);
    else
        foreign_print(out, size, "%s", pattern);
}

static int parse_one(const struct foreign_kind *row, const struct vl_package_parser *parser, const char *path,
    const char *real_path, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf content;
    vl_buf_init(&content, CASE_FILE_MAX);
    int r = vl_file_read(real_path, CASE_FILE_MAX, &content, err);
    if (r < 0) {
        printf("  cannot read %s: %s\n", real_path, err->msg);
        return r;
    }
    struct vl_package_file file = {
        .path = path, .mode = 0644, .size = content.len, .content = vl_buf_span(&content)};
    file.head = vl_span_slice(file.content, 0, 4096);
    return row->run ? row->run(parser, &file, real_path, sink, err) : parser->parse(&file, sink, err);
}

/* A case that is a folder: every file below it that the parser wants under the mapped path. */
static int parse_tree(const struct foreign_kind *row, const struct vl_package_parser *parser,
    const char *path, const char *real_path, unsigned depth, struct vl_package_sink *sink, struct vl_err *err)
{
    struct stat st;
    if (stat(real_path, &st) == 0 && !S_ISDIR(st.st_mode)) {
        struct vl_package_file ask = {.path = path, .mode = 0644, .size = (uint64_t)st.st_size};
        return depth == 0 || parser->wants(&ask) ? parse_one(row, parser, path, real_path, sink, err) : 0;
    }
    struct dirent **names = NULL;
    int n = depth < TREE_DEPTH ? scandir(real_path, &names, NULL, alphasort) : 0, r = 0;
    if (n < 0)
        return vl_err_sys(err, errno, "%s", real_path);
    for (int i = 0; i < n; i++) {
        char sub[PATH_BUF], real_sub[PATH_BUF];
        const char *name = names[i]->d_name;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && r >= 0 &&
            (size_t)snprintf(sub, sizeof(sub), "%s/%s", path, name) < sizeof(sub) &&
            (size_t)snprintf(real_sub, sizeof(real_sub), "%s/%s", real_path, name) < sizeof(real_sub))
            r = parse_tree(row, parser, sub, real_sub, depth + 1, sink, err);
        free(names[i]);
    }
    free(names);
    return r;
}

static struct vl_span pair_key(struct vl_arena *arena, struct vl_span name, struct vl_span version)
{
    return vl_span_str(vl_arena_printf(arena, "%.*s@%.*s", VL_SPAN_FMT(name), VL_SPAN_FMT(version)));
}

enum { WANTED = 1, ALLOWED = 2, FOUND = 4 };

/* Prints what is missing and what is too much; true where nothing is. */
static bool compare(
    const struct vl_doc_node *expected, const struct vl_package_sink *sink, unsigned skip_flags)
{
    struct vl_err err = VL_ERR_INIT;
    struct vl_map_slot *slot;
    bool same = true;
    VL_CLEANUP(vl_map_done) struct vl_map map;
    vl_map_init(&map, 1000000);
    for (const struct vl_doc_node *e = vl_doc_first(expected); e; e = vl_doc_next(e)) {
        struct vl_span version = vl_doc_get_str(e, "version");
        bool untyped = vl_doc_get_str(e, "type").len == 0;
        if (vl_map_put(&map, pair_key(sink->arena, vl_doc_get_str(e, "name"), version), &slot, NULL, &err) <
            0)
            return false;
        slot->value.num |= untyped && version.len == 0 ? ALLOWED : WANTED;
    }
    for (size_t i = 0; i < sink->packages.len; i++) {
        const struct vl_package *p = vl_vec_at(&sink->packages, i);
        if (p->flags & skip_flags)
            continue;
        struct vl_span key = pair_key(sink->arena, vl_span_str(p->name), vl_span_str(p->version));
        slot = vl_map_get(&map, key);
        if (!slot) {
            printf("  unexpected %.*s\n", VL_SPAN_FMT(key));
            same = false;
        } else {
            slot->value.num |= FOUND;
        }
    }
    for (size_t pos = 0; (slot = vl_map_next(&map, &pos));) {
        if ((slot->value.num & WANTED) && !(slot->value.num & FOUND)) {
            printf("  missing %.*s\n", VL_SPAN_FMT(slot->key));
            same = false;
        }
    }
    return same;
}

/* The first bytes, by which binaries are told. */
static struct vl_span read_head(const char *path, char head[HEAD_BYTES])
{
    FILE *file = fopen(path, "rb");
    size_t n = file ? fread(head, 1, HEAD_BYTES, file) : 0;
    if (file)
        fclose(file);
    return (struct vl_span){head, n};
}

static bool run_case(
    const struct run *run, const struct foreign_kind *row, const char *file, const struct vl_doc_node *c)
{
    char path[PATH_BUF], real_path[PATH_BUF];
    struct vl_err err = VL_ERR_INIT;
    const struct vl_package_parser *parser = vl_package_parser_by_name(row->parser);
    if (!parser) {
        printf("  no parser named %s\n", row->parser);
        return false;
    }
    map_path(path, sizeof(path), row->path, file);
    foreign_print(real_path, sizeof(real_path), "%s/%s/%s", run->root, row->kind, file);
    struct stat st;
    char head[HEAD_BYTES];
    struct vl_package_file ask = {.path = path, .mode = 0755, .size = 1, .head = read_head(real_path, head)};
    if (stat(real_path, &st) == 0 && !S_ISDIR(st.st_mode) && vl_package_parser_for(&ask, ~0U) != parser) {
        const struct vl_package_parser *other = vl_package_parser_for(&ask, ~0U);
        printf("  %s is wanted by %s, not by %s\n", path, other ? other->name : "nobody", parser->name);
        return false;
    }
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(ARENA_MAX);
    VL_CLEANUP(vl_notes_done) struct vl_notes notes;
    VL_CLEANUP(vl_package_sink_done) struct vl_package_sink sink;
    vl_notes_init(&notes, arena);
    if (!arena || vl_package_sink_init(&sink, arena, &notes, &err) < 0)
        return false;
    bool want_error = vl_doc_bool(vl_doc_get(c, "want_error"));
    int r = parse_tree(row, parser, path, real_path, 0, &sink, &err);
    bool right = compare(vl_doc_get(c, "packages"), &sink, row->skip_flags);
    if (r < 0 && !want_error)
        printf("  refused: %s\n", err.msg);
    if (r >= 0 && want_error)
        printf("  not refused\n");
    return right && (r < 0) == want_error;
}

static void run_kind(struct run *run, const char *kind)
{
    char path[PATH_BUF];
    struct vl_err err = VL_ERR_INIT;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    vl_buf_init(&text, CASE_FILE_MAX);
    run->passed = run->total = 0;
    foreign_print(path, sizeof(path), "%s/%s/cases.json", run->root, kind);
    int r = vl_file_read(path, CASE_FILE_MAX, &text, &err);
    if (r == -ENOENT) { /* a set need not hold every kind */
        printf("no cases of package/%s\n", kind);
        return;
    }
    if (r < 0 || vl_doc_parse(vl_buf_span(&text), VL_DOC_JSON, path, &doc, &err) < 0) {
        printf("foreign: package/%s 0/0\n  %s\n", kind, err.msg);
        run->bad = true;
        return;
    }
    const struct vl_doc_node *root = vl_doc_root(doc);
    for (const struct vl_doc_node *c = vl_doc_first(root); c; c = vl_doc_next(c)) {
        char file[PATH_BUF];
        struct vl_span name = vl_doc_get_str(c, "file");
        foreign_print(file, sizeof(file), "%.*s", VL_SPAN_FMT(name));
        const struct foreign_kind *row = row_for(run, kind, name);
        run->total++;
        if (row && run_case(run, row, file, c)) {
            run->passed++;
            continue;
        }
        bool known = is_known_wrong(run, kind, name);
        printf("%s package/%s/%s%s\n", known ? "wrong case" : "FAILED", kind, file,
            row ? "" : ": no row of the table is for it");
        run->bad |= !known;
    }
    printf("foreign: package/%s %u/%u\n", kind, run->passed, run->total);
}

int foreign_run(const struct foreign_kind *kinds, size_t n_kinds)
{
    char buf[PATH_BUF], root[PATH_BUF + 64], wrong[PATH_BUF];
    struct vl_err err = VL_ERR_INIT;
    const char *shared = foreign_shared(buf, sizeof(buf)), *source = getenv("VALLUM_CHECKOUT");
    if (!shared)
        return FOREIGN_SKIPPED;
    foreign_print(root, sizeof(root), "%s/cases/inventory/scalibr", shared);
    struct run run = {.kinds = kinds, .n_kinds = n_kinds, .root = root};
    vl_buf_init(&run.wrong, CASE_FILE_MAX);
    foreign_print(wrong, sizeof(wrong), "%s/src/package/wrong-cases.tsv", source ? source : ".");
    if (vl_file_read(wrong, CASE_FILE_MAX, &run.wrong, &err) < 0)
        vl_err_clear(&err); /* no list: no case is wrong */
    for (size_t i = 0; i < n_kinds; i++) {
        bool seen = false;
        for (size_t k = 0; k < i; k++)
            seen |= strcmp(kinds[k].kind, kinds[i].kind) == 0;
        if (!seen)
            run_kind(&run, kinds[i].kind);
    }
    vl_buf_done(&run.wrong);
    return run.bad ? 1 : 0;
}
