/* Licences from usr/share/doc/NAME/copyright. Sources: Debian's machine-readable copyright format 1.0 (the
 * short names of its License fields); for older files Debian Policy 12.5, which has them point into
 * /usr/share/common-licenses. */
#include "dpkg.h"

#include "control.h"
#include "path.h"

#define NAMES_MAX      64 /* licences taken from one file */
#define SHORT_NAME_MAX 64 /* a longer "short name" is prose in the wrong place */

struct names {
    struct vl_span list[NAMES_MAX];
    size_t n;
};

static bool wants(const struct vl_package_file *file)
{
    return os_path_match(file->path, "usr/share/doc/*/copyright");
}

static void take(struct names *names, struct vl_span name)
{
    if (name.len == 0 || name.len > SHORT_NAME_MAX || names->n == NAMES_MAX)
        return;
    for (size_t i = 0; i < names->n; i++) {
        if (vl_span_eq(names->list[i], name))
            return;
    }
    names->list[names->n++] = name;
}

static void read_fields(struct vl_span content, struct names *names)
{
    static const char *const wanted[] = {"License", NULL};
    struct os_control control = {.rest = content};
    struct vl_span value;
    while (os_control_next(&control, wanted, &value)) {
        struct vl_span first = vl_span_slice(value, 0, vl_span_find_char(value, '\n'));
        take(names, vl_span_trim(first));
    }
}

static bool is_name_byte(char c)
{
    return vl_char_is_letter(c) || vl_char_is_digit(c) || c == '.' || c == '+' || c == '-';
}

static void read_pointers(struct vl_span rest, struct names *names)
{
    static const char folder[] = "common-licenses/";
    for (size_t at; (at = vl_span_find(rest, vl_span_str(folder))) != SIZE_MAX;) {
        rest = vl_span_slice(rest, at + sizeof(folder) - 1, rest.len);
        size_t len = 0;
        while (len < rest.len && is_name_byte(rest.ptr[len]))
            len++;
        /* the full stop of the sentence, a dash of the text */
        while (len && (rest.ptr[len - 1] == '.' || rest.ptr[len - 1] == '-'))
            len--;
        take(names, vl_span_slice(rest, 0, len));
    }
}

static bool is_machine_readable(struct vl_span content)
{
    static const char *const wanted[] = {"Format", "Format-Specification", NULL};
    struct os_control control = {.rest = content};
    struct vl_span values[2];
    return os_control_next(&control, wanted, values) && (values[0].len || values[1].len);
}

static int parse(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct names names = {.n = 0};
    if (is_machine_readable(file->content))
        read_fields(file->content, &names);
    if (names.n == 0)
        read_pointers(file->content, &names);
    for (size_t i = 0; i < names.n; i++) {
        struct vl_package_license *license = vl_vec_push(&sink->licenses, "licences", err);
        if (!license)
            return err->err;
        license->package = vl_arena_dup_span(sink->arena, os_path_folder(file->path, 0));
        license->license = vl_arena_dup_span(sink->arena, names.list[i]);
        int r = vl_arena_check(sink->arena, file->path, err);
        if (r < 0) {
            sink->licenses.len--;
            return r;
        }
    }
    return 0;
}

const struct vl_package_parser os_parser_dpkg_copyright = {
    "dpkg/copyright", VL_PACKAGE_SCOPE_INSTALLED, wants, parse};
