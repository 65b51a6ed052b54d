/* Whether the program runs under something that watches it: such a program maps memory, makes calls to the
 * kernel and, at its end, traces itself, beyond what its own code does. gcc and clang say it in two ways. */
#ifndef VL_BASE_WATCHED_H
#define VL_BASE_WATCHED_H

#if defined(__SANITIZE_ADDRESS__)
#define VL_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define VL_ADDRESS_SANITIZER 1
#endif
#endif
#ifndef VL_ADDRESS_SANITIZER
#define VL_ADDRESS_SANITIZER 0
#endif

/* By any sanitizer that does so. */
#if VL_ADDRESS_SANITIZER || defined(__SANITIZE_THREAD__)
#define VL_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define VL_SANITIZED 1
#endif
#endif
#ifndef VL_SANITIZED
#define VL_SANITIZED 0
#endif

/* At run time; 0 in a build that knows nothing of valgrind. */
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#define VL_ON_VALGRIND RUNNING_ON_VALGRIND
#else
#define VL_ON_VALGRIND 0
#endif

#endif
