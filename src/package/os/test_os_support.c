#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "os/test_os_support.h"

void os_test_init(struct os_test *t)
{
    *t = (struct os_test){.arena = vl_arena_new(256UL * 1024 * 1024)};
    assert_non_null(t->arena);
    vl_notes_init(&t->notes, t->arena);
    assert_int_equal(vl_package_sink_init(&t->sink, t->arena, &t->notes, &t->err), 0);
}

void os_test_done(struct os_test *t)
{
    vl_package_sink_done(&t->sink);
    vl_notes_done(&t->notes);
    vl_arena_free(t->arena);
}

int os_test_parse(struct os_test *t, const char *parser, const char *path, struct vl_span content)
{
    struct vl_package_file file = {.path = path, .mode = 0644, .size = content.len, .head = content};
    const struct vl_package_parser *p = vl_package_parser_for(&file, VL_PACKAGE_SCOPE_INSTALLED);
    assert_non_null(p);
    assert_string_equal(p->name, parser);
    file.content = content;
    vl_err_clear(&t->err);
    return p->parse(&file, &t->sink, &t->err);
}

int os_test_parse_str(struct os_test *t, const char *parser, const char *path, const char *content)
{
    return os_test_parse(t, parser, path, vl_span_str(content));
}

void os_test_load(const char *name, struct vl_buf *out)
{
    char path[4096];
    struct vl_err err = VL_ERR_INIT;
    const char *source = getenv("VALLUM_CHECKOUT");
    int n = snprintf(path, sizeof(path), "%s/src/package/os/corpus/%s", source ? source : ".", name);
    assert_in_range(n, 1, sizeof(path) - 1);
    vl_buf_init(out, 1U << 20);
    assert_int_equal(vl_file_read(path, 1U << 20, out, &err), 0);
}

struct vl_span os_test_body(const struct vl_buf *buf)
{
    return vl_span_slice(vl_buf_span(buf), 1, buf->len);
}

const struct vl_package *os_test_find(const struct os_test *t, const char *name)
{
    for (size_t i = 0; i < t->sink.packages.len; i++) {
        const struct vl_package *p = vl_vec_at(&t->sink.packages, i);
        if (strcmp(p->name, name) == 0)
            return p;
    }
    return NULL;
}

const struct vl_package_owned *os_test_owned(const struct os_test *t, const char *package)
{
    for (size_t i = 0; i < t->sink.owned.len; i++) {
        const struct vl_package_owned *o = vl_vec_at(&t->sink.owned, i);
        if (strcmp(o->package, package) == 0)
            return o;
    }
    return NULL;
}
