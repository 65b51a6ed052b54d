#include "language/parsers.h"
#include "text_util.h"

/* Deno: deno.json(c), deno.lock, and sources that import by URL or specifier. Source: docs.deno.com ("Modules
 * and dependencies", "Lockfile"), the URL schemes of esm.sh, deno.land, unpkg.com,
 * jsdelivr.com and skypack.dev. */

#define VERSION_PARTS 3
#define VERSION_MAX   128

static bool wants_json(const struct vl_package_file *file)
{
    struct vl_span base = pkg_base(file);
    return PKG_IS(base, "deno.json") || PKG_IS(base, "deno.jsonc");
}

static bool wants_lock(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "deno.lock");
}

static bool wants_source(const struct vl_package_file *file)
{
    struct vl_span base = pkg_base(file);
    if (!PKG_ENDS(base, ".ts") && !PKG_ENDS(base, ".tsx") && !PKG_ENDS(base, ".mts"))
        return false;
    return !PKG_ENDS(base, ".d.ts") && !pkg_in_folder(file, "node_modules");
}

/* "name@version/path": the '@' of a scope is no separator. False without a version. */
static bool split_specifier(struct vl_span s, struct vl_span *name, struct vl_span *version)
{
    size_t at = vl_span_find_char(vl_span_slice(s, 1, s.len), '@');
    if (at == SIZE_MAX)
        return false;
    *name = vl_span_slice(s, 0, at + 1);
    *version = vl_span_slice(s, at + 2, s.len);
    *version = vl_span_slice(*version, 0, vl_span_find_char(*version, '/'));
    return name->len && version->len;
}

static struct vl_span without_scope_mark(struct vl_span name)
{
    return name.len && name.ptr[0] == '@' ? vl_span_slice(name, 1, name.len) : name;
}

/* The lowest version that a requirement such as "1", "^1.2" or "~1.2.3" allows, written with three numbers; a
 * longer requirement stays as it is. *ret_exact tells whether it allows that one only. */
static struct vl_span lowest(struct vl_span version, char *buf, bool *ret_exact)
{
    struct vl_span s = version;
    while (s.len && strchr("^~=v>", s.ptr[0]) && s.ptr[0])
        s = vl_span_slice(s, 1, s.len);
    size_t core = 0, dots = 0;
    while (core < s.len && ((s.ptr[core] >= '0' && s.ptr[core] <= '9') || s.ptr[core] == '.'))
        dots += s.ptr[core++] == '.';
    bool has_rest = core < s.len && (s.ptr[core] != '-' && s.ptr[core] != '+');
    *ret_exact = s.len == version.len && dots == VERSION_PARTS - 1 && !has_rest;
    if (core == 0 || has_rest || dots >= VERSION_PARTS || s.len + 4 >= VERSION_MAX)
        return version;
    size_t len = 0;
    memcpy(buf, s.ptr, core);
    len = core;
    for (; dots < VERSION_PARTS - 1; dots++) {
        buf[len++] = '.';
        buf[len++] = '0';
    }
    memcpy(buf + len, s.ptr + core, s.len - core);
    return (struct vl_span){buf, len + s.len - core};
}

struct deno {
    struct pkg_unique npm, jsr;
};

static void deno_init(struct deno *d, struct vl_package_sink *sink, const struct vl_package_file *file)
{
    pkg_unique_init(&d->npm, sink, file, VL_ECO_NPM);
    pkg_unique_init(&d->jsr, sink, file, VL_ECO_DENO);
}

static void deno_done(struct deno *d)
{
    pkg_unique_done(&d->npm);
    pkg_unique_done(&d->jsr);
}

static int add_npm(struct deno *d, struct vl_span specifier, uint32_t line, struct vl_err *err)
{
    struct vl_span name, version;
    char buf[VERSION_MAX];
    bool exact;
    if (!split_specifier(specifier, &name, &version))
        return 0;
    version = lowest(version, buf, &exact);
    unsigned flags = VL_PACKAGE_LOCKED | (exact ? 0 : VL_PACKAGE_RANGE);
    return pkg_unique_add(&d->npm, name, version, VL_SPAN_EMPTY, flags, line, NULL, err);
}

static int add_jsr(struct deno *d, struct vl_span specifier, uint32_t line, struct vl_err *err)
{
    struct vl_span name, version;
    char buf[VERSION_MAX];
    bool exact;
    if (!split_specifier(specifier, &name, &version))
        return 0;
    (void)lowest(version, buf, &exact);
    unsigned flags = VL_PACKAGE_LOCKED | (exact ? 0 : VL_PACKAGE_RANGE);
    return pkg_unique_add(&d->jsr, without_scope_mark(name), version, VL_SPAN_EMPTY, flags, line, NULL, err);
}

/* Without what esm.sh puts before a name: "*" (nothing bundled), "v135/" or "stable/" (its own build). */
static struct vl_span without_build(struct vl_span s)
{
    size_t slash = vl_span_find_char(s, '/'), digits = 1;
    while (digits < s.len && s.ptr[digits] >= '0' && s.ptr[digits] <= '9')
        digits++;
    if (slash != SIZE_MAX && (PKG_STARTS(s, "stable/") || (s.ptr[0] == 'v' && digits > 1 && digits == slash)))
        s = vl_span_slice(s, slash + 1, s.len);
    return PKG_STARTS(s, "*") ? vl_span_slice(s, 1, s.len) : s;
}

/* "react", "@babel/core": no other folder stands in a name. */
static bool is_name(struct vl_span name)
{
    size_t slash = vl_span_find_char(name, '/');
    if (slash == SIZE_MAX)
        return true;
    return name.ptr[0] == '@' && vl_span_find_char(vl_span_slice(name, slash + 1, name.len), '/') == SIZE_MAX;
}

/* "https://unpkg.com/lodash@4.17.21/lodash.js" and the like: the file is of one version. */
static int add_url(struct deno *d, struct vl_span url, uint32_t line, struct vl_err *err)
{
    static const struct {
        const char *prefix;
        bool jsr;
    } hosts[] = {
        {"https://esm.sh/jsr/", true},
        {"https://esm.sh/", false},
        {"https://deno.land/x/", true},
        {"https://deno.land/", true}, /* std */
        {"https://unpkg.com/", false},
        {"https://cdn.jsdelivr.net/npm/", false},
        {"https://cdn.skypack.dev/", false},
    };
    struct vl_span name, version;
    for (size_t i = 0; i < VL_ARRAY_LEN(hosts); i++) {
        if (!vl_span_starts_with(url, hosts[i].prefix))
            continue;
        struct vl_span rest = vl_span_slice(url, strlen(hosts[i].prefix), url.len);
        rest = vl_span_slice(rest, 0, vl_span_find_char(rest, '?'));
        if (PKG_STARTS(vl_span_str(hosts[i].prefix), "https://esm.sh/"))
            rest = without_build(rest);
        if (!split_specifier(rest, &name, &version) || !is_name(name))
            return 0;
        if (version.len > 1 && version.ptr[0] == 'v')
            version = vl_span_slice(version, 1, version.len);
        if (version.ptr[0] < '0' || version.ptr[0] > '9')
            return 0;
        return pkg_unique_add(hosts[i].jsr ? &d->jsr : &d->npm,
            hosts[i].jsr ? without_scope_mark(name) : name, version, VL_SPAN_EMPTY, VL_PACKAGE_LOCKED, line,
            NULL, err);
    }
    return 0;
}

static int add_specifier(struct deno *d, struct vl_span s, uint32_t line, struct vl_err *err)
{
    if (PKG_STARTS(s, "npm:"))
        return add_npm(d, vl_span_slice(s, s.len > 4 && s.ptr[4] == '/' ? 5 : 4, s.len), line, err);
    if (PKG_STARTS(s, "jsr:"))
        return add_jsr(d, vl_span_slice(s, s.len > 4 && s.ptr[4] == '/' ? 5 : 4, s.len), line, err);
    return add_url(d, s, line, err);
}

static int add_imports(struct deno *d, const struct vl_doc_node *imports, struct vl_err *err)
{
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(imports); n && r >= 0; n = vl_doc_next(n))
        r = add_specifier(d, vl_doc_span(n), vl_doc_line(n), err);
    return r;
}

static int parse_json(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(deno_done) struct deno d;
    deno_init(&d, sink, file);
    int r = pkg_doc_open(file, VL_DOC_JSONC, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    r = add_imports(&d, vl_doc_get(vl_doc_root(doc), "imports"), err);
    const struct vl_doc_node *scope = vl_doc_first(vl_doc_get(vl_doc_root(doc), "scopes"));
    for (; scope && r >= 0; scope = vl_doc_next(scope))
        r = add_imports(&d, scope, err);
    return r;
}

/* Keys "name@1.2.3", for npm with the peers behind: "name@1.2.3_peer@4.5.6". */
static int add_locked(
    struct pkg_unique *unique, const struct vl_doc_node *packages, bool jsr, struct vl_err *err)
{
    int r = 0;
    for (const struct vl_doc_node *n = vl_doc_first(packages); n && r >= 0; n = vl_doc_next(n)) {
        struct vl_span name, version;
        if (!split_specifier(vl_doc_key(n), &name, &version))
            continue;
        version = vl_span_slice(version, 0, vl_span_find_char(version, '_'));
        r = pkg_unique_add(unique, jsr ? without_scope_mark(name) : name, version, VL_SPAN_EMPTY,
            VL_PACKAGE_LOCKED, vl_doc_line(n), NULL, err);
    }
    return r;
}

static int parse_lock(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(deno_done) struct deno d;
    deno_init(&d, sink, file);
    int r = pkg_doc_open(file, VL_DOC_JSON, VL_DOC_OBJECT, &doc, err);
    if (r < 0)
        return r;
    const struct vl_doc_node *root = vl_doc_root(doc), *packages = vl_doc_get(root, "packages");
    if (!packages)
        packages = root; /* since version 4 of the file */
    const struct vl_doc_node *npm = vl_doc_get(packages, "npm");
    if (vl_doc_get(npm, "packages"))
        npm = vl_doc_get(npm, "packages"); /* version 2 */
    r = add_locked(&d.npm, npm, false, err);
    if (r >= 0)
        r = add_locked(&d.jsr, vl_doc_get(packages, "jsr"), true, err);
    const struct vl_doc_node *remote = vl_doc_first(vl_doc_get(root, "remote"));
    for (; remote && r >= 0; remote = vl_doc_next(remote))
        r = add_url(&d, vl_doc_key(remote), vl_doc_line(remote), err);
    return r;
}

/* A walk over TypeScript that knows comments, strings and words: enough to see what an import names. */
struct lexer {
    struct vl_span rest;
    uint32_t line;
    bool import; /* the last tokens were "import", "import(" or "from" */
};

static size_t skip_comment(const struct lexer *lexer)
{
    struct vl_span s = lexer->rest;
    if (PKG_STARTS(s, "//")) {
        size_t eol = vl_span_find_char(s, '\n');
        return eol == SIZE_MAX ? s.len : eol;
    }
    if (!PKG_STARTS(s, "/*"))
        return 0;
    size_t end = vl_span_find(vl_span_slice(s, 2, s.len), VL_SPAN_LIT("*/"));
    return end == SIZE_MAX ? s.len : end + 4;
}

static size_t string_end(struct vl_span s)
{
    size_t i = 1;
    while (i < s.len && s.ptr[i] != s.ptr[0] && (s.ptr[0] == '`' || s.ptr[i] != '\n'))
        i += s.ptr[i] == '\\' ? 2 : 1;
    return i < s.len ? i + 1 : s.len;
}

static bool is_word_char(char c)
{
    return vl_char_is_letter(c) || vl_char_is_digit(c) || c == '_' || c == '$';
}

static void advance(struct lexer *lexer, size_t n)
{
    for (size_t i = 0; i < n; i++)
        lexer->line += lexer->rest.ptr[i] == '\n';
    lexer->rest = vl_span_slice(lexer->rest, n, lexer->rest.len);
}

/* The next string that an import names. */
static bool next_import(struct lexer *lexer, struct vl_span *ret, uint32_t *ret_line)
{
    while (lexer->rest.len) {
        char c = lexer->rest.ptr[0];
        size_t n = c == '/' ? skip_comment(lexer) : 0;
        if (n) {
            advance(lexer, n);
            continue;
        }
        if (c == '"' || c == '\'' || c == '`') {
            struct vl_span literal = vl_span_slice(lexer->rest, 0, string_end(lexer->rest));
            bool wanted = lexer->import && c != '`';
            *ret_line = lexer->line;
            lexer->import = false;
            advance(lexer, literal.len);
            *ret = vl_span_slice(literal, 1, literal.len - 1);
            if (wanted)
                return true;
            continue;
        }
        for (n = 0; n < lexer->rest.len && is_word_char(lexer->rest.ptr[n]); n++)
            ;
        struct vl_span word = vl_span_slice(lexer->rest, 0, n);
        if (n)
            lexer->import = PKG_IS(word, "import") || PKG_IS(word, "from");
        else if (c != '(' && c != ' ' && (c < '\t' || c > '\r'))
            lexer->import = false;
        advance(lexer, n ? n : 1);
    }
    return false;
}

static int parse_source(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct lexer lexer = {.rest = file->content, .line = 1};
    struct vl_span specifier;
    uint32_t line;
    int r = 0;
    VL_CLEANUP(deno_done) struct deno d;
    deno_init(&d, sink, file);
    while (r >= 0 && next_import(&lexer, &specifier, &line))
        r = add_specifier(&d, specifier, line, err);
    return r;
}

const struct vl_package_parser pkg_parser_deno_json = {
    .name = "deno/json",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_json,
    .parse = parse_json,
};

const struct vl_package_parser pkg_parser_deno_lock = {
    .name = "deno/lock",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_lock,
    .parse = parse_lock,
};

const struct vl_package_parser pkg_parser_deno_source = {
    .name = "deno/source",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_source,
    .parse = parse_source,
};
