/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BENCH_ROWS_H
#define BENCH_ROWS_H

#include "net.h"

#include <sys/socket.h>

/* With those of the other rows still below 64 addresses of one MAC. */
enum { CELL = 48, HOSTS = 40 };

struct row {
	int bar;
	const char *name;
	/* Measures the running subject; writes at most CELL bytes. */
	void (*run)(struct net *n, char *cell);
	bool slow;		/* left out with --quick */
};
/* rows-life.c */
void move_dad(struct net *n, char *cell);
void move_na(struct net *n, char *cell);
void restart_worker(struct net *n, char *cell);
void restart_whole(struct net *n, char *cell);
void restart_gently(struct net *n, char *cell);
void ra_change(struct net *n, char *cell);
void mute(struct net *n, char *cell);
void sleepers(struct net *n, char *cell);

extern const struct row rows[];
extern const unsigned row_n;
void stay_on_core(int core);
/* Addresses on the LAN host, and one answer for each. */
void warm_up(struct net *n);

/* ---- helpers ---- */

enum { BATCH = 50 };
struct burst {
	uint8_t f[BATCH][ND_FRAME_MAX];
	struct iovec v[BATCH];
	struct mmsghdr m[BATCH];
};
/* A solicitation for each known host, in turn. */
void burst_known(const struct net *n, struct burst *b);
bool is_na(const uint8_t *f, size_t len);
/* NAs that wait on the WAN. */
unsigned count_na(const struct net *n);
void probe_send(const struct net *n, const struct addr *target);

/* Hosts of one side that answer for themselves. */
struct actor {
	struct addr first;	/* addresses first, first+1, ... */
	unsigned count, per_mac;
	enum side side;
	struct mac mac;		/* of the first; last byte counts up */
};
struct mac actor_mac(const struct actor *a, unsigned i);
struct addr actor_addr(const struct actor *a, unsigned i);
int actor_index(const struct actor *a, const struct addr *t);
void actor_play(const struct net *n, const struct actor *a,
	const struct nd_msg *m);
/* Let ms pass; true as soon as an NA for want comes on side. */
bool play(const struct net *n, const struct actor *a, enum side side,
	const struct addr *want, unsigned ms);

#endif
