/* The portal: one page whose script shows what its address says, and the files that it stands on. All of it
 * lies in the program; nothing is read from a disk, and nothing of a call ever becomes part of an answer. */
#include <string.h>

#include "portal/portal.h"
#include "routes.h"

/* A page runs and shows only what comes from here; Trusted Types keep texts from ever becoming markup. */
#define POLICY                                                                                            \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " \
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"

static const struct vl_portal_file *find(struct vl_span folder, struct vl_span name)
{
    for (const struct vl_portal_file *file = vl_portal_files; file->name; file++) {
        struct vl_span own = vl_span_str(file->name);
        if (own.len == folder.len + name.len && vl_span_eq(vl_span_slice(own, 0, folder.len), folder) &&
            vl_span_eq(vl_span_slice(own, folder.len, own.len), name))
            return file;
    }
    return NULL;
}

/* RFC 9110, 12.5.3: a coding with the weight 0 is not wanted. Other weights do not matter, there being one
 * coding. */
static bool takes_gzip(const struct vl_http_call *call)
{
    struct vl_span rest = vl_span_str(vl_http_call_header(call, "Accept-Encoding")), one;
    while (vl_span_split(&rest, ',', &one)) {
        struct vl_span coding;
        if (!vl_span_split(&one, ';', &coding))
            continue;
        struct vl_span weight = vl_span_trim(one);
        if (!vl_span_eq_nocase(vl_span_trim(coding), VL_SPAN_LIT("gzip")))
            continue;
        bool zero = vl_span_starts_with(weight, "q=0");
        for (size_t i = 3; i < weight.len && zero; i++)
            zero = weight.ptr[i] == '0' || weight.ptr[i] == '.';
        return !zero;
    }
    return false;
}

static int answer(struct vl_request *request, const struct vl_portal_file *file, const char *kept)
{
    struct vl_http_reply *reply = request->reply;
    bool gzip = takes_gzip(request->call);
    reply->status = 200;
    reply->content_type = file->type;
    reply->lent = gzip ? file->gzip : file->plain;
    if (gzip)
        vl_http_reply_header(reply, "Content-Encoding", "gzip");
    vl_http_reply_header(reply, "Vary", "Accept-Encoding");
    vl_http_reply_header(reply, "Cache-Control", kept);
    vl_http_reply_header(reply, "Content-Security-Policy", POLICY);
    vl_http_reply_header(reply, "X-Frame-Options", "DENY");
    vl_http_reply_header(reply, "Referrer-Policy", "no-referrer");
    vl_http_reply_header(reply, "Cross-Origin-Opener-Policy", "same-origin");
    vl_http_reply_header(reply, "Cross-Origin-Resource-Policy", "same-origin");
    return 0;
}

static int no_file(struct vl_err *err)
{
    return vl_err_set(err, VL_ERR_NOT_FOUND, "there is nothing at this path");
}

/* "app.js", "favicon.ico": asked for under a page's address it is a mistake, and a page in its place would
 * hide that. What a page is about may have dots itself: only a short ending of letters counts. */
static bool is_file_name(const char *segment)
{
    const char *dot = strrchr(segment, '.');
    size_t letters = dot ? strspn(dot + 1, "abcdefghijklmnopqrstuvwxyz") : 0;
    return letters >= 2 && letters <= 5 && dot[1 + letters] == '\0';
}

/* Every page: what it shows is decided by its script, from the address. */
static int page(struct vl_request *request, struct vl_err *err)
{
    const struct vl_http_call *call = request->call;
    const struct vl_portal_file *file = find((struct vl_span){0}, VL_SPAN_LIT("index.html"));
    if (!file || (call->n_segments > 0 && is_file_name(call->segments[call->n_segments - 1])))
        return no_file(err);
    return answer(request, file, "no-cache");
}

/* Names have a hash of what is in them: they never change. */
static int asset(struct vl_request *request, struct vl_err *err)
{
    const struct vl_portal_file *file = find(VL_SPAN_LIT("assets/"), vl_span_str(request->params[0]));
    return file ? answer(request, file, "public, max-age=31536000, immutable") : no_file(err);
}

const struct vl_route vl_routes_portal[] = {
    {"GET", "/", VL_ROLE_NONE, VL_SCOPE_SERVER, VL_BODY_NONE, page},
    {"GET", "/ui/{*}", VL_ROLE_NONE, VL_SCOPE_SERVER, VL_BODY_NONE, page},
    {"GET", "/assets/{}", VL_ROLE_NONE, VL_SCOPE_SERVER, VL_BODY_NONE, asset},
    {0},
};
