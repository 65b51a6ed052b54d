/* JSON as what a body says of a channel: {"kind", "config", "secret", "url", "key"}, the last two being what
 * was sealed before. What is taken is shown as JSON, never with the secret in it, and comes back from its
 * seal. */
#include <stdlib.h>
#include <string.h>

#include "respond/channel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *text_of(const struct vl_doc_node *body, const char *name, struct vl_arena *arena)
{
    struct vl_span text = vl_doc_get_str(body, name);
    return text.len && vl_span_find_char(text, '\0') == SIZE_MAX ? vl_arena_dup_span(arena, text) : NULL;
}

static bool same(const char *a, const char *b)
{
    return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

static void seal(const struct vl_channel_secret *secret, struct vl_arena *arena)
{
    static const uint8_t key[VL_CRYPT_KEY_BYTES] = {1, 2, 3};
    VL_CLEANUP(vl_buf_done) struct vl_buf sealed;
    struct vl_channel_secret again;
    struct vl_err err = VL_ERR_INIT;
    vl_buf_init(&sealed, VL_CHANNEL_CONFIG_MAX * 2);
    if (vl_channel_seal(key, secret, &sealed, &err) < 0 ||
        vl_channel_open(key, vl_buf_span(&sealed), arena, &again, &err) < 0)
        return; /* a text that is no UTF-8 */
    if (!same(secret->url, again.url) || !same(secret->key, again.key))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    VL_CLEANUP(vl_arena_cleanup) struct vl_arena *arena = vl_arena_new(16UL * 1024 * 1024);
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *doc = NULL;
    VL_CLEANUP(vl_doc_cleanup) struct vl_doc *shown = NULL;
    struct vl_channel_config config;
    struct vl_err err = VL_ERR_INIT;
    if (!arena ||
        vl_doc_parse((struct vl_span){(const char *)data, size}, VL_DOC_JSON, "body", &doc, &err) < 0)
        return 0;
    const struct vl_doc_node *body = vl_doc_root(doc);
    const char *kind = text_of(body, "kind", arena);
    const struct vl_channel_secret before = {text_of(body, "url", arena), text_of(body, "key", arena)};
    if (!kind || !vl_channel_kind_is(kind))
        return 0;
    if (vl_channel_config_read(kind, vl_doc_get(body, "config"), text_of(body, "secret", arena),
            before.url || before.key ? &before : NULL, arena, &config, &err) < 0) {
        if (err.msg[0] == '\0')
            abort();
        return 0;
    }
    if (vl_doc_parse(vl_span_str(config.shown), VL_DOC_JSON, "shown", &shown, &err) < 0)
        abort();
    if (config.secret.key && strlen(config.secret.key) >= VL_CHANNEL_KEY_MIN &&
        strstr(config.shown, config.secret.key) && !strstr(config.secret.url, config.secret.key))
        abort();
    seal(&config.secret, arena);
    return 0;
}
