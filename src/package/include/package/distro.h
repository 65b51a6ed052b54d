/* How long a distribution is supported. The dates come from content/distro-support.tsv, built in. */
#ifndef VL_PACKAGE_DISTRO_H
#define VL_PACKAGE_DISTRO_H

#include "model/distro.h"

/* Fills support, support_ends_ms and extended_ends_ms (00:00 UTC of the last day, which still counts) for the
 * time `now_ms`. A release without a published end is supported. One that is not in the table is judged by
 * the support_ends_ms that is already there (SUPPORT_END of its own os-release); where that is 0 too it is
 * VL_SUPPORT_UNKNOWN with both dates 0. 1 where there is an answer, else 0. */
int vl_distro_support(struct vl_distro *distro, int64_t now_ms);

#endif
