#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "base/buf.h"
#include "test_listing.h"

void listing_read(
    struct listing *l, const char *parser, const char *path, uint32_t mode, struct vl_span content)
{
    *l = (struct listing){.arena = vl_arena_new(256UL * 1024 * 1024)};
    assert_non_null(l->arena);
    vl_notes_init(&l->notes, l->arena);
    assert_int_equal(vl_package_sink_init(&l->sink, l->arena, &l->notes, &l->err), 0);
    struct vl_package_file file = {.path = path, .mode = mode, .size = content.len};
    file.head = vl_span_slice(content, 0, 16);
    const struct vl_package_parser *p =
        vl_package_parser_for(&file, VL_PACKAGE_SCOPE_INSTALLED | VL_PACKAGE_SCOPE_LOCKED);
    assert_non_null(p);
    assert_string_equal(p->name, parser);
    file.content = content;
    l->status = p->parse(&file, &l->sink, &l->err);
    assert_int_equal(l->status < 0 ? l->err.err : 0, l->status);
}

void listing_done(struct listing *l)
{
    vl_package_sink_done(&l->sink);
    vl_notes_done(&l->notes);
    vl_arena_free(l->arena);
}

const char *listing_text(struct listing *l)
{
    static const struct {
        unsigned flag;
        char letter;
    } letters[] = {{VL_PACKAGE_DEV, 'D'}, {VL_PACKAGE_OPTIONAL, 'O'}, {VL_PACKAGE_INDIRECT, 'I'},
        {VL_PACKAGE_BUNDLED, 'B'}, {VL_PACKAGE_MAIN, 'M'}, {VL_PACKAGE_RANGE, 'R'}};
    VL_CLEANUP(vl_buf_done) struct vl_buf out;
    vl_buf_init(&out, 1024UL * 1024);
    for (size_t i = 0; i < l->sink.packages.len; i++) {
        const struct vl_package *p = vl_vec_at(&l->sink.packages, i);
        vl_buf_printf(&out, "%s%s %s %s", i ? "\n" : "", vl_ecosystem_info(p->ecosystem)->name, p->name,
            p->version[0] ? p->version : "-");
        for (size_t k = 0, n = 0; k < VL_ARRAY_LEN(letters); k++) {
            if (p->flags & letters[k].flag)
                vl_buf_printf(&out, "%s%c", n++ ? "" : " ", letters[k].letter);
        }
    }
    assert_int_equal(vl_buf_check(&out, "listing", &l->err), 0);
    return vl_arena_strdup(l->arena, vl_buf_str(&out));
}

void assert_listing(const char *parser, const char *path, const char *content, const char *expected)
{
    struct listing l;
    listing_read(&l, parser, path, 0644, vl_span_str(content));
    if (l.status < 0)
        print_message("%s: %s\n", path, l.err.msg);
    assert_int_equal(l.status < 0, strncmp(expected, "error", 5) == 0);
    if (l.status >= 0)
        assert_string_equal(listing_text(&l), expected);
    listing_done(&l);
}
