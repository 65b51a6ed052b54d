/* Which distribution a target is: os-release and its older relatives. */
#ifndef VL_PACKAGE_OS_RELEASE_H
#define VL_PACKAGE_OS_RELEASE_H

#include "package/parser.h"

/* How much a source is believed; a higher one wins, a lower one only fills what is missing. */
enum os_release_rank {
    OS_RANK_DEBIAN_VERSION = 10, /* derivatives keep Debian's */
    OS_RANK_REDHAT_RELEASE = 20, /* derivatives keep a copy that names Red Hat */
    OS_RANK_SYSTEM_RELEASE = 30,
    OS_RANK_LSB_RELEASE = 40,
    OS_RANK_OWN_FILE = 50, /* centos-release, alpine-release … */
    OS_RANK_WINDOWS = 60,
    OS_RANK_USR_LIB = 90,
    OS_RANK_ETC = 100,
};

/* Offers a distribution to the sink. NULL strings count as "". Strings are copied. */
VL_MUST_CHECK int os_release_offer(struct vl_package_sink *sink, const struct vl_distro *distro,
    enum os_release_rank rank, const char *what, struct vl_err *err);

extern const struct vl_package_parser os_parser_os_release;
extern const struct vl_package_parser os_parser_release; /* all the others */

#endif
