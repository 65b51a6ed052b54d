#include "portage.h"

#include "owned.h"
#include "path.h"

static size_t skip_digits(struct vl_span s, size_t i)
{
    while (i < s.len && vl_char_is_digit(s.ptr[i]))
        i++;
    return i;
}

/* "_pre2", "_p" …; the index behind it, or 0 where it is none. */
static size_t skip_suffix(struct vl_span s, size_t i)
{
    static const char *const suffixes[] = {"_alpha", "_beta", "_pre", "_rc", "_p"};
    struct vl_span rest = vl_span_slice(s, i, s.len);
    for (size_t k = 0; k < VL_ARRAY_LEN(suffixes); k++) {
        if (vl_span_starts_with(rest, suffixes[k]))
            return skip_digits(s, i + vl_span_str(suffixes[k]).len);
    }
    return 0;
}

/* 1, 1.2.3, 1.2b, 1.2_rc1_p3 */
static bool is_version(struct vl_span s)
{
    size_t i = skip_digits(s, 0);
    if (i == 0)
        return false;
    while (i < s.len && s.ptr[i] == '.') {
        size_t next = skip_digits(s, i + 1);
        if (next == i + 1)
            return false;
        i = next;
    }
    if (i < s.len && s.ptr[i] >= 'a' && s.ptr[i] <= 'z')
        i++;
    while (i < s.len) {
        i = skip_suffix(s, i);
        if (i == 0)
            return false;
    }
    return true;
}

static bool is_revision(struct vl_span s)
{
    return s.len > 1 && s.ptr[0] == 'r' && skip_digits(s, 1) == s.len;
}

bool os_portage_split(struct vl_span pf, struct vl_span *ret_name, struct vl_span *ret_version)
{
    struct vl_span base = pf;
    size_t dash = vl_span_rfind_char(base, '-');
    if (dash != SIZE_MAX && is_revision(vl_span_slice(pf, dash + 1, pf.len))) {
        base = vl_span_slice(pf, 0, dash);
        dash = vl_span_rfind_char(base, '-');
    }
    if (dash == SIZE_MAX || dash == 0 || !is_version(vl_span_slice(base, dash + 1, base.len)))
        return false;
    *ret_name = vl_span_slice(pf, 0, dash);
    *ret_version = vl_span_slice(pf, dash + 1, pf.len);
    return true;
}

static bool wants(const struct vl_package_file *file)
{
    return os_path_match(file->path, "var/db/pkg/*/*/PF");
}

static int parse(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span name, version, category = os_path_folder(file->path, 1);
    if (!os_portage_split(vl_span_trim(file->content), &name, &version))
        return vl_err_set(err, VL_ERR_INVALID, "%s: no \"NAME-VERSION\"", file->path);
    struct vl_package *p = vl_package_sink_add(sink, VL_ECO_PORTAGE, name, version, file->path, err);
    if (!p)
        return err->err;
    /* advisories name packages with their category */
    p->source_name = vl_arena_printf(sink->arena, "%.*s/%.*s", VL_SPAN_FMT(category), VL_SPAN_FMT(name));
    return vl_arena_check(sink->arena, file->path, err);
}

static bool wants_contents(const struct vl_package_file *file)
{
    return os_path_match(file->path, "var/db/pkg/*/*/CONTENTS");
}

/* "obj PATH MD5 TIME", "sym PATH -> TARGET TIME", "dir PATH"; a path may have spaces. */
static struct vl_span path_of(struct vl_span line)
{
    if (vl_span_starts_with(line, "sym ")) {
        line = vl_span_slice(line, 4, line.len);
        return vl_span_slice(line, 0, vl_span_find(line, VL_SPAN_LIT(" -> ")));
    }
    if (!vl_span_starts_with(line, "obj "))
        return VL_SPAN_EMPTY;
    line = vl_span_slice(line, 4, line.len);
    for (unsigned i = 0; i < 2; i++)
        line = vl_span_slice(line, 0, vl_span_rfind_char(line, ' '));
    return line;
}

static int parse_contents(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span rest = file->content, line, name, version;
    VL_CLEANUP(os_owned_done) struct os_owned owned;
    os_owned_init(&owned);
    if (!os_portage_split(os_path_folder(file->path, 0), &name, &version))
        return vl_err_set(err, VL_ERR_INVALID, "%s: the folder is no \"NAME-VERSION\"", file->path);
    while (vl_span_split_line(&rest, &line))
        os_owned_add(&owned, path_of(line));
    return os_owned_flush(&owned, name, VL_SPAN_EMPTY, sink, file->path, err);
}

#define LICENSE_MAX       4096U /* bytes; a longer text stays as it is */
#define LICENSE_DEPTH_MAX 16U   /* nested groups */

/* A specification of licences (Package Manager Specification 8, chapter 8.2) being written as an SPDX
 * expression. */
struct expression {
    struct vl_buf *out;
    unsigned depth;
    bool after_any_of; /* "||" was read, its group must follow */
    struct {
        bool any_of;
        unsigned members;
    } groups[LICENSE_DEPTH_MAX + 1];
};

static void begin_member(struct expression *e)
{
    if (e->groups[e->depth].members++)
        vl_buf_append_str(e->out, e->groups[e->depth].any_of ? " OR " : " AND ");
}

static bool open_group(struct expression *e)
{
    if (e->depth == LICENSE_DEPTH_MAX)
        return false;
    begin_member(e);
    vl_buf_append_char(e->out, '(');
    e->depth++;
    e->groups[e->depth].any_of = e->after_any_of;
    e->groups[e->depth].members = 0;
    e->after_any_of = false;
    return true;
}

static bool close_group(struct expression *e)
{
    if (e->depth == 0 || e->groups[e->depth].members == 0)
        return false;
    vl_buf_append_char(e->out, ')');
    e->depth--;
    return true;
}

static bool add_word(struct expression *e, struct vl_span word)
{
    if (vl_span_eq_str(word, "("))
        return open_group(e);
    if (e->after_any_of)
        return false;
    if (vl_span_eq_str(word, ")"))
        return close_group(e);
    if (vl_span_eq_str(word, "||")) {
        e->after_any_of = true;
        return true;
    }
    if (vl_span_ends_with(word, "?")) /* Portage has put in the flags; a text that still has some is words */
        return false;
    begin_member(e);
    vl_buf_append_span(e->out, word);
    return true;
}

/* False where the text is no such specification. */
static bool write_expression(struct vl_span license, struct vl_buf *out)
{
    struct expression e = {.out = out};
    struct vl_span word;
    if (license.len > LICENSE_MAX)
        return false;
    while (vl_span_split(&license, ' ', &word)) {
        if (word.len && !add_word(&e, word))
            return false;
    }
    return e.depth == 0 && !e.after_any_of && e.groups[0].members > 0;
}

/* One group is the whole of "(A OR B)": its parentheses say nothing. */
static struct vl_span without_outer(struct vl_span s)
{
    unsigned depth = 0;
    if (s.len < 2 || s.ptr[0] != '(')
        return s;
    for (size_t i = 0; i < s.len; i++) {
        depth += s.ptr[i] == '(';
        depth -= s.ptr[i] == ')';
        if (depth == 0)
            return i + 1 == s.len ? vl_span_slice(s, 1, i) : s;
    }
    return s;
}

static bool wants_license(const struct vl_package_file *file)
{
    return os_path_match(file->path, "var/db/pkg/*/*/LICENSE");
}

static int parse_license(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span name, version, license = vl_span_trim(file->content);
    license = vl_span_trim(vl_span_slice(license, 0, vl_span_find_char(license, '\n')));
    if (license.len == 0 || !os_portage_split(os_path_folder(file->path, 0), &name, &version))
        return 0;
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    vl_buf_init(&text, 4UL * LICENSE_MAX);
    if (write_expression(license, &text)) {
        if (vl_buf_check(&text, file->path, err) < 0)
            return err->err;
        license = without_outer(vl_buf_span(&text));
    }
    struct vl_package_license *record = vl_vec_push(&sink->licenses, "licences", err);
    if (!record)
        return err->err;
    record->package = vl_arena_dup_span(sink->arena, name);
    record->license = vl_arena_dup_span(sink->arena, license);
    int r = vl_arena_check(sink->arena, file->path, err);
    if (r < 0)
        sink->licenses.len--;
    return r;
}

const struct vl_package_parser os_parser_portage = {"portage", VL_PACKAGE_SCOPE_INSTALLED, wants, parse};
const struct vl_package_parser os_parser_portage_contents = {
    "portage/contents", VL_PACKAGE_SCOPE_INSTALLED, wants_contents, parse_contents};
const struct vl_package_parser os_parser_portage_license = {
    "portage/license", VL_PACKAGE_SCOPE_INSTALLED, wants_license, parse_license};
