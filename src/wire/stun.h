/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * STUN (RFC 8489) as far as NAT behaviour needs it (RFC 5780): a Binding
 * request with or without CHANGE-REQUEST and padding, and what the answer says
 * of addresses. No credentials, no integrity: nothing here is trusted.
 */
#ifndef KADOMORI_WIRE_STUN_H
#define KADOMORI_WIRE_STUN_H

#include "base/addr.h"
#include "base/rd.h"

enum { STUN_ID_LEN = 12, STUN_HEAD_LEN = 20, STUN_PORT = 3478 };
enum { STUN_CHANGE_PORT = 2, STUN_CHANGE_IP = 4 }; /* RFC 5780 7.2 */

struct stun_addr {
	enum family fam; /* FAM_NONE: not there */
	struct addr addr;
	uint16_t port;
};

struct stun_answer {
	struct stun_addr mapped; /* XOR-MAPPED-ADDRESS, else MAPPED-ADDRESS */
	struct stun_addr other;	 /* OTHER-ADDRESS (or CHANGED-ADDRESS) */
	struct stun_addr origin; /* RESPONSE-ORIGIN (or SOURCE-ADDRESS) */
	uint16_t error;		 /* 300..699 in an error response, else 0 */
};

/*
 * A Binding request. change: STUN_CHANGE_* or 0; total: fill the message to so
 * many bytes, 0: do not. Filled with an attribute that a server must ignore
 * (RFC 8489 14): PADDING (RFC 5780 7.6) makes coturn answer with more than
 * 1500 bytes, which over IPv6 never arrive. 0 or -EMSGSIZE.
 */
int stun_request(struct wr *w, const uint8_t id[STUN_ID_LEN], unsigned change,
	size_t total);
/* A success or error response to id. 0 or -EBADMSG. */
int stun_parse(const uint8_t *p, size_t n, const uint8_t id[STUN_ID_LEN],
	struct stun_answer *ret);

#endif
