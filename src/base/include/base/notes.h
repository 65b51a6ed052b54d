/* Notes: what went wrong beside the main result: an unreadable file, a damaged database, a limit that cut
 * something.
 *
 * A library that can go on after a problem says so here instead of logging: the caller shows the notes and
 * calls the result partial. The list is bounded; what did not fit is counted, never dropped in silence. */
#ifndef VL_BASE_NOTES_H
#define VL_BASE_NOTES_H

#include "base/arena.h"
#include "base/err.h"

#define VL_NOTES_MAX 1000

enum vl_note_kind {
    VL_NOTE_INFO,    /* worth knowing, nothing is missing */
    VL_NOTE_PARTIAL, /* a part of the result is missing because of this */
};

struct vl_note {
    enum vl_note_kind kind;
    enum vl_err_code code;
    const char *object;  /* path, URL, record id … */
    const char *message; /* one sentence, no trailing newline */
};

struct vl_notes {
    struct vl_arena *arena; /* lent: holds the texts */
    struct vl_note *items;  /* owned */
    size_t len;
    size_t cap;
    uint64_t dropped; /* notes beyond VL_NOTES_MAX */
    bool partial;     /* some note was VL_NOTE_PARTIAL */
};

void vl_notes_init(struct vl_notes *notes, struct vl_arena *arena);
void vl_notes_done(struct vl_notes *notes); /* also for VL_CLEANUP */

/* Copies object and message. Never fails: where there is no memory the note is counted in `dropped`. */
VL_PRINTF(5, 6)
void vl_notes_add(struct vl_notes *notes, enum vl_note_kind kind, enum vl_err_code code, const char *object,
    const char *fmt, ...);

/* Adds an error as VL_NOTE_PARTIAL and clears it. */
void vl_notes_add_err(struct vl_notes *notes, const char *object, struct vl_err *err);

#endif
