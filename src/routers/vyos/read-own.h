/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the folders vyos and edgeos: one tree, an old and a new dialect. */
#ifndef KADOMORI_VYOS_READ_OWN_H
#define KADOMORI_VYOS_READ_OWN_H

#include "routers/brand.h"
#include "routers/tree.h"
#include "routers/value.h"

enum { VYOS_WANS_MAX = 16 };

struct vyos {
	const struct read_hints *h;
	struct pipeline *pl;
	struct tree *root;
	const struct tree *group;	/* firewall group */
	char wan[VYOS_WANS_MAX][32];
	size_t wan_n;
	char private[VYOS_WANS_MAX][32]; /* interfaces with private addresses */
	size_t private_n;
	size_t lan_n;	/* interfaces at home: one list may not stand for all */
	bool v4, v6;	/* the family is configured at all */
	bool gated[2];	/* IPv4, IPv6: some list stands on the WAN's way in */
};

/* read.c */
enum role vyos_role(const struct vyos *v, const char *ifname);
void vyos_unknown(struct vyos *v, const char *prefix, const struct tree *t,
	bool affects);

/* read-rule.c: the conditions of "rule N". */
void vyos_match(struct vyos *v, const struct tree *rule, enum family fam,
	struct match *m);
/* "inbound-interface name eth0", "... eth0", "... group G" */
void vyos_iface(struct vyos *v, const struct tree *t, enum field f,
	struct match *m);
/* Both protocols of "tcp_udp" are one condition. */
bool vyos_proto(const char *s, struct match *m);
/* The chain "ip[v6] name X" of that node; made once. */
struct chain *vyos_chain(struct vyos *v, const struct tree *list,
	const char *prefix, const char *name, enum family fam,
	enum verdict end);

/* read-nat.c */
void vyos_nat(struct vyos *v);
/* EdgeOS "port-forward ... auto-firewall enable": passes before any list. */
void vyos_forwarded(struct vyos *v, struct chain *c);

int vyos_looks(const char *text);
int edgeos_looks(const char *text);
int vyos_read(const char *text, const struct read_hints *h,
	struct pipeline *pl, char **why);

/* vyos.c: written for both brands. */
enum { VYOS_OLD = 1, /* firewall name X, attached to interfaces */
	VYOS_EDGE = 2 /* service nat instead of nat destination */ };
void vyos_emit(const struct plan *p, struct sheet *s);
void vyos_undo(const struct plan *p, struct sheet *s);
void vyos_fit(const struct plan *p, struct sheet *s);

#endif
