/* Functions of Kyverno's policies that need nothing but their arguments: time, digests, service accounts,
 * JSON and YAML in texts. Only in environments that ask for them (vl_cel_env_options.kyverno).
 *
 * Source: github.com/kyverno/sdk cel/libs/{time,hash,user,transform,math,json,yaml} (behaviour). */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "codec/digest.h"
#include "codec/doc.h"
#include "lib_support.h"
#include "run_impl.h"

#define NS          INT64_C(1000000000)
#define YEAR_ONE    INT64_C(62135596800) /* seconds from 0001-01-01 to 1970-01-01 */
#define DAY_SECONDS INT64_C(86400)
#define NODES_MAX   1000000 /* values of a text that is parsed */

/* --- time --- */

static struct vl_cel_value now(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)args, (void)n;
    int64_t ms = run->now_ms ? run->now_ms : vl_time_now_ms();
    int64_t seconds = ms / 1000 - (ms % 1000 < 0);
    return vl_cel_timestamp(seconds, (uint32_t)(ms - seconds * 1000) * 1000000);
}

/* Go's Truncate: down to a multiple of the duration, counted from the year 1. */
static struct vl_cel_value truncated(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    int64_t step = args[1].as.i;
    if (step <= 0)
        return args[0];
    __int128 at = (__int128)(args[0].as.i + YEAR_ONE) * NS + args[0].len;
    at -= at % step;
    return vl_cel_timestamp((int64_t)(at / NS) - YEAR_ONE, (uint32_t)(at % NS));
}

/* "MINUTE HOUR DAY MONTH WEEKDAY" in UTC. */
static struct vl_cel_value to_cron(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    char text[VL_TIME_TEXT_MAX];
    uint64_t part[4] = {0}; /* of "2026-11-24T08:05:00Z" */
    static const size_t from[4] = {14, 11, 8, 5};
    int64_t seconds = args[0].as.i;
    struct vl_span date = vl_span_str(vl_time_format(seconds * 1000, text));
    for (size_t i = 0; i < 4; i++)
        if (!vl_span_to_u64(vl_span_slice(date, from[i], from[i] + 2), &part[i]))
            return vl_cel_fail(run, "time.toCron: no such time");
    /* 0001-01-01 was a Monday. */
    unsigned weekday = (unsigned)(((seconds + YEAR_ONE) / DAY_SECONDS + 1) % 7);
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 64);
    vl_buf_printf(&out, "%u %u %u %u %u", (unsigned)part[0], (unsigned)part[1], (unsigned)part[2],
        (unsigned)part[3], weekday);
    return vl_cel_text_of(run, &out);
}

/* --- digests --- */

static struct vl_cel_value digest_of(
    struct vl_cel_run *run, enum vl_digest_kind kind, struct vl_cel_value value)
{
    struct vl_digest digest;
    char text[VL_DIGEST_TEXT_MAX];
    vl_digest_compute(kind, vl_cel_span(value), &digest);
    const char *colon = strchr(vl_digest_format(&digest, text), ':');
    return vl_cel_text_copy(run, vl_span_str(colon ? colon + 1 : text));
}

static struct vl_cel_value sha256(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return digest_of(run, VL_DIGEST_SHA256, args[0]);
}

static struct vl_cel_value sha1(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return digest_of(run, VL_DIGEST_SHA1, args[0]);
}

static struct vl_cel_value md5(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return digest_of(run, VL_DIGEST_MD5, args[0]);
}

/* --- numbers --- */

static struct vl_cel_value round_to(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)run, (void)n;
    double shift = pow(10, (double)args[1].as.i);
    return vl_cel_double(round(args[0].as.d * shift) / shift);
}

/* --- service accounts --- */

static struct vl_cel_value service_account(
    struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    static const char prefix[] = "system:serviceaccount:";
    struct vl_span text = vl_cel_span(args[0]), names[2] = {VL_SPAN_EMPTY, VL_SPAN_EMPTY};
    if (vl_span_starts_with(text, prefix)) {
        text = vl_span_slice(text, strlen(prefix), text.len);
        size_t colon = vl_span_find_char(text, ':');
        if (colon != SIZE_MAX) {
            names[0] = vl_span_slice(text, 0, colon);
            names[1] = vl_span_slice(text, colon + 1, text.len);
        }
    }
    struct vl_cel_value keys[] = {
        vl_cel_string(VL_SPAN_LIT("Namespace")), vl_cel_string(VL_SPAN_LIT("Name"))};
    struct vl_cel_value values[] = {vl_cel_string(names[0]), vl_cel_string(names[1])};
    return vl_cel_map_new(vl_cel_run_arena(run), keys, values, 2);
}

/* --- two lists of objects: a member of the one names a member of the other --- */

static struct vl_cel_value to_map(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    size_t size = vl_cel_list_size(args[0]), used = 0;
    struct vl_cel_iter a = vl_cel_iterate(args[0]), b = vl_cel_iterate(args[1]);
    struct vl_cel_value left, right;
    if (size != vl_cel_list_size(args[1]))
        return vl_cel_fail(run, "listObjToMap must take lists of equal length. list1: %zu, list2: %zu", size,
            vl_cel_list_size(args[1]));
    struct vl_cel_value *keys = vl_cel_items_room(run, size), *values = vl_cel_items_room(run, size);
    if (size && (!keys || !values))
        return vl_cel_no_room(run);
    while (vl_cel_iter_next(&a, NULL, &left) && vl_cel_iter_next(&b, NULL, &right)) {
        size_t at = 0;
        if (left.kind != VL_CEL_MAP || right.kind != VL_CEL_MAP)
            return vl_cel_no_overload(run);
        if (!vl_cel_map_get(left, args[2], &keys[used]) || !vl_cel_map_get(right, args[3], &values[used]))
            return vl_cel_fail(run, "listObjToMap: an object has no such member");
        if (keys[used].kind != VL_CEL_STRING)
            return vl_cel_fail(run, "listObjToMap: a key is no string");
        while (at < used && !vl_cel_equal(keys[at], keys[used]))
            at++;
        values[at] = values[used]; /* the last of one name counts */
        used += at == used;
        if (!vl_cel_charge(run, at / 10 + 1))
            return vl_cel_error_cost();
    }
    return vl_cel_map_new(vl_cel_run_arena(run), keys, values, used);
}

/* --- JSON and YAML: numbers are doubles, as Go's decoder has them without a type --- */

struct copying {
    struct vl_cel_run *run;
    uint64_t left;
    bool failed;
};

static struct vl_cel_value copied(struct copying *c, const struct vl_doc_node *node, unsigned depth);

static struct vl_cel_value copied_items(struct copying *c, const struct vl_doc_node *node, unsigned depth)
{
    bool object = vl_doc_is(node, VL_DOC_OBJECT);
    size_t size = vl_doc_size(node), i = 0;
    struct vl_cel_value *values = vl_cel_items_room(c->run, size);
    struct vl_cel_value *keys = object ? vl_cel_items_room(c->run, size) : NULL;
    if (size && (!values || (object && !keys))) {
        c->failed = true;
        return vl_cel_null();
    }
    for (const struct vl_doc_node *k = vl_doc_first(node); k && i < size; k = vl_doc_next(k), i++) {
        values[i] = copied(c, k, depth + 1);
        if (object)
            keys[i] = vl_cel_text_copy(c->run, vl_doc_key(k));
    }
    return object ? vl_cel_map_new(vl_cel_run_arena(c->run), keys, values, i)
                  : vl_cel_list_of(c->run, values, i);
}

static struct vl_cel_value copied(struct copying *c, const struct vl_doc_node *node, unsigned depth)
{
    double number = 0;
    if (c->failed || depth > VL_DOC_DEPTH_MAX || !c->left--) {
        c->failed = true;
        return vl_cel_null();
    }
    switch (vl_doc_type(node)) {
    case VL_DOC_NULL:
        return vl_cel_null();
    case VL_DOC_BOOL:
        return vl_cel_bool(vl_doc_bool(node));
    case VL_DOC_INT:
    case VL_DOC_UINT:
    case VL_DOC_FLOAT:
        (void)vl_doc_number(node, &number);
        return vl_cel_double(number);
    case VL_DOC_STRING:
        return vl_cel_text_copy(c->run, vl_doc_span(node));
    case VL_DOC_ARRAY:
    case VL_DOC_OBJECT:
        break;
    }
    return copied_items(c, node, depth);
}

static struct vl_cel_value parsed(
    struct vl_cel_run *run, struct vl_cel_value text, enum vl_doc_format format, const char *name)
{
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    struct vl_err bad = VL_ERR_INIT;
    struct copying c = {.run = run, .left = NODES_MAX};
    if (vl_doc_parse(vl_cel_span(text), format, name, &doc, &bad) < 0)
        return vl_cel_fail(run, "%s", bad.msg);
    struct vl_cel_value value = copied(&c, vl_doc_root(doc), 0);
    return c.failed ? vl_cel_no_room(run) : value;
}

static struct vl_cel_value unmarshal(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    if (args[0].kind != VL_CEL_STRING)
        return vl_cel_no_overload(run);
    return parsed(run, args[0], VL_DOC_JSON_LOOSE, "json.unmarshal");
}

static struct vl_cel_value yaml_parse(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    return parsed(run, args[0], VL_DOC_YAML_KUBERNETES, "yaml.parse");
}

#define STRING    &vl_cel_t_string
#define TIMESTAMP &vl_cel_t_timestamp
static const struct vl_cel_type map_string = {
    .kind = VL_CEL_T_MAP, .name = "map", .params = {&vl_cel_t_string, &vl_cel_t_string}, .n_params = 2};

static const struct vl_cel_overload now_overloads[] = {
    {.id = "time_now", .n_args = 0, .result = TIMESTAMP, .call = now},
};
static const struct vl_cel_overload to_cron_overloads[] = {
    {.id = "time_to_cron", .n_args = 1, .args = {TIMESTAMP}, .result = STRING, .call = to_cron},
};
static const struct vl_cel_overload truncate_overloads[] = {
    {.id = "time_truncate",
        .n_args = 2,
        .args = {TIMESTAMP, &vl_cel_t_duration},
        .result = TIMESTAMP,
        .call = truncated},
};
static const struct vl_cel_overload round_overloads[] = {
    {.id = "math_round_float_int",
        .n_args = 2,
        .args = {&vl_cel_t_double, &vl_cel_t_int},
        .result = &vl_cel_t_double,
        .call = round_to},
};
static const struct vl_cel_overload account_overloads[] = {
    {.id = "parse_service_account_string",
        .n_args = 1,
        .args = {STRING},
        .result = &map_string,
        .call = service_account,
        .price = VL_CEL_PRICE_TEXT},
};
static const struct vl_cel_overload to_map_overloads[] = {
    {.id = "list_of_object_to_map",
        .n_args = 4,
        .args = {&vl_cel_t_list_dyn, &vl_cel_t_list_dyn, STRING, STRING},
        .result = &vl_cel_t_map_string_dyn,
        .call = to_map},
};
static const struct vl_cel_overload unmarshal_overloads[] = {
    {.id = "unmarshal_string_dyn",
        .n_args = 1,
        .args = {&vl_cel_t_dyn},
        .result = &vl_cel_t_dyn,
        .call = unmarshal,
        .price = VL_CEL_PRICE_TEXT},
};
static const struct vl_cel_overload yaml_overloads[] = {
    {.id = "parse_string_dyn",
        .n_args = 1,
        .args = {STRING},
        .result = &vl_cel_t_dyn,
        .call = yaml_parse,
        .price = VL_CEL_PRICE_TEXT},
};
#define DIGEST(ident)                                           \
    static const struct vl_cel_overload ident##_overloads[] = { \
        {.id = #ident "_string",                                \
            .n_args = 1,                                        \
            .args = {STRING},                                   \
            .result = STRING,                                   \
            .call = ident,                                      \
            .price = VL_CEL_PRICE_TEXT},                        \
    }
DIGEST(sha256);
DIGEST(sha1);
DIGEST(md5);

static const struct vl_cel_function functions[] = {
    {"time.now", now_overloads, 1},
    {"time.toCron", to_cron_overloads, 1},
    {"time.truncate", truncate_overloads, 1},
    {"math.round", round_overloads, 1},
    {"parseServiceAccount", account_overloads, 1},
    {"user.parseServiceAccount", account_overloads, 1},
    {"listObjToMap", to_map_overloads, 1},
    {"transform.listObjToMap", to_map_overloads, 1},
    {"json.unmarshal", unmarshal_overloads, 1},
    {"json.Unmarshal", unmarshal_overloads, 1},
    {"yaml.parse", yaml_overloads, 1},
    {"yaml.Parse", yaml_overloads, 1},
    {"sha256", sha256_overloads, 1},
    {"hash.sha256", sha256_overloads, 1},
    {"sha1", sha1_overloads, 1},
    {"hash.sha1", sha1_overloads, 1},
    {"md5", md5_overloads, 1},
    {"hash.md5", md5_overloads, 1},
};

const struct vl_cel_library vl_cel_lib_kyverno = {
    .name = "kyverno", .functions = functions, .n = VL_ARRAY_LEN(functions), .kyverno = true};
