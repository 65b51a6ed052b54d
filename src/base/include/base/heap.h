/* The heap of a program that takes many megabytes within milliseconds and ends: a fault for each 4 KiB, and
 * giving the pages back one by one, cost it more than most of what it computes. */
#ifndef VL_BASE_HEAP_H
#define VL_BASE_HEAP_H

#include "base/compiler.h"

#define VL_HEAP_HUGE \
    (32UL * 1024 * 1024) /* of address space; memory is taken as it is used, 2 MiB at a time */

/* Puts the next VL_HEAP_HUGE bytes of malloc() on huge pages where the system has them, and keeps what is
 * freed. For main(), once, before threads are started: it speaks for the whole process. Only a hint; it
 * cannot fail. */
void vl_heap_prepare(void);

#endif
