/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DHCPv6 as far as a line's kind needs it: a SOLICIT that commits nobody, and
 * what the ADVERTISE says: delegated prefix, AFTR name (RFC 6334), MAP
 * containers (RFC 7598), DNS.
 */
#ifndef KADOMORI_WIRE_DHCP6_H
#define KADOMORI_WIRE_DHCP6_H

#include "base/addr.h"
#include "base/rd.h"

enum { DHCP6_SOLICIT = 1, DHCP6_ADVERTISE = 2, DHCP6_REPLY = 7,
	DHCP6_INFORM = 11 };
enum { DHCP6_DUID_LL = 3, DHCP6_NO_PREFIX = 6 };
enum { DHCP6_NAME_MAX = 256, DHCP6_DNS_MAX = 4, DHCP6_RULES_MAX = 4 };

/* One S46 rule (RFC 7598 4.1): the IPv4 side that the line shares. */
struct dhcp6_s46_rule {
	uint8_t ea_len, prefix4_len, prefix6_len;
	struct addr prefix4, prefix6;
	bool has_ports;		/* offset, psid_len and psid were said */
	uint8_t offset, psid_len;
	uint16_t psid;
};

struct dhcp6_answer {
	uint8_t type;
	uint32_t xid;
	bool has_prefix;
	struct addr prefix;
	uint8_t prefix_len;
	uint32_t valid_s;
	uint16_t status;	/* of the IA_PD or the message */
	uint16_t duid_type;	/* of the server; 0: not said */
	bool has_server_mac;	/* its DUID carries one (LL, LLT) */
	struct mac server_mac;
	struct addr dns[DHCP6_DNS_MAX];
	size_t dns_n;
	char aftr[DHCP6_NAME_MAX];	/* "" or a name, printable characters */
	char search[DHCP6_NAME_MAX];	/* the first name of the search list */
	bool mape, mapt, lw4o6;		/* containers that were there */
	bool has_br;			/* S46_BR (RFC 7598 4.2) */
	struct addr br;
	struct dhcp6_s46_rule rule[DHCP6_RULES_MAX];
	size_t rule_n;
};

/* UDP payload of a SOLICIT with IA_PD, DUID-LL of mac. 0 or -EMSGSIZE. */
int dhcp6_solicit(struct wr *w, uint32_t xid, const struct mac *mac);
/* The same questions without a wish for a prefix (RFC 8415 18.2.6). */
int dhcp6_inform(struct wr *w, uint32_t xid, const struct mac *mac);
/* UDP payload of an answer. 0 or -EBADMSG. What is over the limits is left out. */
int dhcp6_parse(const uint8_t *p, size_t n, struct dhcp6_answer *ret);

/*
 * A name in DNS wire form (no compression) into dotted text; anything that is
 * not letter, digit, '-', '_' or '.' becomes '?'. Returns 0 or -EBADMSG.
 */
int dns_name_text(struct rd *r, char *buf, size_t n);

#endif
