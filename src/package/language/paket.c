/* paket.dependencies and paket.lock. Source: fsprojects.github.io/Paket, "dependencies-file" and "lock-file".
 */
#include "language/project_parsers.h"

#include "text_util.h"

#define COMMIT_LEN_MIN 7

/* "// …" and "# …" end a line wherever they stand, but not inside "https://". */
static struct vl_span without_comment(struct vl_span line)
{
    for (size_t i = 0; i < line.len; i++) {
        bool slashes = line.ptr[i] == '/' && i + 1 < line.len && line.ptr[i + 1] == '/' &&
                       (i == 0 || line.ptr[i - 1] != ':');
        if (slashes || (line.ptr[i] == '#' && (i == 0 || line.ptr[i - 1] == ' ' || line.ptr[i - 1] == '\t')))
            return vl_span_trim(vl_span_slice(line, 0, i));
    }
    return vl_span_trim(line);
}

static bool is_commit(struct vl_span s)
{
    bool hex = s.len >= COMMIT_LEN_MIN;
    for (size_t i = 0; i < s.len && hex; i++) {
        char c = s.ptr[i];
        hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    }
    return hex;
}

/* Operator and version: "~> 2.6.3", ">= 4.0.0", "12.0.3", ">= 1.0 < 2.0". Options have a colon ("storage:
 * none"). */
static struct vl_span requirement(struct vl_span rest, unsigned *flags)
{
    struct vl_span word;
    while (pkg_word(&rest, &word)) {
        bool open = word.ptr[0] == '>' || word.ptr[0] == '<' || word.ptr[0] == '~';
        while (word.len && memchr("~><=!@", word.ptr[0], 6))
            word = vl_span_slice(word, 1, SIZE_MAX);
        *flags |= open ? VL_PACKAGE_RANGE : 0U;
        if (word.len == 0)
            continue;
        return PKG_ENDS(word, ":") || word.ptr[0] < '0' || word.ptr[0] > '9' ? VL_SPAN_EMPTY : word;
    }
    return VL_SPAN_EMPTY;
}

static int add_github(struct vl_package_sink *sink, const struct vl_package_file *file, struct vl_span repo,
    struct vl_span ref, uint32_t line, struct vl_err *err)
{
    if (vl_span_find_char(repo, '/') == SIZE_MAX)
        return 0;
    struct vl_span version = is_commit(ref) ? VL_SPAN_EMPTY : ref;
    return pkg_add(sink, VL_ECO_GENERIC, repo, version, VL_PACKAGE_LOCKED, line, file, err) ? 0 : err->err;
}

static int read_dependency(struct vl_package_sink *sink, const struct vl_package_file *file,
    struct vl_span text, uint32_t line, struct vl_err *err)
{
    struct vl_span word, name;
    unsigned flags = VL_PACKAGE_LOCKED;
    if (!pkg_word(&text, &word) || !pkg_word(&text, &name))
        return 0;
    if (PKG_IS(word, "nuget") || PKG_IS(word, "clitool")) {
        struct vl_span version = requirement(text, &flags);
        return pkg_add(sink, VL_ECO_NUGET, name, version, flags, line, file, err) ? 0 : err->err;
    }
    if (!PKG_IS(word, "github"))
        return 0;
    size_t colon = vl_span_find_char(name, ':');
    struct vl_span ref = colon == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(name, colon + 1, SIZE_MAX);
    if (colon == SIZE_MAX && pkg_word(&text, &word) &&
        (word.ptr[0] == 'v' || (word.ptr[0] >= '0' && word.ptr[0] <= '9')))
        ref = word;
    return add_github(sink, file, vl_span_slice(name, 0, colon), ref, line, err);
}

static int parse_dependencies(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span rest = file->content, line;
    int r = 0;
    for (uint32_t n = 1; r == 0 && vl_span_split_line(&rest, &line); n++)
        r = read_dependency(sink, file, without_comment(line), n, err);
    return r;
}

static bool wants_dependencies(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "paket.dependencies");
}

const struct vl_package_parser pkg_parser_nuget_paket = {
    .name = "nuget/paket-dependencies",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_dependencies,
    .parse = parse_dependencies,
};

/* Where in paket.lock a line stands. */
struct place {
    bool nuget, github;
    struct vl_span remote; /* "owner/repo" */
};

/* "    Name (1.2.3) - restriction: …": exactly four blanks; what they need in turn is indented deeper. */
static bool read_entry(struct vl_span line, struct vl_span *ret_name, struct vl_span *ret_version)
{
    size_t open = vl_span_find_char(line, '('), close = vl_span_find_char(line, ')');
    if (line.len < 5 || !PKG_STARTS(line, "    ") || line.ptr[4] == ' ' || open == SIZE_MAX ||
        close == SIZE_MAX || close < open)
        return false;
    *ret_name = vl_span_trim(vl_span_slice(line, 4, open));
    *ret_version = vl_span_trim(vl_span_slice(line, open + 1, close));
    bool range = false;
    for (size_t i = 0; i < ret_version->len && !range; i++)
        range = memchr("><=~", ret_version->ptr[i], 4) != NULL;
    return ret_name->len && ret_version->len && !range;
}

static int read_lock_line(struct place *place, struct vl_package_sink *sink,
    const struct vl_package_file *file, struct vl_span line, uint32_t n, struct vl_err *err)
{
    struct vl_span trimmed = vl_span_trim(line), name, version;
    if (trimmed.len == 0)
        return 0;
    if (line.ptr[0] != ' ' && line.ptr[0] != '\t') {
        *place = (struct place){.nuget = PKG_IS(trimmed, "NUGET"), .github = PKG_IS(trimmed, "GITHUB")};
        return 0;
    }
    if (PKG_STARTS(trimmed, "remote:")) {
        place->remote = vl_span_trim(vl_span_slice(trimmed, sizeof("remote:") - 1, SIZE_MAX));
        return 0;
    }
    if (!read_entry(line, &name, &version))
        return 0;
    if (place->nuget)
        return pkg_add(sink, VL_ECO_NUGET, name, version, VL_PACKAGE_LOCKED, n, file, err) ? 0 : err->err;
    if (!place->github)
        return 0;
    /* A file of a repository is named by its path, at a commit. */
    bool whole = place->remote.len == 0 || vl_span_eq(name, place->remote);
    return add_github(sink, file, whole ? name : place->remote, whole ? version : VL_SPAN_EMPTY, n, err);
}

static int parse_paket_lock(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span rest = file->content, line;
    struct place place = {0};
    int r = 0;
    for (uint32_t n = 1; r == 0 && vl_span_split_line(&rest, &line); n++)
        r = read_lock_line(&place, sink, file, line, n, err);
    return r;
}

static bool wants_paket_lock(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "paket.lock");
}

const struct vl_package_parser pkg_parser_nuget_paket_lock = {
    .name = "nuget/paket-lock",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_paket_lock,
    .parse = parse_paket_lock,
};
