/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside espnat only: what is remembered, and who may touch it.
 *
 *	peer ── pair (device) ── row: credit, one per exchange that can make SAs
 *	  │                   ├─ ike: IKE SA, told by the initiator's SPI
 *	  │                   └─ out: outbound SPI
 *	  └── in: inbound SPI ── cand: the pairs that may own it (a bit each),
 *	                         fixed when it is first seen: an exchange that
 *	                         begins later cannot have made it
 *
 *	table.c    the memory and its limits; every change is told
 *	credit.c   who may own an SPI: credits, exclusion, binding
 *	answers.c  which of the candidates answers it
 *	pair.c     events to verdicts
 *	time.c     what ages, what the kernel counted
 *	look.c     for people and for the file
 */
#ifndef KADOMORI_ESPNAT_INSIDE_H
#define KADOMORI_ESPNAT_INSIDE_H

#include "espnat/espnat.h"

enum {
	FRESH = 8,		/* sequence numbers of a new SA; nft/emit-esp.c
				   shows us the same ones */
	RISE_MAX = 256,		/* from the first to the second packet seen */
	NEW_SEQ_MAX = 1024,	/* an SA of which more was sent was made before
				   we looked: only a cold pair can own it */
	REORDER_MS = 1000,
	TAKEOVER_MS = 30 * 1000, /* a device came back with another address */
	PEERS_PER_HOST = 16,
	CHECK_MS = 200,
	CELL_MS = 10 * 1000,	/* silent */
	CELL_LIFE_MS = 60 * 1000,
	DOUBT = 4,	/* so often an SPI rises that nobody can own, then we
			   doubt that the credits were spent rightly */
	WEAK_MS = 50,	/* an SPI on trial that is silent for so long gives way
			   to one that was seen more often */
	CREDIT_MS = 3600 * 1000, /* an SA may stay silent that long */
	TENTATIVE_IDLE_MS = 60 * 1000,
	IDLE_MS = 2 * 3600 * 1000,
	COLD_MS = 8 * 3600 * 1000,
	SETTLE_MS = 60 * 1000,	/* after a login the old SAs fade */
	FIRM_PACKETS = 16,
	FIRM_MS = 2000,
	OPEN_MAX = 64,		/* of a peer, without an owner */
	TENTATIVE_MAX = 8,	/* SPIs of a pair that are not firm */
	/* an answer: sent within, after silence of */
	ANSWER_MS = 30,
	SILENCE_MS = 100,
	ANSWERS = 16,
};

struct row {
	uint64_t spi_i;
	uint32_t msgid;
	uint8_t kind; /* 0: free */
	bool spent;
	uint32_t spi; /* the binding that would spend it, 0: none */
	msec_t t;
};

struct ike_sa {
	uint64_t i, r; /* i 0: free */
	msec_t first, last;
	uint32_t in, out;
	uint64_t kernel;
};

struct out_sa {
	uint32_t spi, seq; /* spi 0: free */
	msec_t first, last;
	uint64_t packets;
	bool known; /* the kernel passes it without an event */
	uint64_t kernel, fast; /* their counts when last told */
};

struct pair {
	uint32_t host; /* 0: free */
	bool cold;
	msec_t cold_end, last, last_esp, freed;
	unsigned in_n, tentative_n, open_n;
	unsigned loose_n; /* bound SPIs without a credit: one too many */
	struct row rows[ESPNAT_ROWS_MAX];
	struct ike_sa ikes[ESPNAT_IKE_MAX];
	struct out_sa outs[ESPNAT_OUT_MAX];
};

/* Undecided packets: so many a second. */
struct bucket {
	uint32_t tokens; /* in 1/1000 packet */
	msec_t filled;
};

struct peer {
	uint32_t addr; /* 0: free */
	struct bucket first; /* for SPIs that have no entry */
	unsigned open_n;     /* entries without an owner */
	msec_t freed;
	struct pair *pairs[ESPNAT_HOSTS_MAX];
};

struct trial {
	uint8_t slot;
	bool running; /* was silent when the packet came */
	uint16_t tried, hit;
};

struct in_sa {
	uint32_t spi; /* 0: free */
	uint32_t peer, next; /* indices; next + 1, 0: end */
	uint64_t cand;
	int slot; /* owner, -1: open or shared */
	enum espnat_how how;
	bool firm, excluded;
	bool counted;	/* in tentative_n */
	bool loose;	/* in loose_n */
	bool cold_made;	/* some candidate was cold when it was first seen */
	uint32_t seq;
	msec_t first, last, bound, trial_end, checked;
	msec_t trial_last, trial_gap; /* regular traffic proves nothing */
	unsigned irregular;
	uint64_t packets, kernel, fast;
	struct bucket copies; /* its own: a forger's SPIs do not eat it */
	uint32_t told[ESPNAT_COPIES_MAX]; /* the kernel copies to these */
	uint64_t heard; /* of what the kernel copied, since it was counted */
	struct trial trials[ESPNAT_COPIES_MAX];
};

struct cell {
	uint32_t peer, spi, seq, hits;
	msec_t t, last; /* first and last seen */
	uint64_t cand;
};

struct espnat {
	struct espnat_limits l;
	struct hash_key key;
	espnat_change_fn change;
	void *arg;
	uint32_t fixed; /* static mapping's device */
	msec_t start;	/* of the first event, 0: none yet */
	struct peer *peers;
	struct in_sa *in;
	uint32_t *buckets, free_in, bucket_mask;
	struct cell *cells;
	struct espnat_stats stats;
};

/* ---- small things ---- */

/* The first message of an IKE SA. */
static inline bool begins(const struct ike_head *h)
{
	return h->exchange == IKE_SA_INIT || h->exchange == IKE1_MAIN ||
	       h->exchange == IKE1_AGGRESSIVE;
}

static inline unsigned count_bits(uint64_t m)
{
	return (unsigned)__builtin_popcountll(m);
}

static inline int first_bit(uint64_t m)
{
	return __builtin_ctzll(m);
}

static inline uint32_t peer_index(const struct espnat *e, const struct peer *p)
{
	return (uint32_t)(p - e->peers);
}

static inline struct pair *pair_at(const struct peer *p, int slot)
{
	return slot < 0 ? NULL : p->pairs[slot];
}

/* ---- table.c ---- */

/* A hash of two numbers that a stranger cannot foresee. */
uint32_t hash_of(const struct espnat *e, uint32_t peer, uint32_t spi);
/* A change for the kernel's tables. */
void tell(struct espnat *e, enum espnat_change_kind k, uint32_t peer,
	uint32_t host, uint32_t spi, uint64_t ike);
/* Undecided packets start with a full bucket of so many. */
static inline struct bucket bucket_of(unsigned burst, msec_t now)
{
	return (struct bucket){burst * 1000, now};
}
struct peer *peer_find(const struct espnat *e, uint32_t addr);
/* NULL: no room. The peer is new or the one that was there. */
struct peer *peer_make(struct espnat *e, msec_t now, uint32_t addr);
int pair_find(const struct peer *p, uint32_t host);
/* Peers of one device: a device that talks to everybody fills nothing. */
unsigned peers_of(const struct espnat *e, uint32_t host);
/* A pair whose beginning was not seen is cold: it may own anything. */
int pair_make(struct espnat *e, msec_t now, struct peer *p, uint32_t host,
	bool cold);
struct in_sa *in_find(const struct espnat *e, const struct peer *p,
	uint32_t spi);
struct in_sa *in_make(struct espnat *e, const struct peer *p, uint32_t spi,
	msec_t first);
/* s enters (1) or leaves (-1) the state of having no owner. */
void in_open(struct espnat *e, struct peer *p, struct in_sa *s, int d);
/* Let the kernel copy to exactly those who may own it now. */
void in_copies(struct espnat *e, struct in_sa *s);
/* Take the owner away; the credit comes back unless it was spent. */
void in_unbind(struct espnat *e, struct peer *p, struct in_sa *s);
void in_free(struct espnat *e, struct in_sa *s);
struct row *row_of_spi(struct pair *x, uint32_t spi);
struct ike_sa *ike_find(const struct peer *p, uint64_t spi_i, int *slot);
struct ike_sa *ike_make(struct espnat *e, msec_t now, struct peer *p,
	struct pair *x, const struct ike_head *h);
void ike_forget(struct espnat *e, const struct peer *p, const struct pair *x,
	struct ike_sa *k);
struct out_sa *out_find(struct pair *x, uint32_t spi);
struct out_sa *out_make(struct espnat *e, msec_t now, const struct peer *p,
	struct pair *x, uint32_t spi);
void out_forget(struct espnat *e, const struct peer *p, const struct pair *x,
	struct out_sa *o);

/* ---- credit.c ---- */

/* The pairs that can own an SPI first seen now with that number, a bit each. */
uint64_t candidates(const struct peer *p, msec_t now, uint32_t seq);
/*
 * The pairs that could if their credits had not been spent; the credits come
 * back, for one of the SPIs that took them must have been forged.
 */
uint64_t candidates_in_doubt(struct peer *p, msec_t now, uint32_t seq);
/*
 * Room for an SPI that rose hits times: the weakest on trial gives way, of that
 * pair or (-1) of those without an owner. false: none is weaker.
 */
bool in_make_way(struct espnat *e, msec_t now, const struct peer *p, int slot,
	uint32_t hits);
/* Hosts that may just have renewed their IKE SA with new SPIs. */
uint64_t ike_candidates(const struct peer *p, msec_t now);
/* A message that makes SAs, sent by the pair's device. */
void row_add(struct pair *x, msec_t now, const struct ike_head *h);
/* A CREATE_CHILD_SA turned out to have renewed the IKE SA: no ESP from it. */
void row_was_ike(struct pair *x);
/* false: the device has its share; s stays as it is. */
bool in_bind(struct espnat *e, msec_t now, struct in_sa *s, int slot,
	enum espnat_how how);
/* Bind an open SPI, unless it is too early to be sure. */
void in_settle(struct espnat *e, msec_t now, struct in_sa *s, int slot,
	enum espnat_how how);
/* Strike out candidates whose SAs are all accounted for, or who left. */
void in_exclude(struct espnat *e, msec_t now, struct in_sa *s);
void exclude_all(struct espnat *e, msec_t now, uint32_t peer);
/* Enough has come for long enough: the credit is spent. */
void in_firm(struct espnat *e, msec_t now, struct in_sa *s);
/*
 * A device is heard for the first time, in the middle of its life: it may own
 * what was given to other cold ones.
 */
void cold_joins(struct espnat *e, struct peer *p, int slot);

/* ---- answers.c ---- */

/* A packet of an open SPI went to all candidates: who was silent, and answers? */
void trial_start(const struct peer *p, struct in_sa *s, msec_t now);
/* The pair's device sent ESP to the peer. */
void answers(struct espnat *e, msec_t now, const struct peer *p, int slot);

#endif
