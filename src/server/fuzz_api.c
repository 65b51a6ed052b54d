/* What a query may say of a list, and a cursor. The first line is the query; the rest are the bytes of a
 * cursor behind its version and what it is bound to, which are put right here. A cursor that is taken is
 * written again as the same. */
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "base/text.h"

#define KEYS_MAX 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must_say_why(int r, struct vl_err *err)
{
    if (r < 0 && err->msg[0] == '\0')
        abort();
    vl_err_clear(err);
}

/* The list "sort" with a cursor, or none; an item of it with the cursor's keys. */
static int list(struct vl_request *request, size_t n_keys, struct vl_api_page *page, struct vl_err *err)
{
    vl_buf_clear(&request->reply->body);
    int r = vl_api_list_begin(request, "sort", n_keys, page, err);
    if (r < 0)
        return r;
    page->limit = 1;
    for (int i = 0; i < 2 && vl_api_item(page); i++)
        vl_api_item_end(page, page->keys);
    return vl_api_list_end(page, 2, err);
}

static void check_cursor(
    struct vl_request *request, struct vl_http_call *call, struct vl_span raw, size_t n_keys)
{
    struct vl_buf bytes VL_CLEANUP(vl_buf_done), text VL_CLEANUP(vl_buf_done);
    struct vl_err err = VL_ERR_INIT;
    struct vl_api_page page, again;
    vl_buf_init(&bytes, 1UL << 20);
    vl_buf_init(&text, 1UL << 21);
    call->n_params = 0;
    if (list(request, n_keys, &page, &err) < 0)
        return;
    vl_buf_append_char(&bytes, 1); /* the version */
    vl_buf_append_u64le(&bytes, page.bound);
    vl_buf_append_span(&bytes, raw);
    vl_base64url_encode(vl_buf_span(&bytes), &text);
    struct vl_http_call_param cursor = {"cursor", vl_buf_str(&text)};
    call->params = &cursor;
    call->n_params = 1;
    int r = list(request, n_keys, &page, &err);
    must_say_why(r, &err);
    if (r < 0 || !page.next)
        return;
    cursor.value = page.next;
    if (list(request, n_keys, &again, &err) < 0)
        abort();
    for (size_t i = 0; i < n_keys; i++) {
        const struct vl_api_key *a = &page.keys[i], *b = &again.keys[i];
        if (a->text ? !b->text || strcmp(a->text, b->text) != 0 : b->text || a->number != b->number)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(16UL * 1024 * 1024);
    static const char *const words[] = {"name", "risk", NULL};
    static const struct vl_route route = {.method = "GET", .pattern = "/api/v1/images"};
    struct vl_span rest = {(const char *)data, size}, line = VL_SPAN_EMPTY;
    /* no connection, so no header */
    static _Alignas(16) char exchange[16384];
    struct vl_http_call call = {.arena = arena, .method = "GET", .inner = exchange};
    struct vl_http_reply reply = {0};
    struct vl_request request = {.call = &call, .reply = &reply, .arena = arena, .route = &route};
    struct vl_api_page page;
    struct vl_err err = VL_ERR_INIT;
    const char *text = NULL;
    int which = 0;
    bool flag = false;
    if (!arena)
        return 0;
    (void)vl_span_split_line(&rest, &line);
    vl_buf_init(&reply.body, 1UL << 20);
    if (vl_http_read_form(arena, line, &call.params, &call.n_params)) {
        must_say_why(list(&request, 2, &page, &err), &err);
        must_say_why(vl_api_query_word(&request, "sort", words, 0, &which, &err), &err);
        must_say_why(vl_api_query_bool(&request, "flag", &flag, &err), &err);
        must_say_why(vl_api_query_text(&request, "text", 100, &text, &err), &err);
    }
    for (size_t n = 0; n <= KEYS_MAX; n++)
        check_cursor(&request, &call, rest, n);
    vl_buf_done(&reply.body);
    return 0;
}
