/* Licence expressions, by SPDX 2.3 annex D. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "license.h"

static void expressions(void **state)
{
    (void)state;
    static const struct {
        const char *expression, *wanted;
        bool demands;
    } rows[] = {
        {"MIT", "MIT", true},
        {"MIT", "mit", true},
        {"MIT", "Apache-2.0", false},
        {"MIT OR GPL-3.0-only", "GPL-3.0-only", false}, /* the user may take MIT */
        {"MIT AND GPL-3.0-only", "GPL-3.0-only", true},
        {"(MIT OR GPL-2.0-only) AND BSD-3-Clause", "GPL-2.0-only", false},
        {"(MIT OR GPL-2.0-only) AND BSD-3-Clause", "BSD-3-Clause", true},
        {"MIT OR (GPL-2.0-only AND BSD-3-Clause)", "BSD-3-Clause", false},
        {"GPL-2.0-only OR GPL-2.0-only", "GPL-2.0-only", true},
        /* AND binds tighter than OR */
        {"GPL-2.0-only AND MIT OR GPL-2.0-only AND ISC", "GPL-2.0-only", true},
        {"GPL-2.0-or-later WITH Bison-exception-2.2", "GPL-2.0-or-later", true},
        {"GPL-3.0", "GPL-3.0-only", true},
        {"GPL-3.0+", "GPL-3.0-or-later", true},
        {"GPL-3.0-or-later", "GPL-3.0-only", false},
        {"AGPL-3.0-only", "GPL-3.0-only", false},
        {"AGPL-3.0-only", "AGPL-*", true},
        {"LGPL-2.1-only or AGPL-3.0-only", "AGPL-*", false},
        {"BSD License", "BSD License", true}, /* no expression: the words as a whole */
        {"BSD License", "BSD", false},
        {"MIT OR", "MIT OR", true},
        {"(MIT", "MIT", false},
        {"", "MIT", false},
        {"", "-only", false},
        {"((((((((((((((((((((((((((((((((((((((MIT))))))))))))))))))))))))))))))))))))))", "MIT", false},
    };
    for (size_t i = 0; i < VL_ARRAY_LEN(rows); i++) {
        if (vl_license_demands(vl_span_str(rows[i].expression), vl_span_str(rows[i].wanted)) !=
            rows[i].demands)
            fail_msg("%s demands %s?", rows[i].expression, rows[i].wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(expressions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
