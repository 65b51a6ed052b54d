#include "base/buf.h"
#include "language/parsers.h"
#include "language/python_requirement.h"
#include "text_util.h"

/* Source: "Requirements File Format" of pip's documentation. */

#define INCLUDE_FILES_MAX 100
#define INCLUDE_BYTES_MAX (8UL * 1024 * 1024)
#define LINE_MAX_BYTES    (1024UL * 1024)

static bool wants_requirements(const struct vl_package_file *file)
{
    struct vl_span base = pkg_base(file);
    if (!PKG_ENDS(base, ".txt"))
        return false;
    if (vl_span_find(base, VL_SPAN_LIT("requirements")) != SIZE_MAX)
        return true;
    struct vl_span folder = pkg_folder(file);
    return PKG_ENDS(folder, "requirements") &&
           (folder.len == sizeof("requirements") - 1 || PKG_ENDS(folder, "/requirements"));
}

struct reader {
    struct vl_package_sink *sink;
    const struct vl_package_file *top;
    struct vl_vec files; /* struct vl_span: paths, each read once, so that cycles end */
};

/* One logical line: continuation lines joined, comments cut off. */
struct lines {
    struct vl_span rest;
    struct vl_buf joined;
    uint32_t number; /* of the last physical line */
    uint32_t first;  /* where the logical line began */
};

static struct vl_span without_comment(struct vl_span line)
{
    for (size_t i = 0; i < line.len; i++) {
        if (line.ptr[i] == '#' && (i == 0 || line.ptr[i - 1] == ' ' || line.ptr[i - 1] == '\t'))
            return vl_span_slice(line, 0, i);
    }
    return line;
}

static bool next_line(struct lines *lines, struct vl_span *ret)
{
    struct vl_span line;
    vl_buf_clear(&lines->joined);
    lines->first = lines->number + 1;
    while (vl_span_split_line(&lines->rest, &line)) {
        lines->number++;
        bool more = line.len && line.ptr[line.len - 1] == '\\';
        line = without_comment(more ? vl_span_slice(line, 0, line.len - 1) : line);
        if (!more && lines->joined.len == 0) {
            *ret = vl_span_trim(line);
            return true;
        }
        vl_buf_append_span(&lines->joined, line);
        vl_buf_append_char(&lines->joined, ' ');
        if (!more || lines->rest.len == 0) {
            *ret = vl_span_trim(vl_buf_span(&lines->joined));
            return true;
        }
    }
    return false;
}

/* The part before " --hash=…" and the other options a requirement may carry: pip cuts at the first word that
 * begins with '-'. */
static struct vl_span without_options(struct vl_span line)
{
    for (size_t i = 1; i < line.len; i++) {
        if (line.ptr[i] == '-' && (line.ptr[i - 1] == ' ' || line.ptr[i - 1] == '\t'))
            return vl_span_trim(vl_span_slice(line, 0, i));
    }
    return line;
}

/* The argument of "-r FILE", "-rFILE", "--requirement FILE", "--requirement=FILE"; false for another option.
 */
static bool include_of(struct vl_span line, struct vl_span *ret_path)
{
    size_t n = vl_span_starts_with(line, "--requirement") ? sizeof("--requirement") - 1
               : vl_span_starts_with(line, "-r")          ? 2
                                                          : 0;
    if (n == 0)
        return false;
    struct vl_span arg = vl_span_trim(vl_span_slice(line, n, line.len));
    if (arg.len && arg.ptr[0] == '=')
        arg = vl_span_trim(vl_span_slice(arg, 1, arg.len));
    *ret_path = pkg_unquote(arg);
    return ret_path->len > 0;
}

static int add_file(struct reader *reader, struct vl_span path, struct vl_err *err)
{
    for (size_t i = 0; i < reader->files.len; i++) {
        const struct vl_span *known = vl_vec_at(&reader->files, i);
        if (vl_span_eq(*known, path))
            return 0;
    }
    struct vl_span *slot = vl_vec_push(&reader->files, "included requirements files", err);
    if (!slot)
        return err->err;
    *slot = path;
    return 0;
}

static int include(
    struct reader *reader, struct vl_span from, struct vl_span path, uint32_t line, struct vl_err *err)
{
    struct vl_package_sink *sink = reader->sink;
    if (!reader->top->others) {
        vl_notes_add(sink->notes, VL_NOTE_INFO, VL_ERR_NONE, reader->top->path,
            "line %u: the file %.*s that it includes is read on its own where its name tells what it is",
            line, VL_SPAN_FMT(path));
        return 0;
    }
    char *joined = pkg_join_path(sink->arena, from, path);
    if (!joined) {
        vl_notes_add(sink->notes, VL_NOTE_INFO, VL_ERR_NONE, reader->top->path,
            "line %u: includes %.*s, which is not a file of this target", line, VL_SPAN_FMT(path));
        return vl_arena_check(sink->arena, reader->top->path, err);
    }
    struct vl_package_file ask = {.path = joined};
    if (reader->top->others->all_offered && wants_requirements(&ask))
        return 0; /* its own turn comes */
    return add_file(reader, vl_span_str(joined), err);
}

static int add_requirement(struct reader *reader, struct pkg_unique *unique, const char *path,
    struct vl_span line, uint32_t number, struct vl_err *err)
{
    struct py_requirement req;
    struct vl_notes *notes = reader->sink->notes;
    if (vl_span_find(line, VL_SPAN_LIT("${")) != SIZE_MAX) {
        vl_notes_add(notes, VL_NOTE_INFO, VL_ERR_NONE, path,
            "line %u holds an environment variable: not read", number);
        return 0;
    }
    if (!py_requirement_parse(line, &req)) {
        vl_notes_add(notes, VL_NOTE_INFO, VL_ERR_NONE, path, "line %u is no requirement by name: \"%.*s\"",
            number, VL_SPAN_FMT(vl_span_slice(line, 0, 200)));
        return 0;
    }
    if (req.url.len) {
        vl_notes_add(notes, VL_NOTE_INFO, VL_ERR_NONE, path,
            "line %u: %.*s comes from a URL, its version is unknown", number, VL_SPAN_FMT(req.name));
        return 0;
    }
    unsigned flags = VL_PACKAGE_LOCKED | (req.exact ? 0 : VL_PACKAGE_RANGE);
    return pkg_unique_add(unique, req.name, req.version, VL_SPAN_EMPTY, flags, number, NULL, err);
}

static int read_lines(struct reader *reader, struct vl_span path, struct vl_span content, struct vl_err *err)
{
    struct vl_span line, included;
    const char *name = vl_arena_dup_span(reader->sink->arena, path);
    if (!name)
        return vl_arena_check(reader->sink->arena, reader->top->path, err);
    struct vl_package_file file = {.path = name};
    VL_CLEANUP(pkg_unique_done) struct pkg_unique unique;
    struct lines lines = {.rest = content};
    pkg_unique_init(&unique, reader->sink, &file, VL_ECO_PYPI);
    vl_buf_init(&lines.joined, LINE_MAX_BYTES);
    if (PKG_STARTS(lines.rest, "\xef\xbb\xbf"))
        lines.rest = vl_span_slice(lines.rest, 3, lines.rest.len);
    int r = 0;
    while (r >= 0 && next_line(&lines, &line)) {
        if (line.len == 0)
            continue;
        if (include_of(line, &included))
            r = include(reader, path, included, lines.first, err);
        else if (line.ptr[0] != '-')
            r = add_requirement(reader, &unique, name, without_options(line), lines.first, err);
    }
    if (r >= 0)
        r = vl_buf_check(&lines.joined, name, err);
    vl_buf_done(&lines.joined);
    return r;
}

static int read_included(struct reader *reader, struct vl_span path, struct vl_err *err)
{
    const struct vl_package_others *others = reader->top->others;
    struct vl_span content;
    const char *name = vl_arena_dup_span(reader->sink->arena, path);
    if (!name)
        return vl_arena_check(reader->sink->arena, reader->top->path, err);
    struct vl_err why = VL_ERR_INIT;
    int r = others->read(others->user, name, INCLUDE_BYTES_MAX, reader->sink->arena, &content, &why);
    if (r < 0) {
        vl_notes_add(reader->sink->notes, VL_NOTE_INFO, why.code, reader->top->path,
            "the file %s that it includes cannot be read: %s", name, why.msg);
        return 0;
    }
    return read_lines(reader, path, content, err);
}

static int parse_requirements(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct reader reader = {.sink = sink, .top = file};
    vl_vec_init(&reader.files, sizeof(struct vl_span), INCLUDE_FILES_MAX);
    int r = add_file(&reader, vl_span_str(file->path), err);
    if (r >= 0)
        r = read_lines(&reader, vl_span_str(file->path), file->content, err);
    for (size_t i = 1; r >= 0 && i < reader.files.len; i++) {
        const struct vl_span *path = vl_vec_at(&reader.files, i);
        r = read_included(&reader, *path, err);
    }
    vl_vec_done(&reader.files);
    return r;
}

const struct vl_package_parser pkg_parser_pypi_requirements = {
    .name = "pypi/requirements",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_requirements,
    .parse = parse_requirements,
    .needs_others = true,
};
