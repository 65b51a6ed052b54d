/* Falco's own parser tests: VALLUM_SHARED/cases/falco-filter-parser. What is accepted must also read back
 * after being written.
 * tests: condition.c condition_format.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "codec/doc.h"
#include "rule/condition.h"

#define FILE_MAX (16UL * 1024 * 1024)

struct count {
    unsigned total, passed;
};

static bool accepts(struct vl_span text, struct vl_arena *arena, struct vl_condition **ret)
{
    struct vl_err err = VL_ERR_INIT;
    return vl_condition_parse(text, arena, ret, NULL, &err) >= 0;
}

static bool reads_back(const struct vl_condition *root, struct vl_arena *arena)
{
    VL_CLEANUP(vl_buf_done) struct vl_buf first, second;
    struct vl_err err = VL_ERR_INIT;
    struct vl_condition *again = NULL;
    vl_buf_init(&first, VL_CONDITION_BYTES_MAX);
    vl_buf_init(&second, VL_CONDITION_BYTES_MAX);
    return vl_condition_format(root, &first, &err) >= 0 && accepts(vl_buf_span(&first), arena, &again) &&
           vl_condition_format(again, &second, &err) >= 0 &&
           vl_span_eq(vl_buf_span(&first), vl_buf_span(&second));
}

static int foreign_case(struct vl_doc *doc, void *user, struct vl_err *err)
{
    (void)err;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *owned = doc;
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(FILE_MAX);
    struct count *count = user;
    struct vl_condition *root = NULL;
    struct vl_span expr = vl_doc_get_str(vl_doc_root(owned), "expr");
    bool want = vl_span_eq_str(vl_doc_get_str(vl_doc_root(owned), "expect"), "accept");
    bool got = accepts(expr, arena, &root);
    bool passed = got == want && (!got || reads_back(root, arena));
    if (!passed)
        (void)printf("disagrees: %.*s\n", VL_SPAN_FMT(expr));
    count->total++;
    count->passed += passed;
    return 0;
}

int main(void)
{
    const char *shared = getenv("VALLUM_SHARED");
    char path[4096];
    VL_CLEANUP(vl_buf_done) struct vl_buf text;
    struct vl_err err = VL_ERR_INIT;
    struct count count = {0};
    (void)snprintf(
        path, sizeof(path), "%s/cases/falco-filter-parser/cases.jsonl", shared ? shared : "../shared");
    vl_buf_init(&text, FILE_MAX);
    if (vl_file_read(path, FILE_MAX, &text, &err) < 0) {
        (void)printf("skipped: %s is not there (set VALLUM_SHARED)\n", path);
        return 77;
    }
    if (vl_doc_parse_stream(vl_buf_span(&text), VL_DOC_JSON, path, foreign_case, &count, &err) < 0) {
        (void)printf("%s\n", err.msg);
        return 1;
    }
    (void)printf("foreign: rule/falco-filter-parser %u/%u\n", count.passed, count.total);
    return count.passed == count.total && count.total > 0 ? 0 : 1;
}
