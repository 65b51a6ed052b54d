#include "inventory/webhook.h"

#include <string.h>

#include "codec/digest.h"

void vl_webhook_list_init(struct vl_webhook_list *list)
{
    vl_vec_init(&list->events, sizeof(struct vl_webhook_event), VL_WEBHOOK_EVENTS_MAX);
    list->ignored = 0;
    list->inner = NULL;
}

void vl_webhook_list_done(struct vl_webhook_list *list)
{
    vl_vec_done(&list->events);
    vl_doc_free(list->inner);
    list->inner = NULL;
}

int vl_webhook_parse(const struct vl_doc_node *body, struct vl_webhook_list *list, struct vl_err *err)
{
    static int (*const forms[])(const struct vl_doc_node *body, struct vl_webhook_list *list,
        struct vl_err *err) = {vl_webhook_distribution, vl_webhook_acr, vl_webhook_harbor,
        vl_webhook_dockerhub, vl_webhook_ecr, vl_webhook_gar};
    for (size_t i = 0; i < VL_ARRAY_LEN(forms); i++) {
        int r = forms[i](body, list, err);
        if (r != 0)
            return r < 0 ? r : 0;
    }
    return vl_err_set(err, VL_ERR_INVALID,
        "this is no event of a registry that we know: distribution, ACR, Harbor, Docker Hub, ECR "
        "(EventBridge) and Artifact Registry (Pub/Sub) are read");
}

static bool ends_with(struct vl_span text, const char *end)
{
    size_t n = strlen(end);
    return text.len >= n && vl_span_eq_nocase(vl_span_slice(text, text.len - n, text.len), vl_span_str(end));
}

/* "ACCOUNT.dkr.ecr.REGION.amazonaws.com", "ACCOUNT.dkr-ecr.REGION.on.aws" */
static bool is_of_account(struct vl_span host, struct vl_span account, struct vl_span region)
{
    struct vl_span rest = host, label;
    bool in_region = region.len == 0;
    if (account.len > 0 && (!vl_span_split(&rest, '.', &label) || !vl_span_eq(label, account)))
        return false;
    while (!in_region && vl_span_split(&rest, '.', &label))
        in_region = vl_span_eq_nocase(label, region);
    return in_region;
}

bool vl_webhook_is_about(const struct vl_webhook_event *event, struct vl_span host)
{
    host = vl_span_slice(
        host, 0, vl_span_find_char(host, ':') == SIZE_MAX ? host.len : vl_span_find_char(host, ':'));
    if (event->host.len > 0 && (ends_with(host, ".pkg.dev") || ends_with(host, "gcr.io")))
        return vl_span_eq_nocase(event->host, host);
    bool amazon = ends_with(host, ".amazonaws.com") || ends_with(host, ".amazonaws.com.cn") ||
                  ends_with(host, ".on.aws");
    return !amazon || is_of_account(host, event->account, event->region);
}

static bool is_low(char c)
{
    return (c >= 'a' && c <= 'z') || vl_char_is_digit(c);
}

/* [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)* between slashes. */
static bool is_component(struct vl_span s)
{
    size_t i = 0;
    while (i < s.len) {
        size_t from = i;
        while (i < s.len && is_low(s.ptr[i]))
            i++;
        if (i == from)
            return false;
        if (i == s.len)
            return true;
        from = i;
        char sep = s.ptr[i];
        while (i < s.len && s.ptr[i] == sep)
            i++;
        size_t n = i - from;
        if (!((sep == '.' && n == 1) || (sep == '_' && n <= 2) || sep == '-'))
            return false;
    }
    return false;
}

bool vl_webhook_is_repository(struct vl_span text)
{
    struct vl_span rest = text, part;
    if (text.len == 0 || text.len > VL_WEBHOOK_REPOSITORY_MAX || text.ptr[text.len - 1] == '/')
        return false;
    while (vl_span_split(&rest, '/', &part)) {
        if (!is_component(part))
            return false;
    }
    return true;
}

bool vl_webhook_is_tag(struct vl_span text)
{
    if (text.len == 0 || text.len > VL_WEBHOOK_TAG_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        bool word = is_low(c) || (c >= 'A' && c <= 'Z') || c == '_';
        if (!word && (i == 0 || (c != '.' && c != '-')))
            return false;
    }
    return true;
}

static bool is_hex(struct vl_span text, size_t digits)
{
    if (text.len != digits)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (!vl_char_is_digit(text.ptr[i]) && (text.ptr[i] < 'a' || text.ptr[i] > 'f'))
            return false;
    }
    return true;
}

bool vl_webhook_is_digest(struct vl_span text)
{
    struct vl_digest digest;
    return vl_digest_parse(text, &digest);
}

bool vl_webhook_is_attached(struct vl_span tag)
{
    return vl_span_starts_with(tag, "sha256-") && tag.len >= 7 + 64 && is_hex(vl_span_slice(tag, 7, 71), 64);
}

int vl_webhook_add(struct vl_webhook_list *list, const struct vl_webhook_event *event, struct vl_err *err)
{
    bool good = vl_webhook_is_repository(event->repository) && !vl_webhook_is_attached(event->tag) &&
                (event->digest.len > 0 || event->tag.len > 0) &&
                (event->digest.len == 0 || vl_webhook_is_digest(event->digest)) &&
                (event->tag.len == 0 || vl_webhook_is_tag(event->tag));
    if (!good) {
        list->ignored++;
        return 0;
    }
    struct vl_webhook_event *e = vl_vec_push(&list->events, "events of one body", err);
    if (!e)
        return -E2BIG;
    *e = *event;
    return 0;
}
