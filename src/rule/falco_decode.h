/* Values of keys as Falco's YAML library (yaml-cpp) reads them, whatever their quotes. Private to the room.
 */
#ifndef VL_RULE_FALCO_DECODE_H
#define VL_RULE_FALCO_DECODE_H

#include "ruleset_impl.h"

/* An item on the way in. */
struct fd_item {
    struct vl_ruleset *set;
    const struct rs_source *source;
    const struct vl_doc_node *node;
    const char *label; /* "rule 'X'" for problems */
    struct rs_place place;
};

struct fd_item fd_item(struct vl_ruleset *set, const struct rs_source *source, const struct vl_doc_node *node,
    const char *label);

/* All of these: false where a problem was told. An absent optional key leaves *ret alone. */
bool fd_text(const struct fd_item *item, const char *key, bool optional, struct vl_span *ret);
bool fd_name(const struct fd_item *item, const char *key, const char **ret); /* required */
/* With its place, for conditions and outputs. */
bool fd_scalar(const struct fd_item *item, const char *key, bool optional, const struct rs_scalar **ret);
bool fd_bool(const struct fd_item *item, const char *key, bool optional, bool *ret);
bool fd_u32(const struct fd_item *item, const char *key, bool optional, uint32_t *ret);
bool fd_priority(const struct fd_item *item, enum vl_rule_priority *ret);
bool fd_tags(const struct fd_item *item, struct vl_vec *ret); /* adds, each once */
bool fd_exceptions(const struct fd_item *item, bool append, struct vl_vec *ret);

/* {key: append|replace}: keys that may be, and those that are. */
struct fd_override {
    const char *append[RS_KEYS_MAX], *replace[RS_KEYS_MAX];
    unsigned n_append, n_replace;
};
bool fd_override(const struct fd_item *item, const char *const *can_append, const char *const *can_replace,
    struct fd_override *ret);
bool fd_takes(const char *const *keys, struct vl_span key); /* keys: ends with NULL */

/* Warns of keys that are not known. */
void fd_unknown_keys(const struct fd_item *item, const char *const *known);

/* A copy in the arena; an empty span where there is no memory (the arena remembers). */
struct vl_span fd_keep(struct vl_ruleset *set, struct vl_span text);

bool fd_append_tag(struct vl_vec *tags, const char *tag);

#endif
