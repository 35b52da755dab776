/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listen: the process that hears the links and runs the NDP proxy. It has
 * sockets and no rights; what must change in the system goes to apply as
 * exact-length messages (struct act_msg), which hands.c judges and carries out.
 */
#ifndef KADOMORID_LISTEN_H
#define KADOMORID_LISTEN_H

#include "intent/intent.h"
#include "ipc.h"
#include "ndproxy/ndproxy.h"

/* Opened by apply, handed over by fork. -1: not there. */
enum { MLD_SOCKETS = 24, MLD_PER_SOCKET = 180 };
struct listen_fds {
	unsigned port_n;	/* WAN and LANs */
	int ifindex[NP_PORT_MAX];
	int nd[NP_PORT_MAX];
	int events, ask;
	int mld[MLD_SOCKETS];
	/* of the filter in front of nd[0] (dataplane/nd-map.h), NULL: none */
	const volatile uint64_t *counts;
};
/* Is the proxy, or the RA server, wanted for this line? */
bool listen_wanted(const struct intent *in);
/* Addresses of the home's hosts are proxied (one /64 for both sides). */
bool listen_proxies(const struct intent *in);
void listen_open(const struct intent *in, struct listen_fds *f);
void listen_close(struct listen_fds *f);
/* Some interface came, went, or is another one than when f was opened. */
bool listen_stale(const struct intent *in, const struct listen_fds *f);
/* The process. saved may be NULL. */
_Noreturn void listen_run(const struct intent *in, const struct listen_fds *f,
	int ipc_fd, const char *saved);

/* How often the filter answered for an address. */
struct asked {
	struct addr addr;
	uint64_t times;
};
enum { ASKED_MAX = 8192 };
int asked_cmp(const void *a, const void *b);

/* ---- listen-show.c: answers to the command ---- */

struct listen_show {
	const struct intent *in;
	const struct np *np;
	const volatile uint64_t *counts; /* of the filter, or NULL */
	msec_t now;
	const struct asked *asked;	/* sorted */
	size_t asked_n;
};
/* "hosts", "host ADDRESS": JSON; caller frees. */
char *listen_answer(const struct listen_show *l, const char *question);
/* The interface's name. */
const char *listen_port_name(const struct intent *in, unsigned port);

/* One change that listen asks for. What np_action carries, without frames. */
struct act_msg {
	uint8_t what, port, len, set, pin, pad[3];
	struct mac mac;
	uint8_t pad2[2];
	struct addr addr, gate;
	uint32_t valid_s, preferred_s, value;
};

/* Somebody at home whose packets the gate forwarded lately. */
struct talker {
	uint8_t port, pad;
	struct mac mac;
	struct addr addr;
};

/* ---- hands.c: apply's side ---- */

struct hands;
struct event_base;
/* in and f stay the caller's and must live as long. */
struct hands *hands_new(struct event_base *base, struct intent *const *in,
	const struct listen_fds *f);
void hands_free(struct hands *h);
/* body: any number of struct act_msg; what makes no sense is left out. */
void hands_do(struct hands *h, const char *body, size_t len);
/* A new listen starts: members that it does not name within half a minute
 * are over. */
void hands_generation(struct hands *h);
/* By the filter: newest numbers. */
size_t hands_asked(struct hands *h, struct asked *v, size_t max);
/* Who talked since the last call, at most max. */
size_t hands_talkers(struct hands *h, struct talker *v, size_t max);
enum { TALKERS_EVERY_S = 15, TALKERS_MAX = 4096 };
/* listen has told all it knows. */
void hands_ready(struct hands *h);
/* The NDP filter's counters and state (shield.h). */
const volatile uint64_t *hands_counts(const struct hands *h);
const char *hands_shield(const struct hands *h);
/* The rules that are about to be loaded, and the members of our sets with
 * them, as one transaction. Caller frees. */
char *hands_with_sets(const struct hands *h, const char *rules);
/* Take away every route and neighbour that was set. */
void hands_sweep(struct hands *h);

#endif
