/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the folder ios. */
#ifndef KADOMORI_IOS_READ_OWN_H
#define KADOMORI_IOS_READ_OWN_H

#include "routers/brand.h"
#include "routers/capture.h"
#include "routers/value.h"

/* One entry of an access list, class map, policy map or object group. */
struct ios_entry {
	unsigned seq;	/* order within its block */
	const struct capture_line *line;
	struct words w;
};

enum ios_kind {
	IOS_ACL,	/* access-list N, ip access-list, ipv6 access-list */
	IOS_GROUP,	/* object-group network */
	IOS_CLASS,	/* class-map type inspect */
	IOS_POLICY,	/* policy-map type inspect: "class ...", actions */
	IOS_PAIR,	/* zone-pair security */
	IOS_INSPECT,	/* ip[v6] inspect name X */
};

/* A named block of lines. */
struct ios_block {
	enum ios_kind kind;
	char *name;
	enum family fam;	/* of lists; 0 else */
	bool standard;		/* source only */
	bool all;		/* class-map match-all */
	const struct capture_line *line;
	struct words head;
	struct ios_entry *v;
	size_t n, cap;
};

struct ios_if {
	char *name;
	enum role role;
	bool v4, v6, nat_out, nat_in, wan_sign, down;
	char *zone;
	unsigned bridge;
	const struct capture_line *bridge_line;
	/* [IPv4, IPv6][in, out] */
	char *list[2][2], *inspect[2][2];
	const struct capture_line *said[2][2];
};

struct ios {
	const struct read_hints *h;
	struct pipeline *pl;
	struct capture cap;
	struct ios_block *blocks;
	size_t block_n, block_cap;
	struct ios_if *ifs;
	size_t if_n, if_cap;
	struct ios_entry *nats;
	size_t nat_n, nat_cap;
	bool indented;	/* sub-lines stand to the right in this text */
	bool v4, v6;
};

/* read-lines.c */
/* Fills cap, blocks, ifs and nats. */
void ios_lines(struct ios *s, const char *text);
struct ios_block *ios_find(const struct ios *s, enum ios_kind k,
	const char *name, enum family fam);
void ios_unknown(struct ios *s, const struct capture_line *l, bool affects);

/* read.c: working interfaces of that role */
size_t ios_count(const struct ios *s, enum role r);

/* read-acl.c */
/*
 * The list's lines into c: what it permits gets `permit`, what it denies `deny`.
 * extra (may be NULL): further conditions for each. outer: destinations are
 * named before translation (else their meaning is open when NAT is in use).
 */
void ios_acl_rules(struct ios *s, const struct ios_block *acl, struct chain *c,
	enum verdict permit, enum verdict deny, const struct match *extra);
/* The chain of a list on an interface; made once. NULL: not defined. */
struct chain *ios_acl_chain(struct ios *s, const char *name, enum family fam);

/* read-zone.c */
void ios_zones(struct ios *s);

int ios_looks(const char *text);
int ios_read(const char *text, const struct read_hints *h,
	struct pipeline *pl, char **why);

/* mend.c */
void ios_mend(const struct mender *m, struct mends *ret);

#endif
