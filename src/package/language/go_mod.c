/* go.mod. Source: go.dev/ref/mod, "go.mod files". */
#include "language/project_parsers.h"

#include "text_util.h"

#define WORDS_MAX   8
#define MODULES_MAX 200000

struct replacement {
    struct vl_span old_path, old_version, new_path, new_version;
};

struct go_mod {
    struct vl_package_sink *sink;
    const struct vl_package_file *file;
    struct pkg_unique unique;
    struct vl_vec
        requires;               /* struct requirement */
    struct vl_vec replacements; /* struct replacement */
    struct vl_span go, toolchain;
};

struct requirement {
    struct vl_span path, version;
    uint32_t line;
    bool indirect;
};

/* A line taken apart; quotes are off, the comment is apart. */
struct words {
    struct vl_span at[WORDS_MAX];
    size_t n;
    struct vl_span comment;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool is_comment(struct vl_span line, size_t i)
{
    return line.ptr[i] == '/' && i + 1 < line.len && line.ptr[i + 1] == '/';
}

static struct words split_words(struct vl_span line)
{
    struct words w = {0};
    size_t i = 0;
    while (i < line.len && w.n < WORDS_MAX) {
        char c = line.ptr[i];
        if (is_blank(c)) {
            i++;
        } else if (is_comment(line, i)) {
            w.comment = vl_span_trim(vl_span_slice(line, i + 2, SIZE_MAX));
            break;
        } else if (c == '"' || c == '`') {
            size_t len = vl_span_find_char(vl_span_slice(line, i + 1, SIZE_MAX), c);
            size_t end = len == SIZE_MAX ? line.len : i + 1 + len;
            w.at[w.n++] = vl_span_slice(line, i + 1, end);
            i = end + 1;
        } else {
            size_t start = i;
            while (i < line.len && !is_blank(line.ptr[i]) &&
                   !(is_comment(line, i) && i > start && line.ptr[i - 1] != ':'))
                i++;
            w.at[w.n++] = vl_span_slice(line, start, i);
        }
    }
    return w;
}

static struct vl_span without_v(struct vl_span version)
{
    return PKG_STARTS(version, "v") ? vl_span_slice(version, 1, SIZE_MAX) : version;
}

static int bad_line(const struct go_mod *mod, uint32_t line, const char *why, struct vl_err *err)
{
    return vl_err_set(err, VL_ERR_INVALID, "%s: line %u: %s", mod->file->path, line, why);
}

static int on_require(struct go_mod *mod, const struct words *w, uint32_t line, struct vl_err *err)
{
    if (w->n != 2)
        return bad_line(mod, line, "a require needs a module and a version", err);
    struct requirement *r = vl_vec_push(&mod->requires, mod->file->path, err);
    if (!r)
        return err->err;
    bool indirect = vl_span_eq_str(w->comment, "indirect") || PKG_STARTS(w->comment, "indirect;");
    *r = (struct requirement){w->at[0], without_v(w->at[1]), line, indirect};
    return 0;
}

/* "old [version] => new [version]" */
static int on_replace(struct go_mod *mod, const struct words *w, uint32_t line, struct vl_err *err)
{
    size_t arrow = 0;
    while (arrow < w->n && !vl_span_eq_str(w->at[arrow], "=>"))
        arrow++;
    if (arrow < 1 || arrow > 2 || w->n < arrow + 2 || w->n > arrow + 3)
        return bad_line(mod, line, "a replace needs a module, \"=>\" and a module or folder", err);
    struct replacement *r = vl_vec_push(&mod->replacements, mod->file->path, err);
    if (!r)
        return err->err;
    *r = (struct replacement){w->at[0], arrow == 2 ? without_v(w->at[1]) : VL_SPAN_EMPTY, w->at[arrow + 1],
        w->n == arrow + 3 ? without_v(w->at[arrow + 2]) : VL_SPAN_EMPTY};
    return 0;
}

static int on_go(struct go_mod *mod, const struct words *w, uint32_t line, struct vl_err *err)
{
    if (w->n != 1)
        return bad_line(mod, line, "go needs one version", err);
    mod->go = w->at[0];
    return 0;
}

/* "go1.23.6", "go1.23.6-custom", "default". */
static int on_toolchain(struct go_mod *mod, const struct words *w, uint32_t line, struct vl_err *err)
{
    if (w->n != 1)
        return bad_line(mod, line, "toolchain needs one name", err);
    struct vl_span name = w->at[0];
    if (PKG_STARTS(name, "go"))
        mod->toolchain = vl_span_slice(
            vl_span_slice(name, 2, SIZE_MAX), 0, vl_span_find_char(vl_span_slice(name, 2, SIZE_MAX), '-'));
    return 0;
}

static int on_other(struct go_mod *mod, const struct words *w, uint32_t line, struct vl_err *err)
{
    return w->n == 0 ? bad_line(mod, line, "nothing follows the word", err) : 0;
}

static const struct {
    const char *word;
    int (*read)(struct go_mod *mod, const struct words *w, uint32_t line, struct vl_err *err);
} directives[] = {
    {"require", on_require}, {"replace", on_replace}, {"go", on_go}, {"toolchain", on_toolchain},
    {"module", on_other}, {"exclude", on_other}, {"retract", on_other}, {"godebug", on_other},
    {"tool", on_other}, {"ignore", on_other}, {"use", on_other}, /* go.work */
};

static int find_directive(const struct go_mod *mod, struct vl_span word, uint32_t line, struct vl_err *err)
{
    for (size_t i = 0; i < VL_ARRAY_LEN(directives); i++) {
        if (vl_span_eq_str(word, directives[i].word))
            return (int)i;
    }
    return vl_err_set(err, VL_ERR_INVALID, "%s: line %u: no word of go.mod: %.*s", mod->file->path, line,
        VL_SPAN_FMT(word));
}

static int read_lines(struct go_mod *mod, struct vl_err *err)
{
    struct vl_span rest = mod->file->content, text;
    int block = -1;
    for (uint32_t line = 1; vl_span_split_line(&rest, &text); line++) {
        struct words w = split_words(text);
        if (w.n == 0)
            continue;
        int r = 0;
        if (block >= 0 && vl_span_eq_str(w.at[0], ")")) {
            block = -1;
        } else if (block >= 0) {
            r = directives[block].read(mod, &w, line, err);
        } else {
            int d = find_directive(mod, w.at[0], line, err);
            if (d < 0)
                return d;
            struct words arguments = {.n = w.n - 1, .comment = w.comment};
            memcpy(arguments.at, w.at + 1, arguments.n * sizeof(w.at[0]));
            if (arguments.n == 1 && vl_span_eq_str(arguments.at[0], "("))
                block = d;
            else if (arguments.n == 2 && vl_span_eq_str(arguments.at[0], "(") &&
                     vl_span_eq_str(arguments.at[1], ")"))
                continue;
            else
                r = directives[d].read(mod, &arguments, line, err);
        }
        if (r < 0)
            return r;
    }
    return block < 0 ? 0 : vl_err_set(err, VL_ERR_INVALID, "%s: a block is not closed", mod->file->path);
}

/* The last replacement that fits: one with the version beats one for all versions. */
static const struct replacement *find_replacement(const struct go_mod *mod, const struct requirement *req)
{
    const struct replacement *found = NULL;
    for (size_t i = 0; i < mod->replacements.len; i++) {
        const struct replacement *r = vl_vec_at(&mod->replacements, i);
        bool exact = vl_span_eq(r->old_version, req->version);
        if (vl_span_eq(r->old_path, req->path) &&
            (exact || (r->old_version.len == 0 && (!found || found->old_version.len == 0))))
            found = r;
    }
    return found;
}

static int emit(struct go_mod *mod, struct vl_err *err)
{
    for (size_t i = 0; i < mod->requires.len; i++) {
        const struct requirement *req = vl_vec_at(&mod->requires, i);
        const struct replacement *by = find_replacement(mod, req);
        unsigned flags = VL_PACKAGE_LOCKED | (req->indirect ? VL_PACKAGE_INDIRECT : 0U);
        /* A folder as replacement is other code than the published module: it goes by its own name, without
         * version. */
        int r = pkg_unique_add(&mod->unique, by ? by->new_path : req->path,
            by ? by->new_version : req->version, VL_SPAN_EMPTY, flags, req->line, NULL, err);
        if (r < 0)
            return r;
    }
    struct vl_span release = mod->toolchain.len ? mod->toolchain : mod->go;
    if (release.len == 0)
        return 0;
    return pkg_unique_add(
        &mod->unique, VL_SPAN_LIT("stdlib"), release, VL_SPAN_EMPTY, VL_PACKAGE_LOCKED, 0, NULL, err);
}

static int parse_go_mod(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct go_mod mod = {.sink = sink, .file = file};
    pkg_unique_init(&mod.unique, sink, file, VL_ECO_GO);
    vl_vec_init(&mod.requires, sizeof(struct requirement), MODULES_MAX);
    vl_vec_init(&mod.replacements, sizeof(struct replacement), MODULES_MAX);
    int r = read_lines(&mod, err);
    if (r == 0)
        r = emit(&mod, err);
    pkg_unique_done(&mod.unique);
    vl_vec_done(&mod.requires);
    vl_vec_done(&mod.replacements);
    return r;
}

static bool wants_go_mod(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "go.mod");
}

const struct vl_package_parser pkg_parser_go_mod = {
    .name = "go/mod",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_go_mod,
    .parse = parse_go_mod,
};
