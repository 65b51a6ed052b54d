#include "base/notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define MESSAGE_MAX 2048

void vl_notes_init(struct vl_notes *notes, struct vl_arena *arena)
{
    *notes = (struct vl_notes){.arena = arena};
}

void vl_notes_done(struct vl_notes *notes)
{
    free(notes->items);
    notes->items = NULL;
    notes->len = notes->cap = 0;
}

static struct vl_note *push(struct vl_notes *notes)
{
    if (notes->len >= VL_NOTES_MAX)
        return NULL;
    if (notes->len == notes->cap) {
        size_t cap = notes->cap ? notes->cap * 2 : 8;
        struct vl_note *items = reallocarray(notes->items, cap, sizeof(*items));
        if (!items)
            return NULL;
        notes->items = items;
        notes->cap = cap;
    }
    return &notes->items[notes->len];
}

void vl_notes_add(struct vl_notes *notes, enum vl_note_kind kind, enum vl_err_code code, const char *object,
    const char *fmt, ...)
{
    char message[MESSAGE_MAX];
    va_list args;
    va_start(args, fmt);
    vsnprintf(message, sizeof(message), fmt, args);
    va_end(args);
    if (kind == VL_NOTE_PARTIAL)
        notes->partial = true;
    struct vl_note *note = push(notes);
    const char *object_copy = note ? vl_arena_strdup(notes->arena, object) : NULL;
    const char *message_copy = object_copy ? vl_arena_strdup(notes->arena, message) : NULL;
    if (!message_copy) {
        notes->dropped++;
        return;
    }
    *note = (struct vl_note){kind, code, object_copy, message_copy};
    notes->len++;
}

void vl_notes_add_err(struct vl_notes *notes, const char *object, struct vl_err *err)
{
    vl_notes_add(notes, VL_NOTE_PARTIAL, err->code, object, "%s", err->msg);
    vl_err_clear(err);
}
