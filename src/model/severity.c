#include "model/severity.h"

static const char *const names[VL_SEVERITY_COUNT] = {
    [VL_SEVERITY_UNKNOWN] = "unknown",
    [VL_SEVERITY_NEGLIGIBLE] = "negligible",
    [VL_SEVERITY_LOW] = "low",
    [VL_SEVERITY_MEDIUM] = "medium",
    [VL_SEVERITY_HIGH] = "high",
    [VL_SEVERITY_CRITICAL] = "critical",
};

const char *vl_severity_name(enum vl_severity severity)
{
    return (unsigned)severity < VL_SEVERITY_COUNT ? names[severity] : names[VL_SEVERITY_UNKNOWN];
}

bool vl_severity_parse(struct vl_span text, enum vl_severity *ret)
{
    static const struct {
        const char *word;
        enum vl_severity severity;
    } words[] = {
        {"important", VL_SEVERITY_HIGH},
        {"moderate", VL_SEVERITY_MEDIUM},
        {"minor", VL_SEVERITY_LOW},
        {"minimal", VL_SEVERITY_LOW},
        {"unimportant", VL_SEVERITY_NEGLIGIBLE},
        {"none", VL_SEVERITY_NEGLIGIBLE},
    };
    for (unsigned i = 0; i < VL_SEVERITY_COUNT; i++) {
        if (vl_span_eq_nocase(text, vl_span_str(names[i]))) {
            *ret = (enum vl_severity)i;
            return true;
        }
    }
    for (size_t i = 0; i < VL_ARRAY_LEN(words); i++) {
        if (vl_span_eq_nocase(text, vl_span_str(words[i].word))) {
            *ret = words[i].severity;
            return true;
        }
    }
    return false;
}

enum vl_severity vl_severity_from_score(double score, unsigned version)
{
    if (score <= 0)
        return VL_SEVERITY_NEGLIGIBLE;
    if (score < 4)
        return VL_SEVERITY_LOW;
    if (score < 7)
        return VL_SEVERITY_MEDIUM;
    if (score < 9 || version < 30)
        return VL_SEVERITY_HIGH;
    return VL_SEVERITY_CRITICAL;
}
