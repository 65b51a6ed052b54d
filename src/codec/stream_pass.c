/* Streams that pass on what is below: within a limit, with a digest taken, or only lent. */
#include "stream_impl.h"

#include <stdlib.h>

struct pass_stream {
    struct vl_stream base;
    struct vl_stream *below;
    struct vl_digester *digester;
    struct vl_stream_budget budget;
};

static int pass_lend(struct vl_stream *s, struct vl_span *ret, struct vl_err *err)
{
    struct pass_stream *self = (struct pass_stream *)s;
    int64_t n = vl_stream_borrow(self->below, SIZE_MAX, ret, err);
    if (n <= 0)
        return (int)n;
    if (self->digester)
        vl_digester_update(self->digester, *ret);
    return vl_stream_budget_spend(&self->budget, s, ret->len, ret->len, err);
}

static int64_t pass_fill(struct vl_stream *s, void *buf, size_t size, struct vl_err *err)
{
    struct pass_stream *self = (struct pass_stream *)s;
    /* The digest is taken from bytes that are still in the cache. */
    int64_t n = vl_stream_read(self->below, buf, size < VL_STREAM_CHUNK ? size : VL_STREAM_CHUNK, err);
    if (n <= 0)
        return n;
    if (self->digester)
        vl_digester_update(self->digester, (struct vl_span){buf, (size_t)n});
    int r = vl_stream_budget_spend(&self->budget, s, (uint64_t)n, (uint64_t)n, err);
    return r < 0 ? r : n;
}

static int pass_skip(struct vl_stream *s, uint64_t n, struct vl_err *err)
{
    struct pass_stream *self = (struct pass_stream *)s;
    int r = vl_stream_skip(self->below, n, err);
    return r < 0 ? r : vl_stream_budget_spend(&self->budget, s, n, n, err);
}

static void pass_free(struct vl_stream *s)
{
    struct pass_stream *self = (struct pass_stream *)s;
    vl_stream_free(self->below);
    vl_stream_done(s);
    free(self);
}

/* Below that lends is lent on; below that fills is filled on: no byte is copied on the way. */
static int make(struct vl_stream *below, struct vl_digester *digester, uint64_t max_output,
    struct pass_stream **ret, struct vl_err *err)
{
    /* What is digested must be seen, so that only without a digester bytes may be jumped over. */
    static const struct vl_stream_ops kinds[2][2] = {
        {
            {.lend = pass_lend, .skip = pass_skip, .free = pass_free},
            {.lend = pass_lend, .fill = pass_fill, .skip = pass_skip, .free = pass_free},
        },
        {
            {.lend = pass_lend, .free = pass_free},
            {.lend = pass_lend, .fill = pass_fill, .free = pass_free},
        },
    };
    struct pass_stream *self = calloc(1, sizeof(*self));
    if (!self)
        return vl_err_nomem(err);
    vl_stream_init(&self->base, &kinds[digester != NULL][below->ops->fill != NULL], below->name);
    self->below = below;
    self->digester = digester;
    self->budget = (struct vl_stream_budget){.out_max = max_output, .format = "uncompressed"};
    *ret = self;
    return 0;
}

int vl_stream_new_pass(
    struct vl_stream *below, uint64_t max_output, struct vl_stream **ret, struct vl_err *err)
{
    struct pass_stream *self = NULL;
    int r = make(below, NULL, max_output, &self, err);
    if (r == 0)
        *ret = &self->base;
    return r;
}

int vl_stream_new_digest(
    struct vl_stream *below, struct vl_digester *digester, struct vl_stream **ret, struct vl_err *err)
{
    struct pass_stream *self = NULL;
    int r = make(below, digester, UINT64_MAX, &self, err);
    if (r < 0)
        vl_stream_free(below);
    else
        *ret = &self->base;
    return r;
}

static void lent_free(struct vl_stream *s)
{
    vl_stream_done(s);
    free(s);
}

int vl_stream_new_lent(
    struct vl_stream *below, const uint64_t **ret_count, struct vl_stream **ret, struct vl_err *err)
{
    static const struct vl_stream_ops ops = {.free = lent_free};
    struct vl_stream *s = calloc(1, sizeof(*s));
    if (!s)
        return vl_err_nomem(err);
    vl_stream_init(s, &ops, below->name);
    s->through = below;
    if (ret_count)
        *ret_count = &s->position;
    *ret = s;
    return 0;
}
