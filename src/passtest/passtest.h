/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * passtest: does every device's ESP reach that device, and no other? The same
 * stories are told to kadomori's algorithm and to four others (sim_*), or
 * played by real peers with real ESP through a real gateway (live_*).
 *
 * A packet counts as
 *	delivered     it reached its device (a copy elsewhere does no harm:
 *	              the integrity check there refuses it; copies are counted)
 *	misdelivered  it reached a wrong device and not its own
 *	lost          nobody got it
 */
#ifndef KADOMORI_PASSTEST_H
#define KADOMORI_PASSTEST_H

#include "base/addr.h"
#include "base/text.h"
#include "espnat/espnat.h"

/* ---- judges: who decides where a packet goes ---- */

struct judge {
	const char *name;
	void *(*open)(void);
	void (*close)(void *j);
	void (*ike_out)(void *j, msec_t now, uint32_t host, uint32_t peer,
		const struct ike_head *h);
	void (*ike_in)(void *j, msec_t now, uint32_t peer, uint32_t to,
		const struct ike_head *h, struct espnat_verdict *ret);
	/* false: the gateway dropped it */
	bool (*esp_out)(void *j, msec_t now, uint32_t host, uint32_t peer,
		uint32_t spi, uint32_t seq);
	/* to: whose it is, for a world of real packets; 0: forged */
	void (*esp_in)(void *j, msec_t now, uint32_t peer, uint32_t to,
		uint32_t spi, uint32_t seq, struct espnat_verdict *ret);
	void (*tick)(void *j, msec_t now);
	/* time goes by (NULL: only in the story) */
	void (*pass)(void *j, msec_t ms);
	/* the gateway starts again; with its table or without */
	void (*restart)(void *j, msec_t now, bool table);
	/* the mapped device, NULL: there is no such thing */
	void (*fix)(void *j, uint32_t host);
	/* who gets an error about that outbound ESP */
	uint32_t (*icmp)(void *j, uint32_t peer, uint32_t spi);

	/* The rest may be NULL: then it goes right, as port translation does. */

	/* IKE from a peer that answers to port 500 whatever it saw; NULL: as
	 * ike_in */
	void (*ike_rigid)(void *j, msec_t now, uint32_t peer, uint32_t to,
		const struct ike_head *h, struct espnat_verdict *ret);
	/* who gets an error about IKE that host sent */
	uint32_t (*icmp_ike)(void *j, uint32_t peer, uint32_t host, uint64_t spi_i);
	/* IKE and ESP in UDP 4500, there and back */
	bool (*natt)(void *j, msec_t now, uint32_t host, uint32_t peer);
	/* the address outside is another; NULL: as restart without table */
	void (*moved)(void *j, msec_t now);
	/* how the peers are from now on */
	void (*mode)(void *j, bool rigid, bool fragments);
};
enum { JUDGES = 5 };
/* judge_small: kadomori with small tables, for many short worlds. */
extern const struct judge judge_kadomori, judge_small, judge_masquerade, judge_oldest,
	judge_serial, judge_wildcard;
extern const struct judge *const judges[JUDGES];

/* ---- the simulated world ---- */

enum { SIM_PAIRS_MAX = 64, SIM_STEPS_MAX = 64, SIM_SAS_MAX = 8 };

enum sim_step {
	SIM_INIT_OUT, SIM_INIT_IN,	/* IKE_SA_INIT */
	SIM_AUTH_OUT, SIM_AUTH_IN,	/* IKE_AUTH; makes SA .sa */
	SIM_CHILD_OUT, SIM_CHILD_IN,	/* the device rekeys; makes SA .sa */
	SIM_PCHILD_IN, SIM_PCHILD_OUT,	/* the peer rekeys */
	SIM_IKE_NEW_IN,			/* the peer speaks in a renewed IKE SA */
	SIM_IN, SIM_OUT,		/* one ESP packet on SA .sa */
	SIM_FORGED,			/* ESP with an SPI nobody made */
	SIM_ICMP,			/* an error that quotes SA .sa outbound */
	SIM_ICMP_IKE,			/* the same about IKE */
	SIM_NATT,			/* UDP 4500, there and back */
	SIM_MAIN_OUT, SIM_MAIN_IN,	/* IKEv1 */
	SIM_AGGR_OUT, SIM_AGGR_IN,
	SIM_QUICK_OUT, SIM_QUICK_IN,	/* makes SA .sa */
};

/* One step of one device and peer. needs: bits of earlier steps of the same. */
struct sim_act {
	enum sim_step step;
	uint8_t sa;
	uint64_t needs;
};
struct sim_pair {
	uint32_t host, peer;
	unsigned n;
	struct sim_act act[SIM_STEPS_MAX];
};
struct sim_score {
	uint64_t in, in_good, in_wrong, in_lost, copies;
	uint64_t out, out_good, ike, ike_good, icmp, icmp_good;
	uint64_t natt, natt_good;
	uint64_t to_strangers;	/* forged packets that reached anybody */
	unsigned worst_lost;	/* inbound packets lost of any one SA */
};

struct sim;
enum {
	SIM_SAME_SPI = 1,  /* every device chooses the same inbound SPIs */
	SIM_RIGID = 2,	   /* peers answer to port 500 whatever they saw */
	SIM_FRAGMENTS = 4, /* every packet is longer than a frame */
};
/* seed: SPIs. */
struct sim *sim_new(const struct judge *j, unsigned seed, unsigned flags);
void sim_free(struct sim *s);
/* Run one act of a pair now. */
void sim_do(struct sim *s, const struct sim_pair *p, unsigned act);
void sim_pass(struct sim *s, msec_t ms);
void sim_restart(struct sim *s, bool table);
void sim_fix(struct sim *s, uint32_t host);
/* The address outside is another. */
void sim_moved(struct sim *s);
const struct sim_score *sim_score(const struct sim *s);
void sim_score_add(struct sim_score *to, const struct sim_score *from);

/*
 * Try every order of the pairs' acts that their needs allow, each in a world
 * of its own, dt milliseconds between acts; at most max orders. Returns how
 * many; the sum of their scores in *ret.
 */
uint64_t sim_all_orders(const struct judge *j, const struct sim_pair *pairs,
	unsigned n, msec_t dt, uint64_t max, struct sim_score *ret);
/* Orders drawn from all there are, no two the same. */
uint64_t sim_drawn_orders(const struct judge *j, const struct sim_pair *pairs,
	unsigned n, msec_t dt, uint64_t max, struct sim_score *ret);
/* One order, drawn by seed. */
void sim_one_order(struct sim *s, const struct sim_pair *pairs, unsigned n,
	msec_t dt, unsigned seed);

/* ---- the matrix ---- */

enum {
	PASS_SIM_ONLY = 16,	/* takes hours, or wants what live peers have not */
	PASS_FORBIDDEN = 32,	/* theory forbids the goal; why says it */
	PASS_RESTART = 64, PASS_BARE = 128, PASS_MOVE = 256, /* live: wants that
						command */
	PASS_ORDERS = 512,	/* 24 rounds, an order each; four hosts at most */
};
struct pass_row {
	const char *id, *what;
	void (*play)(struct sim *s, unsigned hosts, unsigned peers, unsigned seed);
	unsigned flags; /* PASS_*, SIM_* */
	const char *why; /* where less than all is possible, or copies go out */
};
extern const struct pass_row pass_rows[];
extern const size_t pass_row_n;
/*
 * The goal: none misdelivered, at most one packet lost of each new SA; rows
 * that theory forbids are excused.
 */
bool pass_reached(const struct pass_row *r, const struct sim_score *s);
/* Play a row for a judge: hosts x peers, rounds different orders. */
void pass_play(const struct pass_row *r, const struct judge *j, unsigned hosts,
	unsigned peers, unsigned rounds, struct sim_score *ret);

/* ---- real packets through a real gateway ---- */

enum { LIVE_ENDS_MAX = 16 };
/* A device or peer: an address in a network namespace ("" = this one). */
struct live_end {
	char ns[64];
	uint32_t addr;
};
struct live_want {
	struct live_end devices[LIVE_ENDS_MAX], peers[LIVE_ENDS_MAX];
	unsigned device_n, peer_n;
	bool rigid;	/* peers answer to port 500 whatever the port was */
	unsigned wait_ms; /* for a packet; 0: 250 */
	unsigned pad;	/* bytes of payload, for fragments */
	bool pace;	/* a story's time is real time */
	/* shell commands, NULL: cannot; move: another address outside */
	const char *restart, *restart_bare, *move;
};
struct live_count {
	uint64_t sent, got, icv_good, icv_refused, alien_ike;
	uint64_t port_kept, port_other; /* IKE as the peers saw it */
};
/*
 * Open the sockets; judge_live plays through them from now on. 0, -EPERM,
 * -ENOENT (no such namespace) or another -errno.
 */
int live_open(const struct live_want *w);
void live_close(void);
void live_counted(struct live_count *ret);
extern const struct judge judge_live;

#endif
