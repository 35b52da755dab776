/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A gateway and the far ends around it, for packets one by one:
 *
 *	lan1 ── lan0 ┐
 *	             gw ── wan0 ── wan1
 *	seg1 ── seg0 ┘
 *
 * One namespace holds the gateway, another the far ends. The gateway's routes
 * lead to next hops with fixed MACs, so no neighbour discovery stands between
 * a packet and its verdict. A mistake ends the program.
 *
 * All runs on one CPU, so that nothing overtakes: while that CPU stands still
 * so does the clock of the waits, and no queue runs over meanwhile.
 */
#ifndef KADOMORI_TESTS_STAGE_H
#define KADOMORI_TESTS_STAGE_H

#include "policy/policy.h"

/* Waits: for what must not come; for what must, on a machine that stands still. */
enum { STAGE_WAIT_MS = 30, STAGE_SURELY_MS = 10000, STAGE_SIDES = 3 };

struct stage {
	int fd[STAGE_SIDES]; /* packet sockets at wan1, lan1, seg1 */
	uint64_t mark;
	uint8_t got[4096]; /* the frame that stage_arrives saw */
	size_t got_n;
};
extern const struct mac stage_gw_mac, stage_far_mac;

/* Up, and this process inside the gateway's namespace; gone at exit. */
void stage_up(struct stage *st);
/* A shell command; failure ends the program. */
void stage_sh(const char *fmt, ...) printf_like(1, 2);
/* The same where the far ends are. */
void stage_far(const char *fmt, ...) printf_like(1, 2);
/* The socket of a role: 0 WAN, 1 LAN, 2 segment. */
int stage_side(enum role r);
/* Next hops for the far ends (an interface's last address takes its
 * neighbours with it). */
void stage_neighbours(void);
void stage_flush_conntrack(void);
/* Forget what has arrived so far. */
void stage_drain(struct stage *st);
void stage_send(struct stage *st, const struct packet *p,
	const struct packet *quoted, uint64_t mark);
/* How long to wait in ms for what must come (surely) or must not. Where one that
 * must is missing the verdict is spoken: the next are waited for less long. */
int stage_wait(bool surely);
void stage_missed(void);
/* Has the packet with this mark come out at that side? surely: it must (waits
 * longer, and only as long as it does not come). */
bool stage_arrives(struct stage *st, enum role out, uint64_t mark, bool surely);
/* The mark of the next frame that the gateway sent out at that side; 0: there
 * is no more at present. */
uint64_t stage_next(struct stage *st, enum role out);

#endif
