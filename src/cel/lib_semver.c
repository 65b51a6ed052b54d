/* Semantic versions, in Kubernetes since 1.33. Source: semver.org 2.0.0; github.com/blang/semver/v4 (what is
 * refused and how that is worded), k8s.io/apiserver pkg/cel/library/semverlib.go (normalisation). */
#include <inttypes.h>
#include <string.h>

#include "lib_support.h"

#define NUMBERS  "0123456789"
#define ALPHANUM "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-" NUMBERS
#define SINCE    33
#define PRE_MAX  65536 /* parts of a pre-release */

struct part {
    bool numeric;
    uint64_t number;
    struct vl_span text;
};

struct semver {
    const struct vl_cel_opaque_ops *ops;
    uint64_t numbers[3];
    struct part *pre;
    size_t n_pre;
    struct vl_span build; /* with its dots; empty: none */
};

static int cmp_part(const struct part *a, const struct part *b)
{
    if (a->numeric != b->numeric)
        return a->numeric ? -1 : 1;
    if (a->numeric)
        return a->number < b->number ? -1 : a->number > b->number;
    int order = vl_span_cmp(a->text, b->text);
    return order < 0 ? -1 : order > 0;
}

static int compare(const struct semver *a, const struct semver *b)
{
    for (unsigned i = 0; i < 3; i++)
        if (a->numbers[i] != b->numbers[i])
            return a->numbers[i] < b->numbers[i] ? -1 : 1;
    if (a->n_pre == 0 || b->n_pre == 0)
        return a->n_pre == b->n_pre ? 0 : a->n_pre == 0 ? 1 : -1;
    size_t both = a->n_pre < b->n_pre ? a->n_pre : b->n_pre;
    for (size_t i = 0; i < both; i++) {
        int order = cmp_part(&a->pre[i], &b->pre[i]);
        if (order)
            return order;
    }
    return a->n_pre < b->n_pre ? -1 : a->n_pre > b->n_pre;
}

static bool semver_equal(const void *a, const void *b)
{
    return compare(a, b) == 0;
}

static void semver_text(const void *payload, struct vl_buf *out)
{
    const struct semver *v = payload;
    vl_buf_printf(out, "%" PRIu64 ".%" PRIu64 ".%" PRIu64, v->numbers[0], v->numbers[1], v->numbers[2]);
    for (size_t i = 0; i < v->n_pre; i++) {
        vl_buf_append_char(out, i ? '.' : '-');
        if (v->pre[i].numeric)
            vl_buf_printf(out, "%" PRIu64, v->pre[i].number);
        else
            vl_buf_append_span(out, v->pre[i].text);
    }
    if (v->build.len) {
        vl_buf_append_char(out, '+');
        vl_buf_append_span(out, v->build);
    }
}

static const struct vl_cel_opaque_ops ops = {
    .type_name = "kubernetes.Semver", .equal = semver_equal, .text = semver_text};

static bool contains_only(struct vl_span text, const char *set)
{
    for (size_t i = 0; i < text.len; i++)
        if (!text.ptr[i] || !strchr(set, text.ptr[i]))
            return false;
    return true;
}

/* The words of upstream for one number: what precedes its quoted text. */
struct words {
    const char *characters, *zeroes;
};

/* False after setting *ret_error. */
static bool read_number(struct vl_cel_run *run, struct vl_span text, const struct words *words, uint64_t *ret,
    struct vl_cel_value *ret_error)
{
    *ret = 0;
    if (!contains_only(text, NUMBERS)) {
        *ret_error = vl_cel_fail_quoted(run, words->characters, text, "");
        return false;
    }
    if (text.len > 1 && text.ptr[0] == '0') {
        *ret_error = vl_cel_fail_quoted(run, words->zeroes, text, "");
        return false;
    }
    if (text.len && vl_span_to_u64(text, ret))
        return true;
    *ret_error = vl_cel_fail_quoted(
        run, "strconv.ParseUint: parsing ", text, text.len ? ": value out of range" : ": invalid syntax");
    return false;
}

static bool read_part(
    struct vl_cel_run *run, struct vl_span text, struct part *ret, struct vl_cel_value *ret_error)
{
    static const struct words words = {"Invalid character(s) found in prerelease ",
        "Numeric PreRelease version must not contain leading zeroes "};
    *ret = (struct part){.text = text};
    if (text.len == 0) {
        *ret_error = vl_cel_fail(run, "Prerelease is empty");
        return false;
    }
    ret->numeric = contains_only(text, NUMBERS);
    if (ret->numeric)
        return read_number(run, text, &words, &ret->number, ret_error);
    if (contains_only(text, ALPHANUM))
        return true;
    *ret_error = vl_cel_fail_quoted(run, words.characters, text, "");
    return false;
}

/* Each part up to the next dot; an empty text has one empty part. */
static bool next_part(struct vl_span *rest, bool *more, struct vl_span *ret)
{
    if (!*more)
        return false;
    size_t dot = vl_span_find_char(*rest, '.');
    *more = dot != SIZE_MAX;
    *ret = vl_span_slice(*rest, 0, *more ? dot : rest->len);
    *rest = *more ? vl_span_slice(*rest, dot + 1, rest->len) : VL_SPAN_EMPTY;
    return true;
}

static size_t count_parts(struct vl_span text)
{
    size_t n = 1;
    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] == '.';
    return n;
}

static bool read_pre(
    struct vl_cel_run *run, struct vl_span text, struct semver *v, struct vl_cel_value *ret_error)
{
    size_t n = count_parts(text);
    v->pre = n <= PRE_MAX ? vl_arena_array(vl_cel_run_arena(run), n, sizeof(*v->pre)) : NULL;
    if (!v->pre) {
        *ret_error = vl_cel_no_room(run);
        return false;
    }
    bool more = true;
    struct vl_span part;
    while (next_part(&text, &more, &part)) {
        if (!read_part(run, part, &v->pre[v->n_pre], ret_error))
            return false;
        v->n_pre++;
    }
    return true;
}

static bool check_build(struct vl_cel_run *run, struct vl_span text, struct vl_cel_value *ret_error)
{
    bool more = true;
    struct vl_span part;
    while (next_part(&text, &more, &part)) {
        if (part.len == 0)
            *ret_error = vl_cel_fail(run, "Build meta data is empty");
        else if (!contains_only(part, ALPHANUM))
            *ret_error = vl_cel_fail_quoted(run, "Invalid character(s) found in build meta data ", part, "");
        else
            continue;
        return false;
    }
    return true;
}

/* "major", "minor", "patch+pre+build" */
static bool split_three(struct vl_span text, struct vl_span parts[3])
{
    for (unsigned i = 0; i < 2; i++) {
        size_t dot = vl_span_find_char(text, '.');
        if (dot == SIZE_MAX)
            return false;
        parts[i] = vl_span_slice(text, 0, dot);
        text = vl_span_slice(text, dot + 1, text.len);
    }
    parts[2] = text;
    return true;
}

static bool parse(
    struct vl_cel_run *run, struct vl_span text, struct semver *ret, struct vl_cel_value *ret_error)
{
    static const struct words words[3] = {
        {"Invalid character(s) found in major number ", "Major number must not contain leading zeroes "},
        {"Invalid character(s) found in minor number ", "Minor number must not contain leading zeroes "},
        {"Invalid character(s) found in patch number ", "Patch number must not contain leading zeroes "},
    };
    struct semver v = {.ops = &ops};
    struct vl_span parts[3], pre = VL_SPAN_EMPTY;
    if (text.len == 0 || !split_three(text, parts)) {
        *ret_error =
            vl_cel_fail(run, text.len ? "No Major.Minor.Patch elements found" : "Version string empty");
        return false;
    }
    size_t plus = vl_span_find_char(parts[2], '+');
    if (plus != SIZE_MAX) {
        v.build = vl_span_slice(parts[2], plus + 1, parts[2].len);
        parts[2] = vl_span_slice(parts[2], 0, plus);
    }
    size_t minus = vl_span_find_char(parts[2], '-');
    if (minus != SIZE_MAX) {
        pre = vl_span_slice(parts[2], minus + 1, parts[2].len);
        parts[2] = vl_span_slice(parts[2], 0, minus);
    }
    for (unsigned i = 0; i < 3; i++)
        if (!read_number(run, parts[i], &words[i], &v.numbers[i], ret_error))
            return false;
    if ((minus != SIZE_MAX && !read_pre(run, pre, &v, ret_error)) ||
        (plus != SIZE_MAX && !check_build(run, v.build, ret_error)))
        return false;
    *ret = v;
    return true;
}

/* Without leading zeros, but with one digit at least. */
static void put_normal(struct vl_buf *out, struct vl_span part)
{
    if (part.len > 1) {
        while (part.len && part.ptr[0] == '0')
            part = vl_span_slice(part, 1, part.len);
        if (part.len == 0 || part.ptr[0] < '0' || part.ptr[0] > '9')
            vl_buf_append_char(out, '0');
    }
    vl_buf_append_span(out, part);
}

static bool normalize_and_parse(
    struct vl_cel_run *run, struct vl_span text, struct semver *ret, struct vl_cel_value *ret_error)
{
    struct vl_buf normal VL_CLEANUP(vl_buf_done);
    vl_buf_init(&normal, VL_CEL_TEXT_MAX);
    if (vl_span_starts_with(text, "v"))
        text = vl_span_slice(text, 1, text.len);
    unsigned n = 0;
    for (bool last = false; !last; n++) {
        size_t dot = n < 2 ? vl_span_find_char(text, '.') : SIZE_MAX;
        last = dot == SIZE_MAX;
        struct vl_span part = vl_span_slice(text, 0, last ? text.len : dot);
        if (last && n < 2 &&
            (vl_span_find_char(part, '+') != SIZE_MAX || vl_span_find_char(part, '-') != SIZE_MAX)) {
            *ret_error = vl_cel_fail(run, "short version cannot contain PreRelease/Build meta data");
            return false;
        }
        if (n)
            vl_buf_append_char(&normal, '.');
        put_normal(&normal, part);
        text = last ? VL_SPAN_EMPTY : vl_span_slice(text, dot + 1, text.len);
    }
    for (; n < 3; n++)
        vl_buf_append_str(&normal, ".0");
    struct vl_cel_value kept = vl_cel_text_of(run, &normal);
    if (kept.kind == VL_CEL_ERROR) {
        *ret_error = kept;
        return false;
    }
    return parse(run, vl_cel_span(kept), ret, ret_error);
}

static bool read_version(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n,
    struct semver *ret, struct vl_cel_value *ret_error)
{
    if (n > 1 && args[1].as.boolean)
        return normalize_and_parse(run, vl_cel_span(args[0]), ret, ret_error);
    return parse(run, vl_cel_span(args[0]), ret, ret_error);
}

static struct vl_cel_value semver(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    struct vl_cel_value error = vl_cel_null();
    struct semver *v = vl_arena_alloc(vl_cel_run_arena(run), sizeof(*v));
    if (!v)
        return vl_cel_no_room(run);
    return read_version(run, args, n, v, &error) ? vl_cel_opaque(VL_CEL_SEMVER, v) : error;
}

static struct vl_cel_value is_semver(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    struct vl_cel_value error;
    struct semver v;
    return vl_cel_bool(read_version(run, args, n, &v, &error));
}

static const struct semver *version_of(struct vl_cel_value value)
{
    return value.as.payload;
}

static struct vl_cel_value number(const struct vl_cel_value *args, unsigned which)
{
    return vl_cel_int((int64_t)version_of(args[0])->numbers[which]); /* wraps, as upstream */
}

static struct vl_cel_value major_of(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    return number(args, 0);
}

static struct vl_cel_value minor_of(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    return number(args, 1);
}

static struct vl_cel_value patch_of(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    return number(args, 2);
}

static struct vl_cel_value is_greater(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    return vl_cel_bool(compare(version_of(args[0]), version_of(args[1])) > 0);
}

static struct vl_cel_value is_less(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    return vl_cel_bool(compare(version_of(args[0]), version_of(args[1])) < 0);
}

static struct vl_cel_value compare_to(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    return vl_cel_int(compare(version_of(args[0]), version_of(args[1])));
}

#define V      &vl_cel_t_semver
#define STRING &vl_cel_t_string
#define BOOL   &vl_cel_t_bool
#define INT    &vl_cel_t_int

static const struct vl_cel_overload semver_overloads[] = {
    {"string_to_semver", false, 1, SINCE, 0, {STRING}, V, semver, VL_CEL_PRICE_TEXT},
    {"string_bool_to_semver", false, 2, SINCE, 0, {STRING, BOOL}, V, semver, VL_CEL_PRICE_TEXT},
};
static const struct vl_cel_overload is_semver_overloads[] = {
    {"is_semver_string", false, 1, SINCE, 0, {STRING}, BOOL, is_semver, VL_CEL_PRICE_TEXT},
    {"is_semver_string_bool", false, 2, SINCE, 0, {STRING, BOOL}, BOOL, is_semver, VL_CEL_PRICE_TEXT},
};
static const struct vl_cel_overload greater_overloads[] = {
    {"semver_is_greater_than", true, 2, SINCE, 0, {V, V}, BOOL, is_greater, VL_CEL_PRICE_ONE},
};
static const struct vl_cel_overload less_overloads[] = {
    {"semver_is_less_than", true, 2, SINCE, 0, {V, V}, BOOL, is_less, VL_CEL_PRICE_ONE},
};
static const struct vl_cel_overload compare_overloads[] = {
    {"semver_compare_to", true, 2, SINCE, 0, {V, V}, INT, compare_to, VL_CEL_PRICE_ONE},
};
static const struct vl_cel_overload major_overloads[] = {
    {"semver_major", true, 1, SINCE, 0, {V}, INT, major_of, VL_CEL_PRICE_ONE},
};
static const struct vl_cel_overload minor_overloads[] = {
    {"semver_minor", true, 1, SINCE, 0, {V}, INT, minor_of, VL_CEL_PRICE_ONE},
};
static const struct vl_cel_overload patch_overloads[] = {
    {"semver_patch", true, 1, SINCE, 0, {V}, INT, patch_of, VL_CEL_PRICE_ONE},
};

static const struct vl_cel_function functions[] = {
    {"semver", semver_overloads, VL_ARRAY_LEN(semver_overloads)},
    {"isSemver", is_semver_overloads, VL_ARRAY_LEN(is_semver_overloads)},
    {"isGreaterThan", greater_overloads, 1},
    {"isLessThan", less_overloads, 1},
    {"compareTo", compare_overloads, 1},
    {"major", major_overloads, 1},
    {"minor", minor_overloads, 1},
    {"patch", patch_overloads, 1},
};

const struct vl_cel_library vl_cel_lib_semver = {
    .name = "kubernetes.Semver", .functions = functions, .n = VL_ARRAY_LEN(functions)};
