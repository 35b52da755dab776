/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The world around the NDP proxy's machine: its neighbours, its clock in our
 * hand, and a log of all that it did. There is one world at a time. */
#ifndef KADOMORI_TEST_NDPROXY_WORLD_H
#define KADOMORI_TEST_NDPROXY_WORLD_H

#include "../test.h"
#include "ndproxy/own.h"

#define PREFIX "2404:7a80:1:2"
#define PC     PREFIX "::10"
#define PHONE  PREFIX "::20"
#define CASA   PREFIX ":21b:8bff:fe01:203" /* what mac_casa makes of it */

enum { LOG_MAX = 4096 };
struct event {
	enum np_act what;
	msec_t at;
	unsigned port;
	struct nd_msg nd;	/* ACT_SEND, if it is NS or NA */
	struct ra ra;		/* ACT_SEND of an RA */
	bool is_nd, is_ra;
	struct np_action a;
};
struct world {
	struct np *np;
	msec_t now;
	struct event log[LOG_MAX];
	size_t n;
};
extern struct world w;

extern const struct mac mac_wan, mac_lan, mac_lan2;
extern const struct mac mac_router, mac_pc, mac_phone, mac_casa;

/* The address of a text; a wrong one fails the test. */
struct addr A(const char *s);
/* The machine's acts go to the log; what does not fit is left out. */
void on_act(void *arg, const struct np_action *a);
/* The log is empty again; the machine knows what it knew. */
void forget(void);

/* ---- what was sent and told ---- */

/* How many such messages left by port; target NULL: of whomever. */
size_t count_nd(unsigned port, enum nd_type t, const char *target);
const struct event *last_nd(unsigned port, enum nd_type t);
/* The longest time between two NS for target since from, on whatever LAN port;
 * mcasts: how many went to all on port 1. */
msec_t longest_unasked(const char *target, msec_t from, size_t *mcasts);
size_t count_act(enum np_act what, unsigned port);
size_t count_set(enum np_act what, enum np_set set);
size_t count_say(enum np_say s);
/* HOST_FREE if the table does not have it. */
enum host_state state_of(const char *a);
/* All zero if the table does not have it. */
struct np_host host_of(const char *a);
bool owned_by(const char *a, const struct mac *m);

/* ---- what neighbours do ---- */

void ns(unsigned port, const char *src, const struct mac *mac,
	const char *target);
/* The NS of duplicate address detection: from ::, no link-layer option. */
void dad(unsigned port, const struct mac *mac, const char *target);
/* An NA for target, by itself, to the WAN port's link-local address. */
void na(unsigned port, const struct mac *mac, const char *target,
	uint8_t flags);
/* The router on the WAN. */
void wan_asks(const char *target);
/* An RA on the WAN as a whole frame; prefix NULL: with none. */
void upstream_ra_from(const char *ll, const struct mac *mac,
	const char *prefix, uint16_t life, uint32_t valid, uint32_t preferred);
void upstream_ra(const char *prefix, uint16_t life, uint32_t valid,
	uint32_t preferred);
/* n hosts on port 1, 32 to a MAC, at the addresses that fmt makes of 0 to
 * n - 1; with prove each also answers. */
void many_macs(const char *fmt, unsigned n, bool prove);
/* A host that spoke and answered our question. */
void learn(unsigned port, const struct mac *mac, const char *a);

/* ---- time, and worlds to begin in ---- */

/* Let time pass in the machine's own steps. */
void pass(msec_t ms);
/* A machine in the place of the last one, its ports up; clock and log stay. */
void start(const struct np_conf *c, struct hash_key key,
	void (*act)(void *, const struct np_action *));
/* All is new: ports up, the router and its prefix known, the log empty. */
void world_with(const struct np_conf *c);
/* One LAN. */
void world(void);
/* Ports 1 and 2. */
void world_two_lans(void);
/* One LAN, on which mac_casa is pinned. */
void world_pinned(void);
/* One LAN with PC on it, silent for 31 s. */
void world_idle(void);
/* As before, and PC did not answer the question that the WAN asked 4 s ago. */
void world_gone(void);
/* Every test ends so. */
int world_end(void **s);

#define T(f) cmocka_unit_test_teardown(f, world_end)

/* ---- the groups, one a file; each returns how many tests failed ---- */

int answers_tests(void);
int silent_tests(void);
int contests_tests(void);
int limits_tests(void);
int adverts_tests(void);
int restart_tests(void);
int shield_tests(void);
int random_tests(void);

#endif
