/* What the answers of /api/v1 share: lists in pages with cursors and totals, lines of NDJSON, ETag, and
 * members that are null where nothing is known.
 *
 *   struct vl_api_page page;
 *   int r = vl_api_list_begin(request, "risk", 2, &page, err);
 *   … for each row of a statement with LIMIT page.fetch, after page.keys where page.resumed:
 *       if (!vl_api_item(&page))
 *           break;
 *       vl_api_str(&page.json, "name", name); …
 *       vl_api_item_end(&page, keys);
 *   if (r >= 0 && vl_api_wants_total(&page))
 *       r = … count, up to VL_API_COUNT_MAX + 1 …;
 *   return r < 0 ? r : vl_api_list_end(&page, total, err);
 */
#ifndef VL_SERVER_API_H
#define VL_SERVER_API_H

#include "router.h"

#define VL_API_LIMIT_DEFAULT 50
#define VL_API_LIMIT_MAX     1000
#define VL_API_LINES_MAX     5000000 /* items of one NDJSON answer; more is an error, never cut in silence */
#define VL_API_COUNT_MAX     10000   /* totals are exact up to here */
#define VL_API_KEYS_MAX      8       /* values that a cursor holds */
#define VL_API_KEY_TEXT_MAX  1024    /* bytes of one */
#define VL_API_ETAG_TEXT     36      /* quotes, 32 hexadecimal digits, NUL */

/* One value of the place in a list where the next page goes on: a text, or a number where `text` is NULL. */
struct vl_api_key {
    const char *text;
    int64_t number;
};

struct vl_api_page {
    struct vl_json json;
    int64_t limit; /* items of this page */
    int64_t fetch; /* rows to ask for: one more than the page has, to know whether another follows */
    bool ndjson;
    bool resumed; /* there was a cursor: `keys` is the last item of the page before */
    bool more;
    struct vl_api_key keys[VL_API_KEYS_MAX]; /* texts in the request's arena; zeroed without a cursor */
    /* private */
    struct vl_request *request;
    size_t n_keys;
    int64_t n;
    uint64_t bound; /* what the cursor belongs to */
    const char *next;
    bool ended; /* the array of items is closed */
};

/* Reads ?limit= and ?cursor=, and begins the answer. `sort` is the order that the handler found ("" where
 * there is one only), `n_keys` what its cursors hold. A cursor is bound to route, environment, sort and all
 * other parameters of the query: another one's is VL_ERR_INVALID. */
VL_MUST_CHECK int vl_api_list_begin(
    struct vl_request *request, const char *sort, size_t n_keys, struct vl_api_page *ret, struct vl_err *err);
/* Opens the next item's object; false: the page is full, there is more. */
bool vl_api_item(struct vl_api_page *page);
/* Closes it; `keys` (n_keys of them) are where a next page would go on after this item; lent for the call. */
void vl_api_item_end(struct vl_api_page *page, const struct vl_api_key *keys);
/* Whether vl_api_list_end() needs a count: false where the list ended on its first page. */
bool vl_api_wants_total(const struct vl_api_page *page);
/* `counted`: items that the filter finds, at most VL_API_COUNT_MAX + 1; looked at only where
 * vl_api_wants_total() says so. */
VL_MUST_CHECK int vl_api_list_end(struct vl_api_page *page, int64_t counted, struct vl_err *err);

/* Where further members of the list's object follow its items: ends the array now. Not for NDJSON. */
void vl_api_items_end(struct vl_api_page *page);
/* "total" of `counted` items (at most VL_API_COUNT_MAX + 1). */
void vl_api_total(struct vl_json *json, int64_t counted);

/* Lists that are short by nature (channels, rules): {"items":[…],"total","next":null}; as above with neither
 * limit nor cursor. NDJSON works too. */
VL_MUST_CHECK int vl_api_all_begin(struct vl_request *request, struct vl_api_page *ret, struct vl_err *err);

/* The tag of an object's version: of whatever bytes change with it. */
void vl_api_etag_of(struct vl_span bytes, char ret[VL_API_ETAG_TEXT]);
/* For a GET, last: sets ETag to that of the body. Where If-None-Match names it, the answer becomes 304
 * without a body. */
void vl_api_etag(struct vl_request *request);
/* For a PATCH, PUT or DELETE: 412 where If-Match is there and names another. Call it inside of the write,
 * with what was read there. */
VL_MUST_CHECK int vl_api_if_match(
    const struct vl_request *request, const char etag[VL_API_ETAG_TEXT], struct vl_err *err);

/* A query parameter that is one of `names` (ends with NULL): its index; absent: `absent`. */
VL_MUST_CHECK int vl_api_query_word(struct vl_request *request, const char *name, const char *const *names,
    int absent, int *ret, struct vl_err *err);
/* true or false; absent: false. */
VL_MUST_CHECK int vl_api_query_bool(
    struct vl_request *request, const char *name, bool *ret, struct vl_err *err);
/* A text of at most `max` bytes; absent: "". */
VL_MUST_CHECK int vl_api_query_text(
    struct vl_request *request, const char *name, size_t max, const char **ret, struct vl_err *err);

/* Words of ?severity=, by enum vl_severity; ends with NULL. */
extern const char *const vl_api_severities[];
/* The word that answers show: negligible ones are low. */
const char *vl_api_severity(int severity);

/* Members that are always there: null for NULL, for time 0, for a number below 0. */
void vl_api_str(struct vl_json *json, const char *key, const char *value);
void vl_api_span(struct vl_json *json, const char *key, struct vl_span value); /* empty: null */
void vl_api_time(struct vl_json *json, const char *key, int64_t ms); /* "2026-11-28T02:30:00.000Z" */
void vl_api_int(struct vl_json *json, const char *key, int64_t value);
void vl_api_null(struct vl_json *json, const char *key);
void vl_api_object(struct vl_json *json, const char *key); /* opens */
void vl_api_array(struct vl_json *json, const char *key);  /* opens */
/* JSON that the store keeps as text, written again value by value; null where it is none. */
void vl_api_stored(struct vl_json *json, const char *key, struct vl_span text);
/* The same for a parsed value. */
void vl_api_node(struct vl_json *json, const struct vl_doc_node *node);

#endif
