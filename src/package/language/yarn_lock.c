#include "language/parsers.h"
#include "text_util.h"

/* yarn.lock of Yarn 1 and of Yarn 2 and later ("berry"). Source: yarnpkg/yarn's lockfile grammar and berry's
 * @yarnpkg/parsers syml. Both are blocks: a line of patterns at column 0, then "key value" or "key: value"
 * indented by two. Read by lines: the YAML of berry uses nothing else, but for "? " before a key of over 1024
 * characters. */

static bool wants_yarn_lock(const struct vl_package_file *file)
{
    return PKG_IS(pkg_base(file), "yarn.lock") && !pkg_in_folder(file, "node_modules");
}

struct block {
    struct vl_span pattern; /* first of the head line */
    struct vl_span version, resolution;
    uint32_t line;
};

/* "name@range": the '@' of a scope is no separator. */
static size_t at_of(struct vl_span pattern)
{
    for (size_t i = 1; i < pattern.len; i++) {
        if (pattern.ptr[i] == '@')
            return i;
    }
    return pattern.len;
}

/* First pattern of `"a@^1", b@2:` without quotes and colon. */
static struct vl_span first_pattern(struct vl_span head)
{
    if (PKG_STARTS(head, "? "))
        head = vl_span_slice(head, 2, head.len);
    if (head.len && head.ptr[head.len - 1] == ':')
        head.len--;
    if (head.len && head.ptr[0] == '"') {
        head = vl_span_slice(head, 1, head.len);
        head = vl_span_slice(head, 0, vl_span_find_char(head, '"'));
    }
    return vl_span_trim(vl_span_slice(head, 0, vl_span_find_char(head, ',')));
}

/* The name in "alias@npm:real@^1" is "real", elsewhere it is what stands before '@'. */
static struct vl_span name_of_pattern(struct vl_span pattern)
{
    size_t at = at_of(pattern);
    struct vl_span range = vl_span_slice(pattern, at + 1, pattern.len);
    if (PKG_STARTS(range, "npm:")) {
        struct vl_span real = vl_span_slice(range, 4, range.len);
        size_t end = at_of(real);
        if (real.len && end < real.len)
            return vl_span_slice(real, 0, end);
    }
    return vl_span_slice(pattern, 0, at);
}

static int end_block(struct pkg_unique *unique, struct block *block, struct vl_err *err)
{
    struct block b = *block;
    *block = (struct block){0};
    if (b.pattern.len == 0 || b.version.len == 0)
        return 0; /* "__metadata:" has no package */
    struct vl_span name, range = VL_SPAN_EMPTY;
    unsigned flags = VL_PACKAGE_LOCKED;
    if (b.resolution.len) {
        size_t at = at_of(b.resolution);
        name = vl_span_slice(b.resolution, 0, at);
        range = vl_span_slice(b.resolution, at + 1, b.resolution.len);
        if (PKG_IS(range, "workspace:."))
            return 0; /* the project itself */
        if (PKG_STARTS(range, "workspace:"))
            flags |= VL_PACKAGE_MAIN;
    } else {
        if (PKG_IS(b.pattern, "__metadata"))
            return 0;
        name = name_of_pattern(b.pattern);
    }
    if (name.len == 0)
        return 0;
    return pkg_unique_add(unique, name, b.version, VL_SPAN_EMPTY, flags, b.line, NULL, err);
}

static void take_property(struct block *block, struct vl_span text)
{
    size_t end = vl_span_find_char(text, ' ');
    struct vl_span key = vl_span_slice(text, 0, end);
    struct vl_span value = pkg_unquote(vl_span_trim(vl_span_slice(text, end, text.len)));
    if (key.len && key.ptr[key.len - 1] == ':')
        key.len--;
    if (PKG_IS(key, "version"))
        block->version = value;
    else if (PKG_IS(key, "resolution"))
        block->resolution = value;
}

static int parse_yarn_lock(
    const struct vl_package_file *file, struct vl_package_sink *sink, struct vl_err *err)
{
    struct vl_span rest = file->content, line;
    struct block block = {0};
    uint32_t number = 0;
    int r = 0;
    VL_CLEANUP(pkg_unique_done) struct pkg_unique unique;
    pkg_unique_init(&unique, sink, file, VL_ECO_NPM);
    while (r >= 0 && vl_span_split_line(&rest, &line)) {
        number++;
        struct vl_span text = vl_span_trim(line);
        if (text.len == 0 || text.ptr[0] == '#' || PKG_IS(line, ":"))
            continue;
        if (line.ptr[0] != ' ' && line.ptr[0] != '\t') {
            r = end_block(&unique, &block, err);
            if (r >= 0 && text.ptr[text.len - 1] != ':' && !PKG_STARTS(text, "? "))
                return vl_err_set(
                    err, VL_ERR_INVALID, "%s: line %u is no head of a block", file->path, number);
            block = (struct block){.pattern = first_pattern(text), .line = number};
        } else if (line.len > 2 && line.ptr[1] == ' ' && line.ptr[2] != ' ') {
            take_property(&block, text);
        }
    }
    return r < 0 ? r : end_block(&unique, &block, err);
}

const struct vl_package_parser pkg_parser_npm_yarn_lock = {
    .name = "npm/yarn-lock",
    .scopes = VL_PACKAGE_SCOPE_LOCKED,
    .wants = wants_yarn_lock,
    .parse = parse_yarn_lock,
};
