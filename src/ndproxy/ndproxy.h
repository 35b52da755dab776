/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ndproxy: neighbour proxy, RA client and RA server for a home whose line gives
 * one /64 by RA. It answers for the hosts of the LAN on the WAN (RFC 4861
 * 7.2.8), follows the line's RA and sends one of its own, and keeps the table
 * of hosts that routes, neighbours and firewall sets are made of. On a line
 * with a delegated prefix (proxy = false) table and RA stay, the answers go.
 *
 * Pure: events and the time go in, actions come out through one function; no
 * clock, no socket, no memory after np_new().
 *
 *	frames ─▶ np_frame ─┐                     ┌─▶ send NS, NA, RS, RA
 *	timers ─▶ np_tick  ─┼─▶ hosts, proxy      ┼─▶ neighbour, route, address
 *	links, kernel, file ┘   RA client, server └─▶ nftables sets, joins, log
 *
 * Port 0 is the WAN, 1.. are LAN ports; port 1 is the primary LAN, which owns
 * the on-link /64.
 */
#ifndef KADOMORI_NDPROXY_H
#define KADOMORI_NDPROXY_H

#include "base/addr.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/text.h"
#include "wire/nd.h"

enum { NP_WAN = 0, NP_PORT_MAX = 9, NP_PIN_MAX = 64 };

enum host_state {
	HOST_FREE,
	HOST_TENTATIVE,	/* claimed, not yet confirmed by an answer to us */
	HOST_PROBING,	/* asked for from outside, never seen */
	HOST_LIVE,
	HOST_IDLE,
	HOST_CHECK,	/* asked after; still answered for */
	HOST_GONE,	/* silent; "seen before" unless the seen bit is off */
	HOST_CONTEST,	/* somebody else claims it; the owner is asked */
};
#define HOST_STATE_MAX (HOST_CONTEST + 1)
const char *host_state_name(enum host_state s);

enum evidence { EV_NONE, EV_DAD, EV_NS, EV_NA, EV_ANSWER, EV_KERNEL, EV_FLOW,
	EV_LEASE, EV_SAVED };
#define EVIDENCE_MAX (EV_SAVED + 1)
const char *evidence_name(enum evidence e);

enum np_count {
	C_NS_WAN, C_NS_LAN, C_NA_WAN, C_NA_LAN, C_DAD_WAN, C_DAD_LAN,
	C_ANSWERED, C_DEFENDED, C_KEPT, C_UNKNOWN_OVER_BUDGET,
	C_UNKNOWN_PROBED, C_QUESTIONS_FULL, C_OUTSIDE_PREFIX, C_OWN_TARGET,
	C_NEGATIVE, C_MCAST_BUDGET, C_LAN_MCAST, C_LAN_UCAST, C_CONTEST,
	C_CONTEST_KEPT, C_CONTEST_LOST, C_PIN_ALARM, C_MAC_QUOTA, C_PORT_QUOTA,
	C_TABLE_FULL, C_CLAIM_BUDGET, C_EVICTED, C_ROGUE_RA, C_ROGUE_REDIRECT,
	C_LOOP, C_DAD_RELAYED, C_RA_IN, C_RA_OUT, C_RS_IN, C_RS_OUT, C_RA_BAD,
	C_BORN, C_GONE, C_MOVED, C_ANNOUNCED,
	/* what is left undone, each with its reason */
	C_OWN_ECHO, C_LOOP_DROPPED, C_RS_WAN, C_RS_OVER_BUDGET,
	C_DAD_RELAY_OVER_BUDGET, C_DAD_ECHO, C_PREFIX_REFUSED, C_PREFIX_FULL,
	C_ROUTER_OTHER, C_CLAIM_MULTICAST, C_CLAIM_OUTSIDE, C_FLOW_OTHER_MAC,
};
#define NP_COUNT_MAX (C_FLOW_OTHER_MAC + 1)
const char *np_count_name(enum np_count c);

enum np_set { SET_KNOWN, SET_PINNED, SET_WANHOSTS };
#define NP_SET_MAX (SET_WANHOSTS + 1)

/* What a filter in front of our socket may do by itself with a solicitation
 * for an address on the WAN (dataplane/nd-map.h has the same values). */
enum np_shield {
	SHIELD_ANSWER = 1,	/* answer it */
	SHIELD_TELL = 2,	/* and let it through: the host must be asked */
	SHIELD_ASKED = 4,	/* remembered or looked for: let it through */
	SHIELD_OURS = 8,	/* the gateway's own address */
	SHIELD_HEARD = 16,	/* a source that needs no new evidence */
};

enum np_act {
	ACT_SEND,	/* frame, frame_len out of port */
	ACT_NEIGH_SET,	/* port addr mac; on WAN with pin: the router */
	ACT_NEIGH_DEL,
	ACT_ROUTE_SET,	/* addr/len on port, via gate unless zero (len 0) */
	ACT_ROUTE_DEL,
	ACT_ADDR_SET,	/* addr/len on port, lifetimes in seconds */
	ACT_ADDR_DEL,
	ACT_SET_ADD,	/* set addr */
	ACT_SET_DEL,
	ACT_JOIN,	/* the solicited-node group of addr on port */
	ACT_LEAVE,
	ACT_MTU,	/* of port */
	ACT_SHIELD,	/* addr: value, bits of np_shield; 0: no more */
	ACT_SHIELD_PORT, /* value: on; mac and addr (link-local) of the WAN */
	ACT_SAY,	/* an event for the log: say, addr, mac, port */
};

enum np_say { SAY_CONTEST_KEPT, SAY_MOVED, SAY_PIN_ALARM, SAY_ROGUE_RA,
	SAY_LOOP, SAY_ROUTER, SAY_ROUTER_LOST, SAY_PREFIX, SAY_PREFIX_OLD,
	SAY_ROUTER_MUTE, SAY_PROXIED_RA, SAY_FLOW_OTHER_MAC };
#define NP_SAY_MAX (SAY_FLOW_OTHER_MAC + 1)

struct np_action {
	enum np_act what;
	uint8_t port;
	struct addr addr, gate;
	uint8_t len;
	struct mac mac;
	bool pin;	/* NEIGH_SET: permanent, the router is mute */
	uint32_t valid_s, preferred_s, value;
	enum np_set set;
	enum np_say say;
	const uint8_t *frame;
	size_t frame_len;
};

struct np_pin {
	bool has_mac, has_iid;
	struct mac mac;
	struct addr iid;	/* low 64 bits */
};

struct np_conf {
	unsigned lan_n;		/* LAN ports 1..lan_n */
	bool proxy;		/* false: delegated prefixes, table and RA only */
	bool relay_dad;		/* LAN DAD to the WAN even if nobody is there */
	bool override;		/* O=1 in unsolicited NA (odhcpd #25) */
	bool shield;		/* ACT_SHIELD is wanted */
	bool other_config;	/* O flag in our RA */
	struct addr rdnss[2];	/* announced; none: the gateway's own address */
	size_t rdnss_n;
	struct np_pin pin[NP_PIN_MAX];
	size_t pin_n;
};

struct np;

/* act is called from inside the functions below; what a points to lives only
 * during the call. now0 starts the clock. Caller: np_free. */
struct np *np_new(const struct np_conf *c, struct hash_key key, msec_t now0,
	void (*act)(void *, const struct np_action *), void *arg);
void np_free(struct np *np);
/* Link up, or its MAC, link-local address or MTU changed. */
void np_port_up(struct np *np, msec_t now, unsigned port,
	const struct mac *mac, const struct addr *ll, uint32_t mtu);
void np_port_down(struct np *np, msec_t now, unsigned port);
/* The gateway's own addresses: never learnt, never proxied. */
void np_own(struct np *np, const struct addr *v, size_t n);
/* A frame as the socket gave it; every refusal is counted. */
void np_frame(struct np *np, msec_t now, unsigned port, const uint8_t *f,
	size_t n);
/* The kernel's view of a neighbour: reachable, or failed. */
void np_kernel(struct np *np, msec_t now, unsigned port, const struct addr *a,
	const struct mac *mac, bool reachable);
/* Evidence from elsewhere: EV_FLOW (somebody sent a packet from a with mac),
 * EV_LEASE. */
void np_evidence(struct np *np, msec_t now, unsigned port,
	const struct addr *a, const struct mac *mac, enum evidence e);
/* A delegated /64 of a LAN port, by the gateway's own address in it (which
 * somebody else keeps); lifetimes in seconds, 0: withdrawn. */
void np_delegated(struct np *np, msec_t now, unsigned port,
	const struct addr *own, uint32_t valid_s, uint32_t preferred_s);
void np_tick(struct np *np, msec_t now);
/* When np_tick() wants to be called next; INT64_MAX: never. */
msec_t np_next(const struct np *np, msec_t now);
/* The last RA, with lifetime 0, on every LAN. */
void np_stop(struct np *np, msec_t now);

/* ---- saved table: lines of text, restored as IDLE ---- */
void np_save(const struct np *np, msec_t now, struct text *out);
/* Lines that make no sense, or lie outside of saved prefixes, are skipped.
 * Returns how many hosts came back. */
unsigned np_restore(struct np *np, msec_t now, const char *saved);

/* ---- to look at ---- */
struct np_host {
	struct addr addr;
	struct mac mac;
	bool has_mac, proven, pinned, in_known, in_pinned, in_wanhosts;
	unsigned port;
	enum host_state state;
	enum evidence evidence;
	msec_t age, heard_ago, asked_ago;	/* asked_ago -1: never */
	uint32_t asked;		/* questions from the other side */
};
/* Calls each(arg, host) for every address that is known, tried or remembered. */
void np_each(const struct np *np, msec_t now,
	void (*each)(void *, const struct np_host *), void *arg);
bool np_lookup(const struct np *np, msec_t now, const struct addr *a,
	struct np_host *ret);
/* Entries in use, of every kind. */
unsigned np_used(const struct np *np);
/* Counts what changed of that which np_save() would write about hosts. */
unsigned np_changes(const struct np *np);
uint64_t np_counter(const struct np *np, enum np_count c);
uint64_t np_refused(const struct np *np, enum nd_verdict v);
bool np_in_prefix(const struct np *np, const struct addr *a);
bool np_router(const struct np *np, msec_t now, struct addr *ll,
	int64_t *rest_s);
bool np_loop(const struct np *np, unsigned port);
size_t np_prefixes(const struct np *np, struct addr *v, size_t max);

#endif
