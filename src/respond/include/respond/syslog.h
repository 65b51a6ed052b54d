/* An event as one line of syslog: RFC 5424 with a message in CEF (ArcSight Common Event Format, version 0,
 * implementation standard revision 27), framed by octet counting (RFC 5425 4.3, RFC 6587 3.4.1). */
#ifndef VL_RESPOND_SYSLOG_H
#define VL_RESPOND_SYSLOG_H

#include "respond/event.h"

/* Octets of one message: what receivers of RFC 5425 should take. Longer texts of an event are cut, so that it
 * always fits. */
#define VL_SYSLOG_MAX      8192
#define VL_SYSLOG_FACILITY 10 /* security/authorization messages */

/* "CEF:0|Vallum|vallumd|VERSION|topic|title|severity|rt=… externalId=… cat=… msg=… cs1Label=… cs1=…". Facts
 * beyond the six that CEF has fields for go into msg. */
VL_MUST_CHECK int vl_cef_write(const struct vl_notify_event *event, struct vl_buf *out, struct vl_err *err);

/* The whole message, without its frame. `host`: our own name; one that RFC 5424 does not take becomes "-". */
VL_MUST_CHECK int vl_syslog_write(
    const struct vl_notify_event *event, const char *host, struct vl_buf *out, struct vl_err *err);
/* "LENGTH SP message": for TLS and TCP. UDP takes the bare message. */
VL_MUST_CHECK int vl_syslog_frame(struct vl_span message, struct vl_buf *out, struct vl_err *err);

#endif
