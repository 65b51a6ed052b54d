#include "advisory/cvss.h"

#include <string.h>

#include "cvss_parse.h"

/* Index of a word in a space-separated list, or -1. */
static int index_of(struct vl_span word, const char *list)
{
    struct vl_span rest = vl_span_str(list);
    struct vl_span item;
    for (int i = 0; vl_span_split(&rest, ' ', &item); i++) {
        if (vl_span_eq(word, item))
            return i;
    }
    return -1;
}

/* From the one behind `last` on: vectors name them in the order of the table, nearly always. */
static int find_metric(struct vl_span name, const struct vl_cvss_metric *metrics, size_t n, int last)
{
    for (size_t i = 0; i < n; i++) {
        size_t at = ((size_t)(last + 1) + i) % n;
        if (vl_span_eq_str(name, metrics[at].name))
            return (int)at;
    }
    return -1;
}

int vl_cvss_read(struct vl_span text, const struct vl_cvss_metric *metrics, size_t n, bool ordered,
    struct vl_cvss_values *ret, struct vl_err *err)
{
    struct vl_span rest = text, part;
    int last = -1;
    for (size_t i = 0; i < VL_CVSS_METRICS_MAX; i++)
        ret->value[i] = -1;
    if (vl_span_ends_with(text, "/"))
        return vl_err_set(err, VL_ERR_INVALID, "CVSS vector ends with \"/\"");
    while (vl_span_split(&rest, '/', &part)) {
        size_t colon = vl_span_find_char(part, ':');
        struct vl_span name = vl_span_slice(part, 0, colon);
        struct vl_span value = colon == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(part, colon + 1, part.len);
        int metric = find_metric(name, metrics, n, last);
        if (metric < 0)
            return vl_err_set(err, VL_ERR_INVALID, "CVSS metric \"%.*s\" is unknown", VL_SPAN_FMT(name));
        if (ret->value[metric] >= 0)
            return vl_err_set(err, VL_ERR_INVALID, "CVSS metric %s is given twice", metrics[metric].name);
        if (ordered && metric < last)
            return vl_err_set(
                err, VL_ERR_INVALID, "CVSS metric %s stands out of order", metrics[metric].name);
        ret->value[metric] = index_of(value, metrics[metric].values);
        if (ret->value[metric] < 0)
            return vl_err_set(err, VL_ERR_INVALID, "CVSS metric %s has no value \"%.*s\"",
                metrics[metric].name, VL_SPAN_FMT(value));
        last = metric;
    }
    for (size_t i = 0; i < n; i++) {
        if (metrics[i].required && ret->value[i] < 0)
            return vl_err_set(err, VL_ERR_INVALID, "CVSS metric %s is missing", metrics[i].name);
    }
    return 0;
}

/* A score is shown and compared with one decimal: -0.0 and dust of floating point must not appear. */
static void finish(struct vl_cvss_score *s)
{
    s->overall = s->has_environmental ? s->environmental : s->has_temporal ? s->temporal : s->base;
    s->severity = vl_severity_from_score(s->overall, s->version);
    s->base_severity = vl_severity_from_score(s->base, s->version);
}

int vl_cvss_parse(struct vl_span vector, struct vl_cvss_score *ret, struct vl_err *err)
{
    static const struct {
        const char *prefix;
        unsigned version;
    } prefixes[] = {{"CVSS:3.0/", 30}, {"CVSS:3.1/", 31}, {"CVSS:4.0/", 40}};
    struct vl_cvss_score score = {0};
    int r;
    if (vector.len > VL_CVSS_VECTOR_MAX)
        return vl_err_set(err, VL_ERR_LIMIT, "CVSS vector of more than %d bytes", VL_CVSS_VECTOR_MAX);
    for (size_t i = 0; i < VL_ARRAY_LEN(prefixes); i++) {
        if (!vl_span_starts_with(vector, prefixes[i].prefix))
            continue;
        struct vl_span rest = vl_span_slice(vector, strlen(prefixes[i].prefix), vector.len);
        r = prefixes[i].version == 40 ? vl_cvss4_score(rest, &score, err)
                                      : vl_cvss3_score(rest, prefixes[i].version, &score, err);
        if (r < 0)
            return r;
        finish(&score);
        *ret = score;
        return 0;
    }
    if (vl_span_starts_with(vector, "CVSS:"))
        return vl_err_set(err, VL_ERR_INVALID,
            "CVSS version of \"%.*s\" is unknown: 3.0, 3.1 and 4.0 carry one", VL_SPAN_FMT(vector));
    /* v2 has no prefix; some write it in parentheses, as the guide does */
    if (vl_span_starts_with(vector, "(") && vl_span_ends_with(vector, ")"))
        vector = vl_span_slice(vector, 1, vector.len - 1);
    r = vl_cvss2_score(vector, &score, err);
    if (r < 0)
        return r;
    finish(&score);
    *ret = score;
    return 0;
}
