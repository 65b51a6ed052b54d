/* An event as a mail: RFC 5322, MIME (RFC 2045 to 2047), plain text and HTML. */
#ifndef VL_RESPOND_MAIL_H
#define VL_RESPOND_MAIL_H

#include "respond/event.h"

#define VL_MAIL_MAX         (1024UL * 1024) /* bytes of one */
#define VL_MAIL_ADDRESS_MAX 254             /* RFC 5321 4.5.3.1.3, less the brackets */
#define VL_MAIL_LOCAL_MAX   64              /* 4.5.3.1.1 */
#define VL_MAIL_SUBJECT_MAX 300             /* bytes; longer titles are cut */
#define VL_MAIL_HELD_MAX    50              /* that one mail names; more are counted */

/* One address that we write to or from: a dot-atom on each side of "@", ASCII (RFC 5321 4.1.2 without quoted
 * names and address literals). What else there may be in the world is refused: it is where injection lives.
 */
bool vl_mail_address_is(struct vl_span address);

/* What was held back by a limit since the last mail to that address. */
struct vl_mail_held {
    const char *subject;
    enum vl_severity severity;
    int64_t at;
};

struct vl_mail {
    const char *from, *to; /* addresses as vl_mail_address_is() takes them */
    const char *domain;    /* of the message id: our own name */
    const struct vl_notify_event *event;
    const struct vl_mail_held *held;
    size_t n_held;       /* at most VL_MAIL_HELD_MAX of them */
    uint64_t total_held; /* all */
    int64_t now;         /* of this try, ms: Date */
};

/* The whole message, lines end with CR LF, none longer than 78 bytes but a header that has no place to fold.
 * The message id is "<EVENT.ID@domain>". */
VL_MUST_CHECK int vl_mail_write(const struct vl_mail *mail, struct vl_buf *out, struct vl_err *err);

/* --- parts, for tests --- */

/* "Name: " and `text` as an unstructured header, folded; encoded words where it is not plain ASCII. */
void vl_mail_header(struct vl_buf *out, const char *name, const char *text);
/* Quoted-printable of a text whose lines end with LF. */
void vl_mail_quoted_printable(struct vl_buf *out, struct vl_span text);
/* "Sat, 28 Nov 2026 02:30:00 +0000" */
void vl_mail_date(struct vl_buf *out, int64_t ms);

#endif
