/* Private: toml++ as a stream of events, for C. The tree is walked in source order. */
#ifndef VL_CODEC_DOC_TOML_SHIM_H
#define VL_CODEC_DOC_TOML_SHIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum doc_toml_kind {
    DOC_TOML_STRING,
    DOC_TOML_INTEGER,
    DOC_TOML_FLOAT,
    DOC_TOML_BOOLEAN,
    DOC_TOML_DATE,
};

/* Line and column in code points, 1-based. */
struct doc_toml_place {
    uint32_t line, column;
};

struct doc_toml_scalar {
    enum doc_toml_kind kind;
    const char *text; /* a string's content, or the value in toml++'s own spelling */
    size_t len;
    int64_t integer;
    struct doc_toml_place begin, end; /* as written in the source */
};

/* Every callback returns >= 0, or a negative value, which ends the walk. */
struct doc_toml_sink {
    void *user;
    int (*open)(void *user, bool table, struct doc_toml_place place);
    int (*close)(void *user);
    int (*key)(void *user, const char *text, size_t len, struct doc_toml_place place);
    int (*scalar)(void *user, const struct doc_toml_scalar *scalar);
};

struct doc_toml_problem {
    char text[256];
    struct doc_toml_place place;
};

enum doc_toml_result { DOC_TOML_OK, DOC_TOML_SYNTAX, DOC_TOML_NOMEM };

/* 0, a sink's negative value, or one of the results above; a syntax error fills *ret_problem. Recurses as
 * deep as the document is nested: the caller has bounded that. */
int doc_toml_read(
    const char *bytes, size_t len, const struct doc_toml_sink *sink, struct doc_toml_problem *ret_problem);

#ifdef __cplusplus
}
#endif

#endif
