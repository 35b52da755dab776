/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * line: which line is this? Evidence is gathered by asking what commits nobody:
 * on the wire (router solicitation, DHCPv6 SOLICIT, DHCPv4 DISCOVER, PADI),
 * at the line's own name servers, at a provisioning server they name, at a
 * STUN server. The judge is a pure function of it. Every conclusion keeps its
 * reason, where the rule comes from and how sure it is.
 */
#ifndef KADOMORI_LINE_H
#define KADOMORI_LINE_H

#include "base/addr.h"
#include "base/clock.h"
#include "base/text.h"
#include "wire/dhcp4.h"
#include "wire/dhcp6.h"
#include "wire/pppoe.h"
#include "wire/ra.h"
#include "wire/stun.h"

enum vantage {
	AT_GATEWAY,	/* on the wire of the line */
	AT_HOST,	/* behind somebody's router */
};

enum sure { SURE_SEEN, SURE_LIKELY, SURE_GUESS };
const char *sure_id(enum sure s);
const char *sure_words(enum sure s);

/* What a provider sells; stable, the order is tables.def's and doctor's. */
enum line_service {
	SVC_NONE,
	SVC_FLETS,	/* NTT's own closed network */
	SVC_V6PLUS, SVC_OCN, SVC_BIGLOBE, SVC_NURO,	/* MAP-E */
	SVC_TRANSIX, SVC_XPASS, SVC_V6CONNECT,		/* DS-Lite */
	SVC_AU, SVC_JCOM, SVC_EO,
	SVC_OTHER,	/* named by the line itself, not in our tables */
};
#define LINE_SERVICE_MAX (SVC_OTHER + 1)
const char *line_service_id(enum line_service s);   /* "v6plus": JSON */
const char *line_service_name(enum line_service s); /* "v6 Plus (JPIX)" */

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
	V4_CGN,		/* RFC 6598, or a NAT of the carrier's was seen */
	V4_MAPE,
	V4_DSLITE,
	V4_IPIP,
	V4_ONE_NAT,	/* behind one router that has a global address */
};
/* "one-64", "map-e", ...: for JSON. */
const char *line_v6_id(enum line_v6 v);
const char *line_v4_id(enum line_v4 v);

/* --- MAP-E (mape.c): whose port is it? ----------------------------------- */

/*
 * Is port in the set of PSID psid (RFC 7597 5.1)? offset: bits of A; psid_len:
 * bits of PSID. A = 0 is never used unless offset is 0.
 */
bool mape_has_port(unsigned offset, unsigned psid_len, unsigned psid,
	uint16_t port);
/* Can the port be in the set of any subscriber? */
bool mape_possible(unsigned offset, unsigned psid_len, uint16_t port);
/* The one PSID that has the port; only when mape_possible(). */
unsigned mape_owner(unsigned offset, unsigned psid_len, uint16_t port);
/* How many ports one subscriber has. */
unsigned mape_count(unsigned offset, unsigned psid_len);
/* Block a (1, or 0 with offset 0, upwards) of the set: first and last port.
 * false: there is no such block. */
bool mape_block(unsigned offset, unsigned psid_len, unsigned psid, unsigned a,
	uint16_t *lo, uint16_t *hi);

/* One home's part of a shared address. */
struct mape {
	bool known;		/* offset and psid_len are meant */
	uint8_t offset, psid_len;
	bool has_psid, has_ipv4, has_br;
	uint16_t psid;
	struct addr ipv4, br;
	enum sure sure;
	const char *source;	/* of the rule; not owned */
};

/* A basic mapping rule (RFC 7597 5.2). prefix4_len 33: not known. */
struct mape_rule {
	struct addr prefix6, prefix4;
	uint8_t prefix6_len, prefix4_len, ea_len, psid_len, offset;
};
/*
 * The home whose delegated prefix begins with a, by the rule: its PSID and,
 * where the rule's IPv4 side is known, its address. 0, or -EINVAL: a is not
 * under the rule, or the rule's lengths do not fit together.
 */
int mape_of_rule(const struct mape_rule *r, const struct addr *a,
	struct mape *ret);
/* The same by the public tables (mape.def): never more than likely. -ENOENT. */
int mape_of_table(const struct addr *a, struct mape *ret);

/* --- tables, each row with its source and day ------------------------------ */

struct line_prefix {
	const char *prefix;
	enum line_service service;
	enum line_v4 v4;
	char area;
	bool closed;
	enum sure sure;		/* LIKELY or GUESS: a prefix proves nothing */
	const char *source, *date;
};
/* The longest row that has a; NULL: none. */
const struct line_prefix *line_prefix_find(const struct addr *a);

/* Names asked at the line's own servers (names.def). */
enum line_name_way {
	NAME_INSIDE,	/* resolves only inside that network */
	NAME_REACHED,	/* resolves anywhere; reaching it tells */
	NAME_CLOSED,	/* tells when its address is in the closed network */
	NAME_ROUTER,	/* a home router answers for itself, with a private one */
};
struct line_name {
	const char *name;
	enum line_name_way way;
	enum family fam;
	enum line_service service;
	enum line_v4 v4;
	char area;
	const char *source, *date;
};
enum { LINE_NAMES = 6 };
extern const struct line_name line_names[LINE_NAMES];

/* Ends of reverse names ("...v4.enabler.ne.jp"). NULL: none. */
struct line_reverse {
	const char *end;
	enum line_service service;
	const char *source, *date;
};
const struct line_reverse *line_reverse_find(const char *name);

/* --- evidence ---------------------------------------------------------------- */

enum { LINE_ADDRS_MAX = 16, LINE_DNS_MAX = 6, LINE_NAME_MAX = 256,
	LINE_HOPS_MAX = 4 };

/* What one family's STUN server told (RFC 5780 4.3, 4.4). */
enum stun_behaviour { STUN_UNTOLD, STUN_ENDPOINT, STUN_ADDRESS, STUN_PORTWISE };
struct line_stun {
	bool asked, answered, lies; /* lies: an address that cannot be outside */
	struct stun_addr self, seen;
	bool nat;		/* seen is not self */
	bool port_kept;
	enum stun_behaviour mapping, filtering;
	size_t mtu;		/* largest datagram (IP) answered; 0: not tried */
	bool black_hole;	/* large ones vanish, nobody says so */
};
const char *stun_behaviour_id(enum stun_behaviour b);	 /* JSON */
const char *stun_behaviour_words(enum stun_behaviour b); /* user's language */

/* Who answers for the first hops (ICMP time exceeded). */
struct line_hops {
	bool asked;
	size_t n;		/* hops looked at */
	struct addr hop[LINE_HOPS_MAX]; /* zero: silent */
};

enum hb46pp_end {
	HB_UNASKED,
	HB_NO_LIBRARY,	/* libcurl is not there to ask it with */
	HB_NONE,	/* the name servers know no provisioning server */
	HB_TXT_BAD,	/* a TXT that is not of the protocol */
	HB_REFUSED,	/* an address no provisioning server can have */
	HB_SILENT,	/* named, but it does not answer */
	HB_CERT,	/* its certificate is not good */
	HB_HTTP,	/* an HTTP status that is no answer */
	HB_JSON_BAD,	/* an answer that is not of the protocol */
	HB_GOOD,
};
const char *hb46pp_end_id(enum hb46pp_end e);
enum { HB_METHODS_MAX = 6, HB_WORD_MAX = 64, HB_URL_MAX = 512 };

/* v6pc/v6mig-prov 3.1, 3.4. Strings are printable, shortened to fit. */
struct hb46pp {
	enum hb46pp_end end;
	bool checked;		/* the certificate was checked and is good */
	unsigned status;	/* HTTP */
	char url[HB_URL_MAX];
	char enabler[HB_WORD_MAX], service[HB_WORD_MAX], isp[HB_WORD_MAX];
	uint32_t ttl_s;
	enum line_v4 order[HB_METHODS_MAX]; /* V4_UNKNOWN: 464XLAT, MAP-T */
	size_t order_n;
	char aftr[LINE_NAME_MAX];
	bool has_ipip;
	struct addr ipip4;
	uint8_t ipip4_len;
	size_t rule_n;		/* MAP-E rules that were there */
	bool has_rule;		/* one of them is ours */
	struct mape_rule rule;
	bool has_br;
	struct addr br;
};

struct line_names_seen {
	bool asked;		/* there were servers to ask */
	bool answered;		/* one of them answered something */
	bool liar;		/* a name that cannot exist resolved */
	struct addr server;	/* the first one asked */
	enum family server_fam;
	struct {
		bool there, reached;
		struct addr addr;
	} name[LINE_NAMES];
	char reverse[LINE_NAME_MAX]; /* of our address outside, or "" */
};

/* What the kernel itself knows; needs no rights (local.c). */
struct line_local {
	uint32_t mtu, mtu6;	/* of the link; as the RA said */
	bool has_router6, has_router4, has_router6_mac, has_router4_mac;
	bool by_ra;		/* the default route came by RA */
	struct addr router6, router4;
	struct mac router6_mac, router4_mac;
	bool has_prefix;	/* an on-link /64 that came by RA */
	struct addr prefix;
	struct addr dns[LINE_DNS_MAX]; /* resolv.conf */
	enum family dns_fam[LINE_DNS_MAX];
	size_t dns_n;
	char search[LINE_NAME_MAX]; /* resolv.conf, printable */
};

struct line_evidence {
	enum vantage at;
	char ifname[16];
	bool link;		/* the interface is up with a carrier */
	bool raw;		/* the wire was asked (needs CAP_NET_RAW) */
	bool ppp;		/* the interface is a PPP session: nothing to ask */
	bool has_ra;
	struct ra ra;
	struct addr router;	/* its link-local address */
	struct mac router_mac;
	unsigned other_routers;	/* more that advertise, of another address */
	bool has_dhcp6;
	struct dhcp6_answer dhcp6;
	bool has_info;		/* the answer without a wish for a prefix */
	struct dhcp6_answer info;
	unsigned other_dhcp6;
	bool has_offer;
	struct dhcp4_offer offer;
	struct mac offer_mac;
	unsigned other_offers;
	struct dhcp4_offer offer2; /* of another server */
	bool has_pado;
	char pppoe_name[PPPOE_NAME_MAX];
	/* global addresses of this machine on the interface */
	struct addr own6[LINE_ADDRS_MAX], own4[LINE_ADDRS_MAX];
	size_t own6_n, own4_n;
	struct line_local local;
	struct line_names_seen names;
	struct hb46pp hb;
	struct line_stun stun4, stun6;
	struct line_hops hops;
	bool outside_died;	/* a step of the outside look ended early */
	msec_t took;
};

/* The link's own wish for IPv6: global unicast, 2000::/3. */
bool line_is_global6(const struct addr *a);
bool line_is_private4(const struct addr *a);	/* RFC 1918 */
bool line_is_cgn4(const struct addr *a);	/* RFC 6598 */
bool line_is_aftr4(const struct addr *a);	/* 192.0.0.0/29, RFC 6333 */
/* Neither private nor shared nor reserved. */
bool line_is_global4(const struct addr *a);
/* The address that tells the service: delegated, announced or our own. */
bool line_telling_addr(const struct line_evidence *e, struct addr *ret);

/* --- the verdict --------------------------------------------------------------- */

enum line_access {
	ACC_UNKNOWN,
	ACC_FLETS,	/* FLET'S without Hikari Denwa, bare */
	ACC_FLETS_PHONE, /* with, bare */
	ACC_CROSS,	/* FLET'S Hikari Cross, bare */
	ACC_HGW_PHONE,	/* behind an NTT home gateway with Hikari Denwa */
	ACC_HGW_NO_PHONE, /* without: its IPv6 filter may not work */
	ACC_HOME_ROUTER, /* behind some router */
	ACC_NURO, ACC_AU, ACC_JCOM, ACC_EO,
	ACC_DHCP4,	/* native IPv4 by DHCP, no more known */
	ACC_PPPOE,	/* only PPPoE answers */
	ACC_PRIVATE4,	/* a building's or carrier's private IPv4 */
};
#define LINE_ACCESS_MAX (ACC_PRIVATE4 + 1)
const char *line_access_id(enum line_access a);	  /* JSON */
const char *line_access_words(enum line_access a); /* user's language */

enum { REASONS_MAX = 40 };
struct reason {
	const char *from;	/* which evidence: "ra", "dhcp6", ...: stable */
	enum sure sure;
	char *text;		/* translated sentence */
	const char *source;	/* where the rule comes from, or NULL: seen here */
};

struct line_verdict {
	enum line_access access;
	enum sure access_sure;
	enum line_v6 v6;
	enum line_v4 v4;
	enum sure v4_sure;
	enum line_service service;
	enum sure service_sure;
	char service_name[HB_WORD_MAX]; /* of SVC_OTHER */
	bool behind_gateway;	/* somebody's router stands in front */
	bool ntt_gateway;	/* it is NTT's */
	bool v6_past_router;	/* IPv6 comes past it: nothing filters it there */
	bool double_nat;
	bool flets;		/* NTT's network */
	bool conflict;		/* pieces of evidence contradict each other */
	char area;		/* 'E', 'W' or 0 */
	const char *kind;	/* word for kadomori.conf: "flets-ra", ... or
				   NULL: nothing fits */
	enum sure sure;		/* of kind */
	struct mape mape;
	bool pppoe;		/* a PPPoE server answers beside it */
	unsigned mtu;		/* for the device's packets; 0: not known */
	bool ike6, ike4;	/* can a device be reached by IKE and ESP? */
	bool natt4;		/* only outbound, by UDP 4500 */
	bool port500_never;	/* shared IPv4: 500 cannot be among the ports */
	struct reason reasons[REASONS_MAX];
	size_t reason_n;
};

/* Pure. ret is freed by line_verdict_done(). */
void line_judge(const struct line_evidence *e, struct line_verdict *ret);
void line_verdict_done(struct line_verdict *v);
/* What it means for the device, a sentence a line, in the user's language. */
void line_meaning(const struct line_verdict *v, struct text *ret);
/* The port set as a computation, a line each; nothing when no MAP is known. */
void line_mape_words(const struct mape *m, struct text *ret);

/* --- gathering -------------------------------------------------------------------- */

/*
 * Where packets leave this machine, and from where it looks at the line: a
 * machine that forwards is a gateway. 0, or -ENODEV: no default route.
 */
int line_way_out(char ifname[16], enum vantage *at);

/* What the kernel knows of the interface; sends nothing. 0 or -ENODEV. */
int line_local(const char *ifname, struct line_evidence *ret);

/*
 * Ask on the wire; needs CAP_NET_RAW (-EPERM, ret keeps what line_local()
 * found). Ends `quiet` ms after the last new answer once something answered
 * and nothing is owed, at the latest after `most` ms. Solicits are repeated at
 * 1, 3 and 7 s. 0, -ENODEV, -EPERM or another -errno.
 */
int line_gather(const char *ifname, enum vantage at, msec_t quiet, msec_t most,
	struct line_evidence *ret);

/* --- outside (outside.c): names, HB46PP, STUN, the first hops ----------------- */

struct line_want {
	const char *ifname;
	enum vantage at;
	msec_t quiet, most;	/* of line_gather() */
	bool local_only;	/* nothing is asked beyond the wire */
	const char *stun;	/* HOST or HOST:PORT, or NULL: none is asked */
	const char *ca;		/* a file of authorities to trust, or NULL: the
				   system's */
};

/*
 * All evidence: the wire (where that is permitted), the line's own name
 * servers, the provisioning server they name, the STUN server, the first hops.
 * What talks to strangers outside runs in processes of its own that can write
 * no file and, when we are root, are nobody. Without CAP_NET_RAW the wire is
 * left out (ret->raw). 0, -ENODEV or another -errno.
 */
int line_look(const struct line_want *w, struct line_evidence *ret);

#endif
