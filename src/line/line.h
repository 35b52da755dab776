/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * line: which line is this? Evidence is gathered on one interface by asking
 * what commits nobody (router solicitation, DHCPv6 SOLICIT, DHCPv4 DISCOVER,
 * PADI) and by looking at our own addresses; the judge is a pure function of
 * it. Every conclusion keeps its reason and how sure it is.
 */
#ifndef KADOMORI_LINE_H
#define KADOMORI_LINE_H

#include "base/addr.h"
#include "base/clock.h"
#include "wire/dhcp4.h"
#include "wire/dhcp6.h"
#include "wire/pppoe.h"
#include "wire/ra.h"

enum vantage {
	AT_GATEWAY,	/* on the wire of the line */
	AT_HOST,	/* behind somebody's router */
};

enum { LINE_ADDRS_MAX = 16 };

struct line_evidence {
	enum vantage at;
	bool link;			/* the interface is up with a carrier */
	bool has_ra;
	struct ra ra;
	struct addr router;		/* its link-local address */
	struct mac router_mac;
	bool has_dhcp6;
	struct dhcp6_answer dhcp6;
	bool has_offer;
	struct dhcp4_offer offer;
	struct mac offer_mac;
	bool has_pado;
	char pppoe_name[PPPOE_NAME_MAX];
	/* global addresses of this machine on the interface */
	struct addr own6[LINE_ADDRS_MAX], own4[LINE_ADDRS_MAX];
	size_t own6_n, own4_n;
	bool asked_seen;		/* an outside server told our address */
	struct addr seen4;
	msec_t took;
};

enum line_v6 {
	V6_UNKNOWN,
	V6_NOTHING,	/* no router answered */
	V6_ONE_64,	/* one /64 by RA, no delegation */
	V6_DELEGATED,	/* a prefix to hand on, by DHCPv6-PD */
	V6_CLOSED,	/* only NTT's closed network: no IPv6 contract */
};
enum line_v4 {
	V4_UNKNOWN,
	V4_NOTHING,	/* no DHCPv4, no PPPoE */
	V4_GLOBAL_DHCP,
	V4_PPPOE,	/* a PPPoE server answers: a session is possible */
	V4_PRIVATE,	/* RFC 1918 */
	V4_CGN,		/* RFC 6598 or 192.0.0.0/29 */
	V4_MAPE,
	V4_DSLITE,
	V4_IPIP,
};
/* "one-64", "mape", ...: for JSON. */
const char *line_v6_id(enum line_v6 v);
const char *line_v4_id(enum line_v4 v);

enum sure { SURE_SEEN, SURE_LIKELY, SURE_GUESS };
const char *sure_id(enum sure s);
const char *sure_words(enum sure s);

enum { REASONS_MAX = 24 };
struct reason {
	enum sure sure;
	char *text;		/* translated sentence */
	const char *source;	/* where the rule comes from, or NULL: seen here */
};

struct line_verdict {
	enum line_v6 v6;
	enum line_v4 v4;
	bool behind_gateway;	/* somebody's router stands in front */
	bool flets;		/* NTT's network */
	char area;		/* 'E', 'W' or 0 */
	const char *service;	/* "v6 Plus", "transix", ... or NULL */
	const char *kind;	/* word for kadomori.conf: "flets-ra", ... or
				   NULL: nothing fits */
	enum sure sure;		/* of kind */
	bool ike6, ike4;	/* can a device be reached by IKE and ESP? */
	bool port500_never;	/* shared IPv4: 500 cannot be among the ports */
	struct reason reasons[REASONS_MAX];
	size_t reason_n;
};

/* Pure. ret is freed by line_verdict_done(). */
void line_judge(const struct line_evidence *e, struct line_verdict *ret);
void line_verdict_done(struct line_verdict *v);

/*
 * Ask on an interface; needs CAP_NET_RAW. Ends `quiet` ms after the last new
 * answer once something answered, at the latest after `most` ms. Solicits are
 * repeated at 1, 3 and 7 s. 0, -ENODEV, -EPERM or another -errno.
 */
int line_gather(const char *ifname, enum vantage at, msec_t quiet, msec_t most,
	struct line_evidence *ret);

/* --- tables (tables.def), each row with its source --- */

struct line_prefix {
	const char *prefix, *service;
	enum line_v4 v4;
	char area;
	bool closed;
	const char *source, *date;
};
/* The longest row that has a; NULL: none. */
const struct line_prefix *line_prefix_find(const struct addr *a);

/* --- MAP-E (RFC 7597 5.1): which ports are the subscriber's --- */

/*
 * Is port in the set of PSID psid? offset: bits of A; psid_len: bits of PSID.
 * A = 0 is never used unless offset is 0.
 */
bool mape_has_port(unsigned offset, unsigned psid_len, unsigned psid,
	uint16_t port);
/* Can the port be in the set of any subscriber? */
bool mape_possible(unsigned offset, unsigned psid_len, uint16_t port);
/* How many ports one subscriber has. */
unsigned mape_count(unsigned offset, unsigned psid_len);

#endif
