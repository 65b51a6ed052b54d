/* tests: groups.c
 *
 * docs/api-coverage.md says of each published operation what becomes of it: each is called, and what is
 * answered must be what stands there. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "test_rows.h"

#define OPERATIONS 300 /* in the published description */

enum { OPERATION, METHOD, PATH, VERSION, STATE, CELLS };

/* "{scope}" and its like become the subscription, "{ascLocation}" the location, all else "x". */
static const char *fill(struct vl_test_server *s, struct vl_span pattern)
{
    static const char *const scopes[] = {"scope", "resourceId", "scopeId", "resourceScope"};
    struct vl_buf out VL_CLEANUP(vl_buf_done);
    vl_buf_init(&out, 4096);
    for (size_t i = 0; i < pattern.len; i++) {
        if (pattern.ptr[i] != '{') {
            vl_buf_append_char(&out, pattern.ptr[i]);
            continue;
        }
        struct vl_span rest = vl_span_slice(pattern, i + 1, pattern.len), name;
        assert_true(vl_span_split(&rest, '}', &name));
        i += name.len + 1;
        bool is_scope = false;
        for (size_t k = 0; k < VL_ARRAY_LEN(scopes); k++)
            is_scope |= vl_span_eq_str(name, scopes[k]);
        if (is_scope)
            vl_buf_printf(&out, "subscriptions/%s", s->environment);
        else if (vl_span_eq_str(name, "subscriptionId"))
            vl_buf_append_str(&out, s->environment);
        else
            vl_buf_append_str(&out, vl_span_eq_str(name, "ascLocation") ? "local" : "x");
    }
    return vl_arena_strdup(s->arena, vl_buf_str(&out));
}

static void check_row(struct vl_test_server *s, const struct vl_span *cells)
{
    const char *answer, *path = vl_arena_printf(s->arena, "%s?api-version=%.*s", fill(s, cells[PATH]),
                            VL_SPAN_FMT(cells[VERSION]));
    const char *method = vl_arena_dup_span(s->arena, cells[METHOD]);
    long status = vl_test_ask(s, method, path, s->token[VL_ROLE_OWNER], NULL, &answer);
    const char *code = status >= 400 ? vl_test_get(s, answer, "error.code") : "";
    bool none = strcmp(code, "FeatureNotAvailable") == 0, unknown = strcmp(code, "InvalidResourceType") == 0;
    bool good = false;
    if (vl_span_eq_str(cells[STATE], "built"))
        good = !none && !unknown && status < 500 && strcmp(code, "InvalidApiVersionParameter") != 0;
    else if (vl_span_eq_str(cells[STATE], "not built") || vl_span_eq_str(cells[STATE], "refused"))
        good = none && status == 409;
    else if (vl_span_eq_str(cells[STATE], "older version"))
        good = strcmp(code, "InvalidApiVersionParameter") == 0;
    if (!good)
        fail_msg("%.*s, %s %s: %ld %s", VL_SPAN_FMT(cells[OPERATION]), method, path, status, answer);
}

static void test_document(void **state)
{
    struct vl_test_server *s = *state;
    struct vl_err err = VL_ERR_INIT;
    struct vl_buf text VL_CLEANUP(vl_buf_done);
    const char *source = getenv("VALLUM_CHECKOUT");
    char path[1024];
    size_t rows = 0;
    vl_buf_init(&text, 1 << 20);
    (void)snprintf(path, sizeof(path), "%s/docs/api-coverage.md", source ? source : ".");
    if (vl_file_read(path, 1 << 20, &text, &err) < 0)
        fail_msg("%s", err.msg);
    struct vl_span rest = vl_buf_span(&text), line;
    while (vl_span_split_line(&rest, &line)) {
        struct vl_span cells[CELLS], cell;
        size_t n = 0;
        if (!vl_span_starts_with(line, "| `"))
            continue;
        line = vl_span_slice(line, 1, line.len);
        while (n < CELLS && vl_span_split(&line, '|', &cell)) {
            cell = vl_span_trim(cell);
            cells[n++] = vl_span_starts_with(cell, "`") ? vl_span_slice(cell, 1, cell.len - 1) : cell;
        }
        assert_int_equal(n, CELLS);
        check_row(s, cells);
        rows++;
    }
    assert_int_equal(rows, OPERATIONS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_document)};
    return cmocka_run_group_tests(tests, vl_test_server_start, vl_test_server_stop);
}
