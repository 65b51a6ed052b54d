#include <string.h>

#include "sigma.h"
#include "sigma_build.h"

static bool set_flag(struct vl_sigma_modifiers *m, struct vl_span name)
{
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {
        {"contains", &m->contains},
        {"startswith", &m->startswith},
        {"endswith", &m->endswith},
        {"all", &m->all},
        {"exists", &m->exists},
        {"cased", &m->cased},
        {"neq", &m->neq},
        {"re", &m->re},
        {"cidr", &m->cidr},
        {"expand", &m->expand},
        {"fieldref", &m->fieldref},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(flags); i++) {
        if (vl_span_eq_str(name, flags[i].name)) {
            *flags[i].flag = true;
            return true;
        }
    }
    /* sub-modifiers: only behind `re` */
    bool *sub = NULL;
    if (vl_span_eq_str(name, "i") || vl_span_eq_str(name, "ignorecase"))
        sub = &m->re_i;
    else if (vl_span_eq_str(name, "m") || vl_span_eq_str(name, "multiline"))
        sub = &m->re_m;
    else if (vl_span_eq_str(name, "s") || vl_span_eq_str(name, "dotall"))
        sub = &m->re_s;
    if (sub == NULL || !m->re)
        return false;
    *sub = true;
    return true;
}

/* 1 where it was one, 0 where not. */
static int set_choice(struct vl_sigma_modifiers *m, struct vl_span name, struct vl_err *err)
{
    static const struct {
        const char *name;
        char what; /* c: compares, t: time, e: encodes */
        uint8_t value;
    } choices[] = {
        {"lt", 'c', VL_OP_LT},
        {"lte", 'c', VL_OP_LE},
        {"gt", 'c', VL_OP_GT},
        {"gte", 'c', VL_OP_GE},
        {"minute", 't', VL_SIGMA_MINUTE},
        {"hour", 't', VL_SIGMA_HOUR},
        {"day", 't', VL_SIGMA_DAY},
        {"week", 't', VL_SIGMA_WEEK},
        {"month", 't', VL_SIGMA_MONTH},
        {"year", 't', VL_SIGMA_YEAR},
        {"windash", 'e', VL_SIGMA_WINDASH},
        {"wide", 'e', VL_SIGMA_WIDE},
        {"utf16le", 'e', VL_SIGMA_WIDE},
        {"utf16be", 'e', VL_SIGMA_WIDE_BE},
        {"utf16", 'e', VL_SIGMA_WIDE_BOM},
        {"base64", 'e', VL_SIGMA_BASE64},
        {"base64offset", 'e', VL_SIGMA_BASE64_OFFSET},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(choices); i++) {
        if (!vl_span_eq_str(name, choices[i].name))
            continue;
        if (choices[i].what == 'c') {
            if (m->compares)
                return vl_err_set(err, VL_ERR_INVALID, "two of lt, lte, gt and gte");
            m->compares = true;
            m->compare = choices[i].value;
        } else if (choices[i].what == 't') {
            if (m->time != VL_SIGMA_NO_TIME)
                return vl_err_set(err, VL_ERR_INVALID, "two parts of a time");
            m->time = choices[i].value;
        } else {
            if (m->n_encodings == VL_SIGMA_ENCODINGS_MAX)
                return vl_err_set(err, VL_ERR_LIMIT, "more than %d encodings", VL_SIGMA_ENCODINGS_MAX);
            if (m->contains || m->startswith || m->endswith) {
                if (choices[i].value != VL_SIGMA_WINDASH)
                    return vl_err_set(err, VL_ERR_INVALID,
                        "%s cannot encode a value with wildcards; put it before contains", choices[i].name);
            }
            m->encodings[m->n_encodings++] = choices[i].value;
            m->n_base64 += choices[i].value == VL_SIGMA_BASE64 || choices[i].value == VL_SIGMA_BASE64_OFFSET;
            m->n_utf16 += choices[i].value == VL_SIGMA_WIDE || choices[i].value == VL_SIGMA_WIDE_BE ||
                          choices[i].value == VL_SIGMA_WIDE_BOM;
        }
        return 1;
    }
    return 0;
}

static int unknown(struct vl_span part, struct vl_err *err)
{
    static const char names[] =
        "all, contains, startswith, endswith, exists, cased, neq, re (i, m, s), cidr, windash, base64, "
        "base64offset, wide, utf16, utf16le, utf16be, lt, lte, gt, gte, minute, hour, day, week, month, "
        "year, expand, fieldref";
    if (vl_span_eq_nocase(part, VL_SPAN_LIT("not")))
        return vl_err_set(err, VL_ERR_INVALID,
            "no such modifier: not; write a selection of its own and `not` in the condition, or neq");
    return vl_err_set(err, VL_ERR_INVALID, "no such modifier: %.*s; there are %s", VL_SPAN_FMT(part), names);
}

static int check_together(const struct vl_sigma_modifiers *m, struct vl_err *err)
{
    unsigned places = (unsigned)m->contains + m->startswith + m->endswith;
    if (places > 1)
        return vl_err_set(err, VL_ERR_INVALID, "only one of contains, startswith and endswith");
    unsigned kinds = (unsigned)m->re + m->cidr + (m->compares || m->time != VL_SIGMA_NO_TIME) + m->exists +
                     (m->n_encodings > 0);
    if (kinds > 1)
        return vl_err_set(err, VL_ERR_INVALID, "modifiers that exclude each other");
    if (places > 0 && (m->re || m->cidr || m->compares || m->exists || m->time != VL_SIGMA_NO_TIME))
        return vl_err_set(
            err, VL_ERR_INVALID, "contains, startswith and endswith are for texts, not with this modifier");
    if (m->n_utf16 > 1 || m->n_base64 > 1)
        return vl_err_set(err, VL_ERR_INVALID, "a text is encoded once in base64 and once in UTF-16");
    if (m->fieldref && kinds > 0 && !m->compares)
        return vl_err_set(err, VL_ERR_INVALID, "fieldref compares with a field, not with an encoded value");
    if (m->cased && (m->re || m->cidr || m->compares || m->exists))
        return vl_err_set(err, VL_ERR_INVALID, "cased is for texts, not with this modifier");
    return 0;
}

int vl_sigma_modifiers_parse(
    struct vl_span key, struct vl_span *ret_name, struct vl_sigma_modifiers *ret, struct vl_err *err)
{
    struct vl_sigma_modifiers m = {0};
    size_t bar = vl_span_find_char(key, '|');
    struct vl_span name = vl_span_slice(key, 0, bar);
    struct vl_span rest = bar == SIZE_MAX ? VL_SPAN_EMPTY : vl_span_slice(key, bar + 1, key.len);
    struct vl_span part;
    uint32_t n = 0;
    while (vl_span_split(&rest, '|', &part)) {
        if (++n > VL_SIGMA_MODIFIERS_MAX)
            return vl_err_set(err, VL_ERR_LIMIT, "more than %d modifiers", VL_SIGMA_MODIFIERS_MAX);
        if (set_flag(&m, part))
            continue;
        int r = set_choice(&m, part, err);
        if (r < 0)
            return r;
        if (r == 0)
            return unknown(part, err);
    }
    int r = check_together(&m, err);
    if (r < 0)
        return r;
    *ret_name = name;
    *ret = m;
    return 0;
}
