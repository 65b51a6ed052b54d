/* mix.lock, rebar.lock, gleam.toml and Gleam's manifest.toml. Sources: hexdocs.pm/mix "Mix.Dep.Lock",
 * rebar3.org "lock files", gleam.run "gleam.toml". The first two are terms of Elixir and Erlang, which always
 * have the same shape. */
#include "language/project_parsers.h"

#include "text_util.h"

/* Takes the next "…" off *rest; a backslash hides the byte after it. */
static bool next_string(struct vl_span *rest, struct vl_span *ret)
{
    size_t start = vl_span_find_char(*rest, '"');
    if (start == SIZE_MAX)
        return false;
    size_t end = start + 1;
    while (end < rest->len && rest->ptr[end] != '"')
        end += rest->ptr[end] == '\\' ? 2U : 1U;
    if (end >= rest->len)
        return false;
    *ret = vl_span_slice(*rest, start + 1, end);
    *rest = vl_span_slice(*rest, end + 1, SIZE_MAX);
    return true;
}

static size_t atom_len(struct vl_span s)
{
    size_t len = 0;
    while (
        len < s.len && (s.ptr[len] == '_' || s.ptr[len] == '@' || (s.ptr[len] >= '0' && s.ptr[len] <= '9') ||
                           ((s.ptr[len] | 0x20) >= 'a' && (s.ptr[len] | 0x20) <= 'z')))
        len++;
    return len;
}

/* `"app": {:hex, :package, "1.0.0", …}` or `"app": {:git, "url", "commit", …}`, one a line. */
static int read_mix_line(struct vl_span line, uint32_t n, const struct vl_package_file *file,
    struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span rest = line, app, version = VL_SPAN_EMPTY;
    if (line.len == 0 || line.ptr[0] != '"' || !next_string(&rest, &app))
        return 0;
    size_t brace = vl_span_find_char(rest, '{');
    if (brace == SIZE_MAX)
        return 0;
    rest = vl_span_trim(vl_span_slice(rest, brace + 1, SIZE_MAX));
    struct vl_span name = app;
    if (PKG_STARTS(rest, ":hex")) {
        size_t colon = vl_span_find_char(vl_span_slice(rest, 1, SIZE_MAX), ':');
        struct vl_span atom = colon == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(rest, colon + 2, SIZE_MAX);
        size_t len = atom_len(atom);
        if (len == 0 || !next_string(&rest, &version) || version.len == 0)
            return 0;
        name = vl_span_slice(atom, 0, len);
    } else if (!PKG_STARTS(rest, ":git") && !PKG_STARTS(rest, ":path")) {
        return 0;
    }
    return pkg_add(sink, VL_ECO_HEX, name, version, VL_PACKAGE_LOCKED, n, file, err) ? 0 : err->err;
}

static int parse_mix(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span rest = file->content, line;
    int r = 0;
    for (uint32_t n = 1; r == 0 && vl_span_split_line(&rest, &line); n++)
        r = read_mix_line(vl_span_trim(line), n, file, sink, err);
    return r;
}

static bool wants_mix(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "mix.lock");
}

const struct vl_package_parser pkg_parser_hex_mix_lock = {
    .name = "hex/mix-lock",
    .scopes = VL_PACKAGE_SCOPE_INSTALLED | VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_mix,
    .parse = parse_mix,
};

/* Lines are counted on from where the last count ended. */
struct line_counter {
    const char *at;
    uint32_t line;
};

static uint32_t count_to(struct line_counter *counter, const char *to)
{
    for (; counter->at < to; counter->at++)
        counter->line += *counter->at == '\n';
    return counter->line;
}

/* `{<<"app">>,{pkg,<<"package">>,<<"1.0.0">>},0}` and `{<<"app">>,{git,"url",{ref,"commit"}},0}`. */
static int parse_rebar(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span rest = file->content, app, version, unused;
    struct line_counter counter = {file->content.ptr, 1};
    size_t at;
    while ((at = vl_span_find(rest, VL_SPAN_LIT("{<<\""))) != SIZE_MAX) {
        rest = vl_span_slice(rest, at + 3, SIZE_MAX);
        const char *start = rest.ptr;
        if (!next_string(&rest, &app))
            break;
        struct vl_span tail = rest;
        if (PKG_STARTS(tail, ">>"))
            tail = vl_span_trim(vl_span_slice(tail, 2, SIZE_MAX));
        if (PKG_STARTS(tail, ","))
            tail = vl_span_trim(vl_span_slice(tail, 1, SIZE_MAX));
        bool hex = PKG_STARTS(tail, "{pkg"), git = PKG_STARTS(tail, "{git") || PKG_STARTS(tail, "{hg");
        if (!hex && !git)
            continue; /* the hashes at the end of the file have the same beginning */
        version = VL_SPAN_EMPTY;
        if (hex && (!next_string(&tail, &app) || !next_string(&tail, &version)))
            break;
        if (git && !next_string(&tail, &unused))
            break;
        rest = tail;
        if (!pkg_add(sink, VL_ECO_HEX, app, version, VL_PACKAGE_LOCKED, count_to(&counter, start), file, err))
            return err->err;
    }
    return 0;
}

static bool wants_rebar(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "rebar.lock");
}

const struct vl_package_parser pkg_parser_hex_rebar_lock = {
    .name = "hex/rebar-lock",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_rebar,
    .parse = parse_rebar,
};

static int add_requirements(const struct vl_doc_node *table, unsigned flags,
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    for (const struct vl_doc_node *n = vl_doc_first(table); n; n = vl_doc_next(n)) {
        struct vl_span version = vl_doc_is(n, VL_DOC_OBJECT) ? vl_doc_get_str(n, "version") : vl_doc_span(n);
        if (version.len == 0)
            continue; /* a folder or a repository */
        bool exact = version.ptr[0] >= '0' && version.ptr[0] <= '9';
        if (!pkg_add(sink, VL_ECO_HEX, vl_doc_key(n), version, flags | (exact ? 0U : VL_PACKAGE_RANGE),
                vl_doc_line(n), file, err))
            return err->err;
    }
    return 0;
}

static int parse_gleam(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = pkg_doc_open(file, VL_DOC_TOML, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    static const struct {
        const char *table;
        unsigned flags;
    } tables[] = {{"dependencies", VL_PACKAGE_LOCKED},
        {"dev-dependencies", VL_PACKAGE_LOCKED | VL_PACKAGE_DEV},
        {"dev_dependencies", VL_PACKAGE_LOCKED | VL_PACKAGE_DEV}};
    for (size_t i = 0; i < VL_ARRAY_LEN(tables) && r == 0; i++)
        r = add_requirements(vl_doc_get(vl_doc_root(doc), tables[i].table), tables[i].flags, file, sink, err);
    return r;
}

static bool wants_gleam(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "gleam.toml");
}

const struct vl_package_parser pkg_parser_hex_gleam = {
    .name = "hex/gleam",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_gleam,
    .parse = parse_gleam,
};

/* Other tools write files of this name: only tables that say where a package comes from are Gleam's. */
static int parse_manifest(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    int r = pkg_doc_open(file, VL_DOC_TOML, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *packages = vl_doc_get(vl_doc_root(doc), "packages");
    if (!vl_doc_is(packages, VL_DOC_ARRAY))
        return 0;
    for (const struct vl_doc_node *n = vl_doc_first(packages); n; n = vl_doc_next(n)) {
        struct vl_span name = vl_doc_get_str(n, "name");
        if (name.len == 0 || !vl_span_eq_str(vl_doc_get_str(n, "source"), "hex"))
            continue;
        if (!pkg_add(sink, VL_ECO_HEX, name, vl_doc_get_str(n, "version"), VL_PACKAGE_LOCKED, vl_doc_line(n),
                file, err))
            return err->err;
    }
    return 0;
}

static bool wants_manifest(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "manifest.toml");
}

const struct vl_package_parser pkg_parser_hex_gleam_manifest = {
    .name = "hex/gleam-manifest",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_manifest,
    .parse = parse_manifest,
};
