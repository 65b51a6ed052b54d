/* Named formats: format.dns1123Label().validate(text). Source: k8s.io/apiserver pkg/cel/library/format.go,
 * k8s.io/apimachinery util/validation and api/validate/content (rules and messages), kube-openapi strfmt. */
#include <string.h>

#include "lib_format.h"
#include "lib_support.h"
#include "lib_urls.h"
#include "number_text.h"
#include "pattern/regex.h"

#define SINCE          31
#define MESSAGES_MAX   4
#define MESSAGE_MAX    8192
#define NAME_REGEX_MAX 128 /* what the estimate takes for the regular expression of any format */

#define LABEL         "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
#define SUBDOMAIN     LABEL "(\\." LABEL ")*"
#define LABEL_1035    "[a-z]([-a-z0-9]*[a-z0-9])?"
#define KEY           "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
#define VALUE         "(" KEY ")?"
#define UUID          "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$"
#define TIME          "^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$"
#define BASE64        "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$"
#define USED(pattern) "regex used for validation is '" pattern "')"

static const char label_message[] =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start "
    "and end "
    "with an alphanumeric character (e.g. 'my-name',  or '123-abc', " USED(LABEL);
static const char subdomain_message[] =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must "
    "start "
    "and end with an alphanumeric character (e.g. 'example.com', " USED(SUBDOMAIN);
static const char label_1035_message[] =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic "
    "character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', " USED(LABEL_1035);
static const char value_message[] =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must "
    "start "
    "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', " USED(VALUE);
#define KEY_MESSAGE                                                                                          \
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric " \
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', " USED(KEY)

/* What is wrong with a text. */
struct findings {
    struct vl_cel_run *run;
    struct vl_cel_value items[MESSAGES_MAX];
    unsigned n;
};

static void add(struct findings *f, const char *message)
{
    if (f->n < MESSAGES_MAX)
        f->items[f->n++] = vl_cel_string(vl_span_str(message));
}

static bool matches(struct findings *f, const char *pattern, struct vl_span text)
{
    struct vl_cel_value error;
    const struct vl_regex *regex = vl_cel_regex(f->run, vl_span_str(pattern), &error);
    return regex && vl_regex_full_match(regex, text);
}

static void check_label(struct findings *f, struct vl_span text)
{
    if (text.len > 63)
        add(f, "must be no more than 63 characters");
    if (!matches(f, LABEL, text))
        add(f, matches(f, SUBDOMAIN, text) ? "must not contain dots" : label_message);
}

static void check_subdomain(struct findings *f, struct vl_span text)
{
    if (text.len > 253)
        add(f, "must be no more than 253 characters");
    if (!matches(f, SUBDOMAIN, text))
        add(f, subdomain_message);
}

static void check_label_1035(struct findings *f, struct vl_span text)
{
    if (text.len > 63)
        add(f, "must be no more than 63 characters");
    if (!matches(f, LABEL_1035, text))
        add(f, label_1035_message);
}

/* A name that something will follow: its last dash is one that does not count. The two last bytes go, as
 * upstream. */
static void check_prefix(
    struct findings *f, struct vl_span text, void (*check)(struct findings *f, struct vl_span text))
{
    if (text.len > 1 && text.ptr[text.len - 1] == '-') {
        char *masked = vl_cel_text_room(f->run, text.len - 1);
        if (masked) {
            memcpy(masked, text.ptr, text.len - 2);
            masked[text.len - 2] = 'a';
            text = (struct vl_span){masked, text.len - 1};
        }
    }
    check(f, text);
}

static void check_label_prefix(struct findings *f, struct vl_span text)
{
    check_prefix(f, text, check_label);
}

static void check_subdomain_prefix(struct findings *f, struct vl_span text)
{
    check_prefix(f, text, check_subdomain);
}

static void check_label_1035_prefix(struct findings *f, struct vl_span text)
{
    check_prefix(f, text, check_label_1035);
}

static void check_key_prefix(struct findings *f, struct vl_span prefix)
{
    if (prefix.len == 0) {
        add(f, "prefix part must be non-empty");
        return;
    }
    if (prefix.len > 253)
        add(f, "prefix part must be no more than 253 bytes");
    if (!matches(f, SUBDOMAIN, prefix)) {
        struct vl_buf text VL_CLEANUP(vl_buf_done);
        vl_buf_init(&text, MESSAGE_MAX);
        vl_buf_printf(&text, "prefix part %s", subdomain_message);
        f->items[f->n++] = vl_cel_text_of(f->run, &text);
    }
}

static void check_key(struct findings *f, struct vl_span text)
{
    struct vl_span name = text;
    size_t slash = vl_span_find_char(text, '/');
    if (slash != SIZE_MAX) {
        name = vl_span_slice(text, slash + 1, text.len);
        if (vl_span_find_char(name, '/') != SIZE_MAX) {
            add(f, "a valid label key " KEY_MESSAGE
                   " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')");
            return;
        }
        check_key_prefix(f, vl_span_slice(text, 0, slash));
    }
    if (name.len == 0)
        add(f, "name part must be non-empty");
    else if (name.len > 63)
        add(f, "name part must be no more than 63 bytes");
    if (!matches(f, KEY, name))
        add(f, "name part " KEY_MESSAGE);
}

static void check_value(struct findings *f, struct vl_span text)
{
    if (text.len > 63)
        add(f, "must be no more than 63 bytes");
    if (!matches(f, VALUE, text))
        add(f, value_message);
}

static void check_uri(struct findings *f, struct vl_span text)
{
    struct vl_buf message VL_CLEANUP(vl_buf_done);
    vl_buf_init(&message, MESSAGE_MAX);
    if (!vl_cel_url_check(f->run, text, &message))
        f->items[f->n++] = vl_cel_text_of(f->run, &message);
}

static void check_uuid(struct findings *f, struct vl_span text)
{
    if (!matches(f, UUID, text))
        add(f, "does not match the UUID format");
}

static void check_byte(struct findings *f, struct vl_span text)
{
    if (!matches(f, BASE64, text))
        add(f, "invalid base64");
}

/* Digits at a place as a number. */
static int number_at(struct vl_span text, size_t at, size_t n)
{
    int value = 0;
    for (size_t i = at; i < at + n; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return -1;
        value = value * 10 + (text.ptr[i] - '0');
    }
    return value;
}

static bool is_date(struct vl_span text)
{
    if (text.len != 10 || text.ptr[4] != '-' || text.ptr[7] != '-')
        return false;
    int year = number_at(text, 0, 4), month = number_at(text, 5, 2), day = number_at(text, 8, 2);
    if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    int64_t back_year;
    int back_month, back_day;
    vl_cel_civil(vl_cel_days(year, month, day), &back_year, &back_month, &back_day);
    return back_month == month && back_day == day;
}

static void check_date(struct findings *f, struct vl_span text)
{
    if (!is_date(text))
        add(f, "invalid date");
}

static struct vl_span lower(struct vl_cel_run *run, struct vl_span text)
{
    char *out = vl_cel_text_room(run, text.len);
    for (size_t i = 0; out && i < text.len; i++)
        out[i] = text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? (char)(text.ptr[i] | 0x20) : text.ptr[i];
    return out ? (struct vl_span){out, text.len} : VL_SPAN_EMPTY;
}

/* What stands behind a second 't' does not count, as upstream. */
static void check_datetime(struct findings *f, struct vl_span text)
{
    struct vl_span rest = lower(f->run, text);
    size_t t = vl_span_find_char(rest, 't');
    bool ok = t != SIZE_MAX && is_date(vl_span_slice(rest, 0, t));
    if (ok) {
        rest = vl_span_slice(rest, t + 1, rest.len);
        size_t next = vl_span_find_char(rest, 't');
        rest = next == SIZE_MAX ? rest : vl_span_slice(rest, 0, next);
        ok = matches(f, TIME, rest) && number_at(rest, 0, 2) <= 23 && number_at(rest, 3, 2) <= 59 &&
             number_at(rest, 6, 2) <= 59;
    }
    if (!ok)
        add(f, "invalid datetime");
}

struct format {
    const struct vl_cel_opaque_ops *ops;
    const char *name, *shown;
    unsigned regex_size; /* what a check costs: characters of its regular expression */
    void (*check)(struct findings *f, struct vl_span text);
};

static bool format_equal(const void *a, const void *b)
{
    return strcmp(((const struct format *)a)->shown, ((const struct format *)b)->shown) == 0;
}

static void format_text(const void *payload, struct vl_buf *out)
{
    const struct format *format = payload;
    vl_buf_printf(out, "{%s %u}", format->shown, format->regex_size);
}

static const struct vl_cel_opaque_ops ops = {
    .type_name = "kubernetes.NamedFormat", .equal = format_equal, .text = format_text};

enum which {
    BYTE,
    DATE,
    DATETIME,
    DNS1035_LABEL,
    DNS1035_LABEL_PREFIX,
    DNS1123_LABEL,
    DNS1123_LABEL_PREFIX,
    DNS1123_SUBDOMAIN,
    DNS1123_SUBDOMAIN_PREFIX,
    LABEL_VALUE,
    QUALIFIED_NAME,
    URI_FORMAT,
    UUID_FORMAT,
};

static const struct format formats[] = {
    [BYTE] = {&ops, "byte", "byte", 84, check_byte},
    [DATE] = {&ops, "date", "date", sizeof(TIME) - 1, check_date},
    [DATETIME] = {&ops, "datetime", "datetime", sizeof(TIME) - 1, check_datetime},
    [DNS1035_LABEL] = {&ops, "dns1035Label", "DNS1035Label", 30, check_label_1035},
    [DNS1035_LABEL_PREFIX] = {&ops, "dns1035LabelPrefix", "DNS1035LabelPrefix", 30, check_label_1035_prefix},
    [DNS1123_LABEL] = {&ops, "dns1123Label", "DNS1123Label", 30, check_label},
    [DNS1123_LABEL_PREFIX] = {&ops, "dns1123LabelPrefix", "DNS1123LabelPrefix", 30, check_label_prefix},
    [DNS1123_SUBDOMAIN] = {&ops, "dns1123Subdomain", "DNS1123Subdomain", 60, check_subdomain},
    [DNS1123_SUBDOMAIN_PREFIX] = {&ops, "dns1123SubdomainPrefix", "DNS1123SubdomainPrefix", 60,
        check_subdomain_prefix},
    [LABEL_VALUE] = {&ops, "labelValue", "LabelValue", 40, check_value},
    [QUALIFIED_NAME] = {&ops, "qualifiedName", "QualifiedName", 60, check_key},
    [URI_FORMAT] = {&ops, "uri", "URI", 1103, check_uri},
    [UUID_FORMAT] = {&ops, "uuid", "uuid", sizeof(UUID) - 1, check_uuid},
};

static struct vl_cel_value validate(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    const struct format *format = args[0].as.payload;
    struct findings findings = {.run = run};
    format->check(&findings, vl_cel_span(args[1]));
    if (findings.n == 0)
        return vl_cel_optional_none();
    struct vl_cel_value *items = vl_cel_items_room(run, findings.n);
    if (!items)
        return vl_cel_no_room(run);
    memcpy(items, findings.items, findings.n * sizeof(*items));
    return vl_cel_optional(vl_cel_run_arena(run), vl_cel_list_of(run, items, findings.n));
}

bool vl_cel_format_matches(struct vl_cel_run *run, const char *format, struct vl_span text)
{
    struct findings findings = {.run = run};
    for (size_t i = 0; i < VL_ARRAY_LEN(formats); i++)
        if (strcmp(formats[i].name, format) == 0)
            formats[i].check(&findings, text);
    return findings.n == 0;
}

static struct vl_cel_value named(struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n)
{
    (void)n;
    for (size_t i = 0; i < VL_ARRAY_LEN(formats); i++)
        if (vl_span_eq_str(vl_cel_span(args[0]), formats[i].name))
            return vl_cel_optional(vl_cel_run_arena(run), vl_cel_opaque(VL_CEL_FORMAT, &formats[i]));
    return vl_cel_optional_none();
}

static uint64_t price(const struct vl_cel_value *args, unsigned n, struct vl_cel_value result)
{
    (void)result;
    if (n < 2 || args[0].kind != VL_CEL_OPAQUE || args[0].opaque != VL_CEL_FORMAT)
        return 1;
    const struct format *format = args[0].as.payload;
    return vl_cel_cost_mul(vl_cel_cost_factor(1 + vl_cel_price_size(args[1]), VL_CEL_COST_TRAVERSAL),
        vl_cel_cost_factor(format->regex_size, VL_CEL_COST_REGEX));
}

static struct vl_cel_range estimate(
    const struct vl_cel_estimate_arg *args, unsigned n, struct vl_cel_range *ret_size)
{
    (void)n, (void)ret_size;
    return vl_cel_range_factor(
        vl_cel_range_factor(args[1].size, VL_CEL_COST_TRAVERSAL), NAME_REGEX_MAX * VL_CEL_COST_REGEX);
}

static const struct vl_cel_type optional_format = {
    .kind = VL_CEL_T_OPAQUE, .name = VL_CEL_OPTIONAL_NAME, .params = {&vl_cel_t_format}, .n_params = 1};
static const struct vl_cel_type optional_strings = {
    .kind = VL_CEL_T_OPAQUE, .name = VL_CEL_OPTIONAL_NAME, .params = {&vl_cel_t_list_string}, .n_params = 1};

static const struct vl_cel_overload validate_overloads[] = {
    {"format-validate", true, 2, SINCE, 0, {&vl_cel_t_format, &vl_cel_t_string}, &optional_strings, validate,
        {price, price, estimate}},
};
static const struct vl_cel_overload named_overloads[] = {
    {"format-named", false, 1, SINCE, 0, {&vl_cel_t_string}, &optional_format, named, VL_CEL_PRICE_ONE},
};

#define FORMAT(ident, which, text)                                           \
    static struct vl_cel_value get_##ident(                                  \
        struct vl_cel_run *run, const struct vl_cel_value *args, unsigned n) \
    {                                                                        \
        (void)run, (void)args, (void)n;                                      \
        return vl_cel_opaque(VL_CEL_FORMAT, &formats[which]);                \
    }                                                                        \
    static const struct vl_cel_overload overload_##ident[] = {               \
        {.id = "format." text, .since = SINCE, .result = &vl_cel_t_format, .call = get_##ident}}

FORMAT(byte, BYTE, "byte");
FORMAT(date, DATE, "date");
FORMAT(datetime, DATETIME, "datetime");
FORMAT(label_1035, DNS1035_LABEL, "dns1035Label");
FORMAT(label_1035_prefix, DNS1035_LABEL_PREFIX, "dns1035LabelPrefix");
FORMAT(label, DNS1123_LABEL, "dns1123Label");
FORMAT(label_prefix, DNS1123_LABEL_PREFIX, "dns1123LabelPrefix");
FORMAT(subdomain, DNS1123_SUBDOMAIN, "dns1123Subdomain");
FORMAT(subdomain_prefix, DNS1123_SUBDOMAIN_PREFIX, "dns1123SubdomainPrefix");
FORMAT(value, LABEL_VALUE, "labelValue");
FORMAT(key, QUALIFIED_NAME, "qualifiedName");
FORMAT(uri, URI_FORMAT, "uri");
FORMAT(uuid, UUID_FORMAT, "uuid");

static const struct vl_cel_function functions[] = {
    {"validate", validate_overloads, 1},
    {"format.named", named_overloads, 1},
    {"format.byte", overload_byte, 1},
    {"format.date", overload_date, 1},
    {"format.datetime", overload_datetime, 1},
    {"format.dns1035Label", overload_label_1035, 1},
    {"format.dns1035LabelPrefix", overload_label_1035_prefix, 1},
    {"format.dns1123Label", overload_label, 1},
    {"format.dns1123LabelPrefix", overload_label_prefix, 1},
    {"format.dns1123Subdomain", overload_subdomain, 1},
    {"format.dns1123SubdomainPrefix", overload_subdomain_prefix, 1},
    {"format.labelValue", overload_value, 1},
    {"format.qualifiedName", overload_key, 1},
    {"format.uri", overload_uri, 1},
    {"format.uuid", overload_uuid, 1},
};

const struct vl_cel_library vl_cel_lib_format = {
    .name = "kubernetes.format", .functions = functions, .n = VL_ARRAY_LEN(functions)};
