/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * espnat: which device does an ESP packet from outside belong to, where many
 * devices share one IPv4 address and talk to the same peer (TR-124 LAN.ALG.4).
 * An inbound SPI says nothing about its owner (RFC 3715 2.1 f): it is chosen
 * by the device and told to the peer inside encrypted IKE. What is in the
 * clear decides here:
 *
 *	an SA exists only after its owner SENT a message of an exchange that
 *	makes SAs (IKE_AUTH, CREATE_CHILD_SA, quick mode) to that peer: as the
 *	initiator its request, as the responder its response.
 *
 * Each such exchange is one credit. A new inbound SPI belongs to a host that
 * holds a credit older than the SPI, or to one whose history was not seen
 * (cold). One such host: it is bound. Several: each gets a copy, the integrity
 * check of the wrong one refuses it, until exclusion or the devices' answers
 * leave one. None: dropped and counted. Arrival order of the answers, first
 * come or last come, is never taken for evidence: that is where the published
 * algorithms swap two hosts.
 *
 * No kernel, no clock, memory within espnat_limits: events and the time come
 * in, verdicts and changes for the kernel's tables go out. IPv4
 * addresses are numbers in host order. Times are milliseconds.
 */
#ifndef KADOMORI_ESPNAT_H
#define KADOMORI_ESPNAT_H

#include "base/addr.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/text.h"
#include "wire/ikev2.h"

enum {
	ESPNAT_HOSTS_MAX = 64,	/* devices to one peer; a bit each */
	ESPNAT_COPIES_MAX = 8,	/* more candidates: dropped, counted */
	ESPNAT_ROWS_MAX = 16,	/* credits a device and peer; more: cold */
	ESPNAT_IKE_MAX = 8,	/* IKE SAs a device and peer */
	ESPNAT_OUT_MAX = 32,	/* outbound SPIs; one idle for a minute gives way */
};

struct espnat_limits {
	unsigned peers;		/* addresses that a device talks to */
	unsigned in;		/* inbound SPIs in all */
	unsigned in_per_pair;	/* of one device from one peer */
	unsigned cells;		/* SPIs seen once: a power of two */
	unsigned rate, burst;	/* undecided packets of one SPI a second */
	unsigned first;		/* of all SPIs of a peer that were seen once */
};
/* What a home gets: 64 peers, 2048 SPIs, 64 a pair, 2000/s, 200/s; cells for
 * ten seconds of 10,000 SPIs a second (4 MB, when somebody forges so many). */
extern const struct espnat_limits espnat_limits_home;

/* How an SPI found its owner, for people. */
enum espnat_how {
	ESPNAT_OPEN,	 /* not yet: copies */
	ESPNAT_ONLY,	 /* only one device can own it */
	ESPNAT_EXCLUDED, /* the others' SAs are all accounted for */
	ESPNAT_ANSWERS,	 /* one device answers it, the others never do */
	ESPNAT_RESTORED, /* from the file of an earlier run */
	ESPNAT_SHARED,	 /* two devices chose the same SPI: copies for good */
};
#define ESPNAT_HOW_MAX (ESPNAT_SHARED + 1)
/* Stable word for JSON: "open", "only", ... */
const char *espnat_how_name(enum espnat_how h);

enum espnat_why {
	ESPNAT_BOUND,	 /* given to its owner */
	ESPNAT_FIRST,	 /* only one can own it; not bound before it repeats */
	ESPNAT_COPY,	 /* undecided: a copy to each candidate */
	ESPNAT_STATIC,	 /* the mapping's device */
	ESPNAT_STRANGER, /* dropped: nobody inside talks to this peer, or
			    nobody can own it */
	ESPNAT_CROWD,	 /* dropped: more candidates than copies allowed */
	ESPNAT_BUDGET,	 /* dropped: too many undecided packets from this peer */
	ESPNAT_JUNK,	 /* dropped: SPI 0, no IKE */
};
#define ESPNAT_WHY_MAX (ESPNAT_JUNK + 1)
const char *espnat_why_name(enum espnat_why w);

struct espnat_verdict {
	enum espnat_why why;
	unsigned n;	/* 0: drop */
	uint32_t to[ESPNAT_COPIES_MAX];
};

/* What the kernel's tables should hold from now on. */
enum espnat_change_kind {
	ESPNAT_IN_SET, ESPNAT_IN_DEL,	/* peer, spi -> host */
	ESPNAT_OUT_SET, ESPNAT_OUT_DEL,	/* host, peer, spi: no more events */
	ESPNAT_IKE_SET, ESPNAT_IKE_DEL,	/* peer, ike -> host */
	ESPNAT_ERR_SET, ESPNAT_ERR_DEL,	/* errors about peer, spi -> host */
	ESPNAT_PEER_SET, ESPNAT_PEER_DEL, /* peer: a device talks to it */
	/* an SPI without an owner: peer, spi, at -> host, at 0 and on, each of
	 * whom gets a copy; then OPEN, peer, spi: the copies are in force */
	ESPNAT_COPY_SET, ESPNAT_COPY_DEL,
	ESPNAT_OPEN_SET, ESPNAT_OPEN_DEL,
};
#define ESPNAT_CHANGE_MAX (ESPNAT_OPEN_DEL + 1)
struct espnat_change {
	enum espnat_change_kind kind;
	uint32_t peer, host, spi;
	unsigned at;
	uint64_t ike;
};
typedef void (*espnat_change_fn)(void *arg, const struct espnat_change *c);

struct espnat;
/* change may be NULL. key makes the cells' places unguessable. */
struct espnat *espnat_new(const struct espnat_limits *l,
	const struct hash_key *key, espnat_change_fn change, void *arg);
void espnat_free(struct espnat *e);
/* Forget everything (the WAN address changed); deletions are announced. */
void espnat_flush(struct espnat *e);
/* The device that unasked IKE and ESP go to; 0: none. */
void espnat_static(struct espnat *e, uint32_t host);

/* --- events ------------------------------------------------------------ */

/* A device sent IKE to a peer's port 500, and policy let it pass. */
void espnat_ike_out(struct espnat *e, msec_t now, uint32_t host, uint32_t peer,
	const struct ike_head *h);
/* IKE from a peer's port 500 to our port 500. */
void espnat_ike_in(struct espnat *e, msec_t now, uint32_t peer,
	const struct ike_head *h, struct espnat_verdict *ret);
void espnat_esp_out(struct espnat *e, msec_t now, uint32_t host, uint32_t peer,
	uint32_t spi, uint32_t seq);
void espnat_esp_in(struct espnat *e, msec_t now, uint32_t peer, uint32_t spi,
	uint32_t seq, struct espnat_verdict *ret);
/* The same, but the kernel gave out the copies already (OPEN_SET). */
void espnat_esp_copied(struct espnat *e, msec_t now, uint32_t peer,
	uint32_t spi, uint32_t seq);
/*
 * An ICMP error from outside quotes outbound ESP: which device sent it? 0:
 * nobody, drop.
 */
uint32_t espnat_icmp_esp(const struct espnat *e, uint32_t peer, uint32_t spi);
/* Running totals of packets that the kernel passed without an event. */
void espnat_seen_in(struct espnat *e, msec_t now, uint32_t peer, uint32_t spi,
	uint64_t total);
void espnat_seen_out(struct espnat *e, msec_t now, uint32_t host, uint32_t peer,
	uint32_t spi, uint64_t total);
/* The same of packets that passed beside the kernel (the fast path). */
void espnat_fast_in(struct espnat *e, msec_t now, uint32_t peer, uint32_t spi,
	uint64_t total);
void espnat_fast_out(struct espnat *e, msec_t now, uint32_t host, uint32_t peer,
	uint32_t spi, uint64_t total);
void espnat_seen_ike(struct espnat *e, msec_t now, uint64_t spi_i,
	uint64_t total);
/* Events were lost: nothing that was concluded from absence holds. */
void espnat_lost(struct espnat *e, msec_t now);
/* At least once a second. */
void espnat_tick(struct espnat *e, msec_t now);

/* --- looking ------------------------------------------------------------ */

struct espnat_sa {
	uint32_t peer, host; /* host 0: open or shared, see hosts */
	uint32_t spi, seq;
	enum espnat_how how;
	bool firm;
	msec_t first, last;
	uint64_t packets;
	unsigned host_n;
	uint32_t hosts[ESPNAT_COPIES_MAX];
};
struct espnat_out {
	uint32_t peer, host, spi;
	msec_t first, last;
	uint64_t packets;
};
struct espnat_ike {
	uint32_t peer, host;
	uint64_t spi_i, spi_r;
	msec_t first, last;
	uint32_t in, out;
};
typedef void (*espnat_sa_fn)(void *arg, const struct espnat_sa *sa);
typedef void (*espnat_out_fn)(void *arg, const struct espnat_out *o);
typedef void (*espnat_ike_fn)(void *arg, const struct espnat_ike *k);
void espnat_each_in(const struct espnat *e, espnat_sa_fn fn, void *arg);
void espnat_each_out(const struct espnat *e, espnat_out_fn fn, void *arg);
void espnat_each_ike(const struct espnat *e, espnat_ike_fn fn, void *arg);

struct espnat_stats {
	uint64_t why[ESPNAT_WHY_MAX];	/* inbound verdicts */
	uint64_t copies;		/* packets given out beyond one each */
	uint64_t shared, refused, bound;
	unsigned peers, in, open;
};
void espnat_stats_get(const struct espnat *e, struct espnat_stats *ret);

/* --- state that lasts ---------------------------------------------------- */

/*
 * Text of one line a binding; ages, not times, so that it holds after a
 * reboot. Restored bindings are not firm, their hosts cold.
 */
void espnat_save(const struct espnat *e, msec_t now, struct text *out);
/* Lines that are not understood are skipped. Number of bindings restored. */
unsigned espnat_restore(struct espnat *e, msec_t now, const char *text,
	size_t n);
void espnat_restore_in(struct espnat *e, msec_t now, uint32_t peer,
	uint32_t host, uint32_t spi, uint32_t seq);
void espnat_restore_ike(struct espnat *e, msec_t now, uint32_t peer,
	uint32_t host, uint64_t spi_i, uint64_t spi_r);

#endif
