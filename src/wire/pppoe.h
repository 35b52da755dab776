/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PPPoE discovery (RFC 2516): PADI out, PADO in, and no session ever. */
#ifndef KADOMORI_WIRE_PPPOE_H
#define KADOMORI_WIRE_PPPOE_H

#include "base/rd.h"

enum { PPPOE_PADI = 0x09, PPPOE_PADO = 0x07, PPPOE_NAME_MAX = 64 };

/* Payload of the Ethernet frame: any service, Host-Uniq tag. 0 or -EMSGSIZE. */
int pppoe_padi(struct wr *w, uint32_t host_uniq);
/*
 * A PADO that answers host_uniq; name is the access concentrator's, unprintable
 * characters as '?'. 0 or -EBADMSG.
 */
int pppoe_pado(const uint8_t *p, size_t n, uint32_t host_uniq,
	char name[PPPOE_NAME_MAX]);

#endif
