#include <errno.h>

#include "base/buf.h"
#include "language/parsers.h"
#include "text_util.h"

/* *.gemspec. RubyGems installs them as specifications/NAME-VERSION.gemspec with literal strings; those of a
 * source tree are Ruby programs, of which the usual forms are read: literals, and constants of a file that is
 * required. Source: "Specification Reference" of guides.rubygems.org; Gem::StubSpecification for the
 * installed form. */

#define VERSION_FILE_MAX (1024UL * 1024)
#define REQUIRES_MAX     16
#define LICENSES_MAX     16

struct spec {
    struct vl_span name, version;
    struct vl_span constant; /* "Foo::VERSION" of an assignment that is no literal */
    struct vl_span licenses[LICENSES_MAX];
    uint32_t n_licenses;
    struct vl_span
        requires[
            REQUIRES_MAX];
    size_t n_requires;
    bool found;
    uint32_t version_line;
};

static bool is_installed(const struct vl_package_file *file)
{
    struct vl_span folder = pkg_folder(file);
    return PKG_ENDS(folder, "specifications") || PKG_ENDS(folder, "specifications/default");
}

static bool wants_specification(const struct vl_package_file *file)
{
    return PKG_ENDS(pkg_base(file), ".gemspec") && is_installed(file);
}

static bool wants_gemspec(const struct vl_package_file *file)
{
    return PKG_ENDS(pkg_base(file), ".gemspec") && !is_installed(file);
}

static bool is_word(char c)
{
    return vl_char_is_letter(c) || vl_char_is_digit(c) || c == '_';
}

/* The first string literal of the text: '…', "…", %q<…>. */
static bool literal(struct vl_span text, struct vl_span *ret, struct vl_span *ret_rest)
{
    for (size_t i = 0; i < text.len; i++) {
        char close = text.ptr[i];
        size_t from = i + 1;
        if (close == '%' && i + 2 < text.len && (text.ptr[i + 1] == 'q' || text.ptr[i + 1] == 'Q')) {
            const char *pairs = "<>()[]{}";
            const char *open = strchr(pairs, text.ptr[i + 2]);
            close = open && *open && (open - pairs) % 2 == 0 ? open[1] : text.ptr[i + 2];
            from = i + 3;
        } else if (close != '"' && close != '\'') {
            continue;
        }
        struct vl_span tail = vl_span_slice(text, from, text.len);
        size_t end = vl_span_find_char(tail, close);
        if (end == SIZE_MAX)
            return false;
        *ret = vl_span_slice(tail, 0, end);
        *ret_rest = vl_span_slice(tail, end + 1, tail.len);
        return true;
    }
    return false;
}

/* "s.name = VALUE" for the attribute; the receiver is any word. */
static bool assignment(struct vl_span line, struct vl_span attribute, struct vl_span *ret_value)
{
    size_t n = 0;
    while (n < line.len && is_word(line.ptr[n]))
        n++;
    if (n == 0 || n == line.len || line.ptr[n] != '.')
        return false;
    struct vl_span rest = vl_span_slice(line, n + 1, line.len);
    if (rest.len < attribute.len || !vl_span_eq(vl_span_slice(rest, 0, attribute.len), attribute))
        return false;
    rest = vl_span_trim(vl_span_slice(rest, attribute.len, rest.len));
    if (rest.len < 2 || rest.ptr[0] != '=' || rest.ptr[1] == '=')
        return false;
    *ret_value = vl_span_trim(vl_span_slice(rest, 1, rest.len));
    return ret_value->len > 0;
}

static bool starts_literal(struct vl_span value)
{
    return value.ptr[0] == '"' || value.ptr[0] == '\'' || PKG_STARTS(value, "%q") || PKG_STARTS(value, "%Q");
}

/* "Foo::Bar::VERSION" at the start of the value. */
static struct vl_span constant_of(struct vl_span value)
{
    size_t n = 0;
    while (n < value.len && (is_word(value.ptr[n]) || value.ptr[n] == ':'))
        n++;
    struct vl_span name = vl_span_slice(value, 0, n);
    bool is_constant = n > 0 && value.ptr[0] >= 'A' && value.ptr[0] <= 'Z';
    bool is_call = n < value.len && value.ptr[n] == '.' &&
                   !vl_span_starts_with(vl_span_slice(value, n, value.len), ".freeze") &&
                   !vl_span_starts_with(vl_span_slice(value, n, value.len), ".dup") &&
                   !vl_span_starts_with(vl_span_slice(value, n, value.len), ".to_s");
    return is_constant && !is_call ? name : VL_SPAN_EMPTY;
}

static void take_licenses(struct spec *spec, struct vl_span value)
{
    struct vl_span text, rest = value;
    while (spec->n_licenses < LICENSES_MAX && literal(rest, &text, &rest))
        spec->licenses[spec->n_licenses++] = text;
}

static void take_attribute(struct spec *spec, struct vl_span line, uint32_t number)
{
    struct vl_span value, text, rest;
    if (spec->name.len == 0 && assignment(line, VL_SPAN_LIT("name"), &value)) {
        if (starts_literal(value) && literal(value, &text, &rest))
            spec->name = text;
    } else if (spec->version.len == 0 && assignment(line, VL_SPAN_LIT("version"), &value)) {
        spec->version_line = number;
        if (starts_literal(value) && literal(value, &text, &rest))
            spec->version = text;
        else
            spec->constant = constant_of(value);
    } else if (assignment(line, VL_SPAN_LIT("licenses"), &value) ||
               assignment(line, VL_SPAN_LIT("license"), &value)) {
        take_licenses(spec, value);
    }
}

/* "require 'a/version'", "require_relative File.join('lib', 'a', 'version')": the text of the call, which may
 * go on over the next lines while a bracket is open. */
static void take_require(struct spec *spec, struct vl_span line, struct vl_span content)
{
    size_t n = PKG_STARTS(line, "require_relative") ? sizeof("require_relative") - 1
               : PKG_STARTS(line, "require")        ? sizeof("require") - 1
                                                    : 0;
    if (n == 0 || n >= line.len || is_word(line.ptr[n]) || spec->n_requires == REQUIRES_MAX)
        return;
    struct vl_span all = {line.ptr, (size_t)(content.ptr + content.len - line.ptr)};
    int depth = 0;
    size_t end = n;
    for (; end < all.len; end++) {
        char c = all.ptr[end];
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        if (c == '\n' && depth <= 0)
            break;
    }
    spec->
        requires[
                spec->n_requires++] = vl_span_slice(all, n, end);
}

static void read_spec(struct vl_span content, struct spec *spec)
{
    struct vl_span rest = content, line;
    uint32_t number = 0;
    while (vl_span_split_line(&rest, &line)) {
        number++;
        line = vl_span_trim(line);
        if (line.len == 0 || line.ptr[0] == '#')
            continue;
        if (PKG_STARTS(line, "Gem::Specification.new") ||
            vl_span_find(line, VL_SPAN_LIT("= Gem::Specification.new")) != SIZE_MAX)
            spec->found = true;
        else if (spec->found)
            take_attribute(spec, line, number);
        else
            take_require(spec, line, content);
    }
}

/* Joins the string literals of a require to a path: "'lib', 'a', 'version.rb'" to "lib/a/version.rb".
 * Literals that name no file, such as the ".." of expand_path, drop out. */
static char *required_path(
    struct vl_arena *arena, const struct vl_package_file *file, struct vl_span call, const char *prefix)
{
    struct vl_span rest = call, part;
    VL_CLEANUP(vl_buf_done) struct vl_buf path;
    vl_buf_init(&path, 4096);
    vl_buf_append_str(&path, prefix);
    while (literal(rest, &part, &rest)) {
        if (part.len == 0 || PKG_IS(part, "..") || PKG_IS(part, "."))
            continue;
        if (path.len)
            vl_buf_append_char(&path, '/');
        vl_buf_append_span(&path, PKG_STARTS(part, "../") ? vl_span_slice(part, 3, part.len) : part);
    }
    if (path.len <= strlen(prefix))
        return NULL;
    if (!PKG_ENDS(vl_buf_span(&path), ".rb"))
        vl_buf_append_str(&path, ".rb");
    return path.failed ? NULL : pkg_join_path(arena, vl_span_str(file->path), vl_buf_span(&path));
}

/* "VERSION = '1.2.3'" in the file of the constant. */
static bool find_constant(struct vl_span content, struct vl_span constant, struct vl_span *ret)
{
    size_t colon = vl_span_rfind_char(constant, ':');
    struct vl_span name = colon == SIZE_MAX ? constant : vl_span_slice(constant, colon + 1, constant.len);
    struct vl_span line, rest;
    while (vl_span_split_line(&content, &line)) {
        line = vl_span_trim(line);
        if (line.len <= name.len || !vl_span_eq(vl_span_slice(line, 0, name.len), name))
            continue;
        struct vl_span value = vl_span_trim(vl_span_slice(line, name.len, line.len));
        if (value.len < 2 || value.ptr[0] != '=')
            continue;
        value = vl_span_trim(vl_span_slice(value, 1, value.len));
        if (value.len && starts_literal(value) && literal(value, ret, &rest))
            return ret->len > 0;
    }
    return false;
}

/* Looks the constant up in the files the gemspec requires, beside it and below lib/. */
static int resolve(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct spec *spec, struct vl_err *err)
{
    const char *const prefixes[] = {"", "lib"};
    for (size_t i = 0; i < spec->n_requires; i++) {
        for (size_t k = 0; k < VL_ARRAY_LEN(prefixes); k++) {
            struct vl_span content;
            struct vl_err why = VL_ERR_INIT;
            char *path = required_path(sink->arena, file, spec->requires[i], prefixes[k]);
            if (!path)
                continue;
            int r =
                file->others->read(file->others->user, path, VERSION_FILE_MAX, sink->arena, &content, &why);
            if (r >= 0 && find_constant(content, spec->constant, &spec->version))
                return 0;
        }
    }
    return vl_err_set(err, VL_ERR_UNSUPPORTED,
        "%s: line %u: the version of %.*s is no literal and no constant of a "
        "required file",
        file->path, spec->version_line, VL_SPAN_FMT(spec->name));
}

static int parse_any(
    const struct vl_package_file *file, struct vl_package_sink *sink, unsigned flags, struct vl_err *err)
{
    struct spec spec = {0};
    read_spec(file->content, &spec);
    if (!spec.found)
        return 0; /* marshalled, or something else by that name */
    if (spec.name.len == 0)
        return vl_err_set(err, VL_ERR_INVALID, "%s: no literal name in the specification", file->path);
    if (spec.version.len == 0) {
        if (flags == 0)
            return vl_err_set(err, VL_ERR_INVALID, "%s: no version in the specification", file->path);
        int r = 0; /* without the other files of the target the version stays unknown */
        bool own = spec.constant.len && find_constant(file->content, spec.constant, &spec.version);
        if (!own && file->others && spec.constant.len)
            r = resolve(file, sink, &spec, err);
        else if (!own && file->others)
            r = vl_err_set(err, VL_ERR_UNSUPPORTED, "%s: line %u: the version of %.*s is no literal",
                file->path, spec.version_line, VL_SPAN_FMT(spec.name));
        if (r < 0)
            return r;
    }
    struct vl_package *package =
        pkg_add(sink, VL_ECO_GEM, spec.name, spec.version, flags, spec.version_line, file, err);
    return package ? pkg_set_licenses(sink, package, spec.licenses, spec.n_licenses, err) : err->err;
}

static int parse_specification(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    return parse_any(file, sink, 0, err);
}

static int parse_gemspec(const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    return parse_any(file, sink, VL_PACKAGE_LOCKED | VL_PACKAGE_MAIN, err);
}

const struct vl_package_parser pkg_parser_gem_specification = {
    .name = "gem/specification",
    .scopes = VL_PACKAGE_SCOPE_INSTALLED,
    .wants = wants_specification,
    .parse = parse_specification,
};

const struct vl_package_parser pkg_parser_gem_gemspec = {
    .name = "gem/gemspec",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_gemspec,
    .parse = parse_gemspec,
    .needs_others = true,
};
