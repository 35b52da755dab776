/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KADOMORI_CMD_STATUS_H
#define KADOMORI_CMD_STATUS_H

#include "base/base.h"
#include <jansson.h>

/* Devices' IKE and ESP over IPv4; prints nothing where there is none. */
void status_print_ipsec(const json_t *status);
/* The fast path: per interface native, tc or off, and why. */
void status_print_fast(const json_t *status);

#endif
