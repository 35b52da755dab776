/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rooms that decide take the time as an argument; only loop and cmd ask the
 * clock. Milliseconds on CLOCK_BOOTTIME (goes on in suspend, never jumps).
 */
#ifndef KADOMORI_BASE_CLOCK_H
#define KADOMORI_BASE_CLOCK_H

#include <stdint.h>

typedef int64_t msec_t;

msec_t clock_ms(void);
int64_t clock_ns(void);

#endif
