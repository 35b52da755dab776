/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One address is one struct host, on whichever side it lives. A host moves
 * between the states of enum host_state (state.c draws them); what the kernel
 * and the firewall hold for it follows from the state alone (host_publish()),
 * so that no path can forget it.
 */
#ifndef KADOMORI_NDPROXY_OWN_H
#define KADOMORI_NDPROXY_OWN_H

#include "ndproxy/ndproxy.h"
#include "wire/ra.h"

enum { NP_PREFIX_MAX = 5, NP_OWN_MAX = 32 };
/*
 * What a stranger can grow, and how far. At the limit the least proven entry
 * goes (hosts.c); a LIVE or pinned host never does, then the newcomer is
 * refused and counted.
 */
enum {
	HOSTS_MAX = 4096,
	HOSTS_PER_MAC = 64,
	HOSTS_PER_PORT = 2048,
	HOSTS_ON_WAN = 64,
	PROBING_MAX = 128,
	QUESTIONS_MAX = 4,	/* per address */
	/* repeated questions to the silent, all together; beyond it they are
	 * asked once a second as RFC 4861 10 has it, or not until somebody
	 * asks for them again */
	AGAIN_RATE = 200, AGAIN_BURST = 200,
	AGAIN_KEEP = 100,	/* of it, not for hosts that never answered us */
	ANNOUNCE_BURST = 128,	/* to the router after a restart; then 10/s */
};
/* Milliseconds. */
enum {
	T_FRESH = 30000,	/* evidence keeps a host LIVE */
	T_IDLE_KEPT = 24 * 3600 * 1000,
	T_GONE_KEPT = 24 * 3600 * 1000,
	T_CLAIM_KEPT = 600 * 1000,	/* spoke for itself, never answered */
	T_NEGATIVE = 3000,	/* "nobody there" is believed this long */
	T_DAD = 1100,		/* a claimant has the address by then */
	T_CONTEST = 250,
	T_CHECK = 1000,
	/* who is wanted and silent is asked this often: it may wake, or appear
	 * on another port, right after a question that it did not hear */
	T_ASK = 250,
	T_PROBE = 300,
	T_PIN_CHECK = 60000,
	T_DRAIN_MAX = 2 * 3600 * 1000,
	T_CENSUS = 2000,
	T_STRANGE = 3600 * 1000,	/* caches of a predecessor last no longer */
	/* a host that went silent while somebody wanted it is asked on: the
	 * other side's cache still points to us and sends no new question.
	 * After GONE_ASKS quick questions twice a second */
	T_WANTED = 20000, T_WANTED_EVERY = 500,
	T_SHIELD_AGAIN = 1800 * 1000,	/* an end is told anew when it moved so far */
};

/* Somebody waits for an NA. */
struct question {
	struct mac mac;
	struct addr src;	/* ::, a DAD claimant */
	uint8_t port;
};

struct host {
	struct addr addr;
	struct mac mac, rival;
	uint8_t port, rival_port;
	uint8_t state, tries, evidence; /* tries: steps of the state's asking */
	/* seen: it answered us once; has_mac implies mac */
	bool has_mac, seen, pinned, mac_pinned, rival_dad;
	/* what is published now */
	bool in_known, in_pinned, in_wan, has_neigh, has_route, joined;
	bool told_flow, asked_all;
	uint8_t announce;	/* enum announce */
	uint8_t neigh_port, route_port, shield, kind;
	struct mac neigh_mac;
	msec_t born, heard, asked, deadline, shield_until;
	uint32_t asked_n;	/* NS from the other side */
	/* the last sign that somebody needs it now: such an NS, or the kernel
	 * could not deliver; -1: never */
	msec_t wanted;
	struct question q[QUESTIONS_MAX];
	uint8_t q_n;
	/* links of hosts.c, indices + 1 */
	uint16_t hash_next, mac_next, mac_prev, lru_next, lru_prev, heap;
	uint8_t lru; /* which list, +1 */
};

enum announce { ANNOUNCE_NO, ANNOUNCE_ALL, ANNOUNCE_ROUTER };

struct bucket {
	unsigned rate, burst; /* per second */
	int64_t level;	      /* thousandths */
	msec_t at;
};

struct np_port {
	bool up, loop;
	struct mac mac;
	struct addr ll;
	uint32_t mtu;
	struct bucket claims, dad_relay;
	unsigned host_n;
	/* RA server */
	msec_t ra_next, ra_last;
	unsigned ra_fast;	/* initial RAs still to send quickly */
	struct bucket ra_urgent, rs;
};

/* A /64 of ours. The times are moments, not lifetimes. */
struct np_prefix {
	struct addr addr;	/* low 64 bits zero; zero: free slot */
	msec_t valid_until, preferred_until;
	bool draining;		/* announced with preferred lifetime 0 */
	bool listed;		/* by the RA that is being read */
	uint8_t port;		/* delegated to this LAN; 0: by RA, all */
	msec_t written;		/* addresses were given to the kernel */
	struct addr own_wan, own_lan;
};

struct np_router {
	bool up, mute, proxied;
	struct addr ll;
	struct mac mac;
	bool has_mac;
	msec_t until;
	uint8_t hop_limit;
	uint32_t mtu;
	struct addr rdnss[RA_RDNSS_MAX];
	size_t rdnss_n;
	msec_t rdnss_until;
	uint8_t dnssl[RA_DNSSL_MAX];
	size_t dnssl_n;
};

enum { LRU_PROVEN_NOT, LRU_GONE, LRU_IDLE, LRU_BUSY, LRU_MAX };
enum { HASH_SIZE = 8192 };

enum { RELAYED_MAX = 16 };
/* DAD that we relayed: its echo is no conflict (RFC 7527). */
struct relayed {
	struct addr target;
	uint8_t nonce[ND_NONCE_MAX], len;
};

struct np {
	struct np_conf conf;
	struct hash_key key;
	void (*act)(void *arg, const struct np_action *a);
	void *arg;
	struct np_port port[NP_PORT_MAX];
	struct np_prefix prefix[NP_PREFIX_MAX];
	struct addr own[NP_OWN_MAX];
	size_t own_n;
	struct np_router router;
	msec_t rs_next, rs_interval;	/* RFC 7559; next 0: none wanted */
	/* never seen; seen before; multicasts to the LAN; to the WAN;
	 * repeated questions by unicast */
	struct bucket probe_new, probe_seen, lan_mcast, wan_mcast, again;
	unsigned probing_n;
	msec_t announce_next;
	msec_t census_at;	/* 0: none wanted */
	unsigned announce_at;
	msec_t strange_until;	/* the line may know our hosts by other MACs */
	bool shield_on;		/* what the filter was told last */
	struct mac shield_mac;
	struct addr shield_ll;
	uint64_t rnd;
	uint64_t count[NP_COUNT_MAX];
	uint64_t bad[ND_VERDICT_MAX];
	struct relayed relayed[RELAYED_MAX];
	unsigned relayed_at;
	/* hosts.c */
	uint16_t bucket[HASH_SIZE], mac_bucket[HASH_SIZE];
	uint16_t lru_head[LRU_MAX], lru_tail[LRU_MAX], free_head;
	uint16_t heap[HOSTS_MAX + 1];
	unsigned heap_n, used, changes;
	struct host host[HOSTS_MAX];
};

/* ---- np.c ---- */
void np_msg(struct np *np, msec_t now, unsigned port, const struct nd_msg *m);
void np_do(struct np *np, const struct np_action *a);
void np_say(struct np *np, enum np_say s, const struct addr *a,
	const struct mac *m, unsigned port);
uint32_t np_random(struct np *np, uint32_t below);
bool np_is_own(const struct np *np, const struct addr *a);
const struct np_prefix *np_prefix_of(const struct np *np,
	const struct addr *a);

/* ---- hosts.c: the table ---- */
void hosts_init(struct np *np);
struct host *hosts_find(const struct np *np, const struct addr *a);
/* A new entry in state FREE, linked under addr and mac; NULL when a limit
 * refuses (counted). mac NULL: not known yet. May free other entries. */
struct host *hosts_new(struct np *np, msec_t now, const struct addr *a,
	unsigned port, const struct mac *mac);
void hosts_drop(struct np *np, struct host *h);
/* False: a quota of the MAC or the port refuses; h is as it was. May free
 * other entries. */
bool hosts_set_owner(struct np *np, struct host *h, unsigned port,
	const struct mac *mac);
void hosts_arm(struct np *np, struct host *h, msec_t deadline);
struct host *hosts_due(struct np *np, msec_t now);
msec_t hosts_next(const struct np *np);
/* Put h in the list that its state and proof ask for. */
void hosts_relist(struct np *np, struct host *h);
unsigned hosts_of_mac(const struct np *np, const struct mac *m);
/* each must neither free a host nor give it another MAC. */
void hosts_each_of_mac(struct np *np, const struct mac *m,
	void (*each)(struct np *, struct host *, void *), void *arg);
/* One token, unless fewer than keep would be left. */
bool bucket_take(struct bucket *b, msec_t now, unsigned keep);

/* ---- state.c ---- */
void host_enter(struct np *np, msec_t now, struct host *h, enum host_state s);
void host_free(struct np *np, struct host *h);
void host_timer(struct np *np, msec_t now, struct host *h);
void host_claim(struct np *np, msec_t now, unsigned port,
	const struct addr *a, const struct mac *mac, enum evidence e);
void host_flow(struct np *np, msec_t now, unsigned port, const struct addr *a,
	const struct mac *mac);
/* A frame of whatever kind came from mac: its wanted addresses that keep silent
 * are asked now, where it came from. It proves nothing. */
void host_stirs(struct np *np, msec_t now, unsigned port,
	const struct mac *mac);
/* It is wanted from now on: what waits for the next second need not. */
void host_hurry(struct np *np, msec_t now, struct host *h);
/* The owner does not answer the kernel. */
void host_doubt(struct np *np, msec_t now, struct host *h);
void host_keep_question(struct np *np, struct host *h, unsigned port,
	const struct nd_msg *m);

/* ---- publish.c ---- */
void host_publish(struct np *np, struct host *h);

/* ---- proxy.c ---- */
/* Ask for an address that has no living entry; m waits for the answer. */
void host_probe(struct np *np, msec_t now, unsigned from, struct host *h,
	const struct nd_msg *m);
void proxy_ns(struct np *np, msec_t now, unsigned port,
	const struct nd_msg *m);
void proxy_na(struct np *np, msec_t now, unsigned port,
	const struct nd_msg *m);

/* ---- census.c ---- */
/* The line hears of h, when its router may hold another MAC for it. */
void proxy_announce_new(struct np *np, msec_t now, struct host *h);
void proxy_announce_all(struct np *np, msec_t now);
/* The line's router hears of all that a saved table brought back: what it asked
 * while nobody listened, it would ask again only a second later. */
void proxy_announce_restored(struct np *np, msec_t now);
void proxy_announce(struct np *np, msec_t now);
void proxy_census(struct np *np, msec_t now);
void pins_expand(struct np *np, msec_t now, const struct np_prefix *p);
void hosts_of_prefix_go(struct np *np, const struct np_prefix *p);

/* The address is there, whoever of two has it. */
static inline bool host_answers(const struct host *h)
{
	return h->state == HOST_LIVE || h->state == HOST_IDLE ||
	       h->state == HOST_CHECK || h->state == HOST_CONTEST;
}

/* A question from the other side. */
static inline void host_asked(struct host *h, msec_t now)
{
	h->asked = h->wanted = now;
	h->asked_n++;
}

/* Somebody needs it, and there is a MAC to ask. */
static inline bool host_wanted(const struct host *h, msec_t now)
{
	return h->has_mac && h->wanted >= 0 && now - h->wanted < T_WANTED;
}

/* What a successor must know of it (save.c). */
enum host_kind { KIND_NONE, KIND_CLAIMED, KIND_SPOKE, KIND_THERE, KIND_GONE };
enum host_kind host_kind(const struct host *h);

/* ---- send.c ---- */
/* to NULL: multicast, if the budget allows; keep: tokens left to others. */
bool send_ns(struct np *np, msec_t now, unsigned port,
	const struct addr *target, const struct mac *to, unsigned keep);
void send_na(struct np *np, unsigned port, const struct addr *target,
	const struct question *q);
/* To all nodes; or to the line's router alone. */
void send_unsolicited(struct np *np, unsigned port, const struct addr *target,
	bool router);
void send_dad_relay(struct np *np, unsigned port, const struct nd_msg *m);
/* An ICMPv6 message with a zero checksum. src NULL: our link-local address;
 * to NULL: dst's multicast MAC. */
void send_body(struct np *np, unsigned port, const struct addr *src,
	const struct addr *dst, const struct mac *to, const uint8_t *body,
	size_t n);

/* ---- shield.c ---- */
void shield_host(struct np *np, msec_t now, struct host *h);
void shield_own(struct np *np, const struct addr *v, size_t n);
void shield_port(struct np *np);

/* ---- dad.c ---- */
void dad_ns(struct np *np, msec_t now, unsigned port, const struct nd_msg *m);

/* ---- ra-client.c ---- */
void rac_link_up(struct np *np, msec_t now);
void rac_link_down(struct np *np, msec_t now);
void rac_ra(struct np *np, msec_t now, const struct nd_msg *m);
void rac_tick(struct np *np, msec_t now);
msec_t rac_next(const struct np *np);
/* np->router came from a saved table: the kernel is told again. */
void rac_restored(struct np *np);
void rac_router_mute(struct np *np, const struct addr *a);

/* ---- prefix.c ---- */
void prefix_set(struct np *np, msec_t now, const struct addr *p, unsigned port,
	uint32_t valid_s, uint32_t preferred_s);
/* No longer offered: preferred ends now, valid in two hours at the latest. */
void prefix_drain(struct np *np, msec_t now, struct np_prefix *p);
/* Give the kernel our addresses in it. */
void prefix_write(struct np *np, msec_t now, struct np_prefix *p);
void prefix_tick(struct np *np, msec_t now);
msec_t prefix_next(const struct np *np);
static inline bool prefix_used(const struct np_prefix *p)
{
	return !addr_is_zero(&p->addr);
}

/* ---- ra-server.c ---- */
void ras_port_up(struct np *np, msec_t now, unsigned port);
void ras_rs(struct np *np, msec_t now, unsigned port, const struct nd_msg *m);
/* What hosts must hear soon changed. */
void ras_changed(struct np *np, msec_t now);
void ras_tick(struct np *np, msec_t now);
msec_t ras_next(const struct np *np);
/* What port would hear now. */
void ras_compose(const struct np *np, msec_t now, unsigned port,
	struct ra *ret);

#endif
