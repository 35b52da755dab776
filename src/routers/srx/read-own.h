/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the folder srx. */
#ifndef KADOMORI_SRX_READ_OWN_H
#define KADOMORI_SRX_READ_OWN_H

#include "routers/brand.h"
#include "routers/tree.h"
#include "routers/value.h"

struct srx {
	const struct read_hints *h;
	struct pipeline *pl;
	struct tree *root;
	const struct tree *zones;	/* security zones security-zone */
	const struct tree *books;	/* security address-book */
	const struct tree *apps;	/* applications */
};

/* read.c */
void srx_unknown(struct srx *x, const char *prefix, const struct tree *t,
	bool affects);
/* Of a zone; false: there is none of that name. "junos-host" is the router. */
bool srx_zone_role(const struct srx *x, const char *zone, enum role *ret);
/* Of "ge-0/0/0.0", by the zone it is in. */
bool srx_if_role(const struct srx *x, const char *ifname, enum role *ret);
/* How many zones have that role. */
size_t srx_zones_of(const struct srx *x, enum role r);

/* read-match.c */
/* What is brought up when a set line holds several of them. */
extern const char *const srx_keys[];
/*
 * Names of address books (zone: whose own book is asked, too) or prefixes into
 * m; "any" adds nothing. What cannot be known makes the match open.
 */
void srx_addresses(struct srx *x, struct match *m, enum field f,
	const struct tree *names, const char *zone, bool neg);
/* One match for each term of each application; caller: match_done() each. */
struct srx_apps {
	struct match *v;
	size_t n, cap;
};
void srx_applications(struct srx *x, const struct tree *names,
	struct srx_apps *ret);
void srx_apps_done(struct srx_apps *a);
/* "500", "500-510", "500 { to { 510 } }" */
void srx_ports(struct match *m, enum field f, const struct tree *t);
void srx_protocols(struct match *m, const struct tree *t, enum family fam);

/* read-policy.c */
void srx_policies(struct srx *x);
/* read-nat.c */
void srx_nat(struct srx *x);
/* read-filter.c: firewall filters on interfaces, asked before everything. */
void srx_filters(struct srx *x);

int srx_looks(const char *text);
int srx_read(const char *text, const struct read_hints *h,
	struct pipeline *pl, char **why);

#endif
