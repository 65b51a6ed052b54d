/* go.sum and vendor/modules.txt. Source: go.dev/ref/mod, "go.sum files" and "Vendoring". */
#include "language/project_parsers.h"

#include "text_util.h"

static struct vl_span without_v(struct vl_span version)
{
    return PKG_STARTS(version, "v") ? vl_span_slice(version, 1, SIZE_MAX) : version;
}

/* Lines "module version[/go.mod] hash". Only a module whose archive is named takes part in the build; of the
 * others the go.mod alone was read to choose versions. */
static int parse_go_sum(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_GO);
    struct vl_span rest = file->content, line;
    uint32_t good = 0, bad = 0, first_bad = 0;
    int r = 0;
    for (uint32_t n = 1; r == 0 && vl_span_split_line(&rest, &line); n++) {
        struct vl_span module, version, hash;
        if (!pkg_word(&line, &module))
            continue;
        if (!pkg_word(&line, &version) || !pkg_word(&line, &hash) ||
            vl_span_find_char(hash, ':') == SIZE_MAX) {
            first_bad = bad++ ? first_bad : n;
            continue;
        }
        good++;
        if (!PKG_ENDS(version, "/go.mod"))
            r = pkg_unique_add(&unique, module, without_v(version), VL_SPAN_EMPTY,
                VL_PACKAGE_LOCKED | VL_PACKAGE_INDIRECT, n, NULL, err);
    }
    pkg_unique_done(&unique);
    if (r == 0 && bad && !good)
        return vl_err_set(
            err, VL_ERR_INVALID, "%s: line %u: not \"module version hash\"", file->path, first_bad);
    if (bad) /* what a merge left behind, say: the other lines still count */
        vl_notes_add(sink->notes, VL_NOTE_PARTIAL, VL_ERR_INVALID, file->path,
            "%u lines are not \"module version hash\"; the first is line %u", bad, first_bad);
    return r;
}

static bool wants_go_sum(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "go.sum");
}

const struct vl_package_parser pkg_parser_go_sum = {
    .name = "go/sum",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_go_sum,
    .parse = parse_go_sum,
};

struct header {
    struct vl_span name, version;
};

static bool is_local(struct vl_span path)
{
    return PKG_STARTS(path, "./") || PKG_STARTS(path, "../") || PKG_STARTS(path, "/") ||
           PKG_STARTS(path, ".\\") || PKG_STARTS(path, "..\\");
}

static bool is_version(struct vl_span s)
{
    return s.len >= 2 && s.ptr[0] == 'v' && s.ptr[1] >= '0' && s.ptr[1] <= '9';
}

/* "# module version", "# module version => other version", "# module version => ./folder". */
static bool read_header(struct vl_span line, struct header *ret)
{
    struct vl_span words[6], rest = vl_span_slice(line, 2, SIZE_MAX);
    size_t n = 0, arrow = SIZE_MAX;
    while (n < VL_ARRAY_LEN(words) && pkg_word(&rest, &words[n])) {
        if (arrow == SIZE_MAX && vl_span_eq_str(words[n], "=>"))
            arrow = n;
        n++;
    }
    if (arrow != SIZE_MAX && n == arrow + 3 && is_version(words[arrow + 2])) {
        *ret = (struct header){words[arrow + 1], without_v(words[arrow + 2])};
        return true;
    }
    if (arrow != SIZE_MAX && !(n == arrow + 2 && is_local(words[arrow + 1])))
        return false;
    size_t left = arrow == SIZE_MAX ? n : arrow;
    if (left != 2 || !is_version(words[1]))
        return false;
    *ret = (struct header){words[0], without_v(words[1])};
    return true;
}

/* A module counts once one of its packages was copied: the lines that begin with no '#'. */
static int parse_modules(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_GO);
    struct vl_span rest = file->content, line;
    struct header header;
    bool pending = false, direct = false;
    uint32_t header_line = 0;
    int r = 0;
    for (uint32_t n = 1; r == 0 && vl_span_split_line(&rest, &line); n++) {
        line = vl_span_trim(line);
        if (PKG_STARTS(line, "# ")) {
            pending = read_header(line, &header);
            header_line = n;
            direct = false;
        } else if (PKG_STARTS(line, "## ")) {
            direct = PKG_STARTS(line, "## explicit");
        } else if (pending && line.len && line.ptr[0] != '#') {
            r = pkg_unique_add(&unique, header.name, header.version, VL_SPAN_EMPTY,
                VL_PACKAGE_LOCKED | (direct ? 0U : VL_PACKAGE_INDIRECT), header_line, NULL, err);
            pending = false;
        }
    }
    pkg_unique_done(&unique);
    return r;
}

static bool wants_modules(const struct vl_package_file *file)
{
    struct vl_span path = vl_span_str(file->path);
    return PKG_ENDS(path, "vendor/modules.txt") &&
           (path.len == sizeof("vendor/modules.txt") - 1 || PKG_ENDS(path, "/vendor/modules.txt"));
}

const struct vl_package_parser pkg_parser_go_vendor = {
    .name = "go/vendor",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_modules,
    .parse = parse_modules,
};
