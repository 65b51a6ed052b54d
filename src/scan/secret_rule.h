/* The table that scripts/secret_rules.py makes of content/secrets.tsv; its head comment tells the columns. */
#ifndef VL_SCAN_SECRET_RULE_H
#define VL_SCAN_SECRET_RULE_H

#include "model/severity.h"
#include "secret_check.h"

struct secret_rule {
    const char *id, *title;
    const char *const *keywords;
    size_t n_keywords;
    const char *expression;
    const char *allow; /* expression for secrets that are none; or NULL */
    const char *paths; /* expression for the only paths it is for; or NULL */
    enum vl_severity severity;
    unsigned entropy;     /* least entropy in hundredths of a bit a character */
    unsigned back, reach; /* bytes before and from the keyword on that the expression sees */
    enum secret_check check;
    bool nocase, inword, generic, config;
};

/* The place in the table is the rank: of two rules for the same bytes the first is told. */
extern const struct secret_rule secret_rules[];
extern const size_t secret_n_rules;

#endif
