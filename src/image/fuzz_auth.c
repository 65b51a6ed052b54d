#include <stdlib.h>
#include <string.h>

#include "auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* WWW-Authenticate, one header a line; and the auth of a config.json. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(16UL << 20);
    struct vl_http_header headers[8];
    struct vl_http_response response = {.status = 401, .headers = headers};
    struct vl_challenge c;
    struct vl_credentials credentials = {0};
    struct vl_err err = VL_ERR_INIT;
    struct vl_span rest = {(const char *)data, size}, line;
    if (!arena || size > 65536)
        return 0;
    if (vl_credentials_decode(rest, arena, &credentials) && (!credentials.username || !credentials.password))
        abort();
    while (response.n_headers < VL_ARRAY_LEN(headers) && vl_span_split_line(&rest, &line)) {
        const char *value = vl_arena_dup_span(arena, line);
        if (!value)
            return 0;
        headers[response.n_headers++] = (struct vl_http_header){"www-authenticate", value};
    }
    if (vl_challenge_parse(&response, arena, &c, &err) == 0 && c.bearer && !c.realm)
        abort();
    return 0;
}
