/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Words of configurations -> conditions: what most routers write alike. Each
 * returns false when the word is not understood; the caller then makes the rule
 * opaque or lists the line, it never leaves the condition out.
 */
#ifndef KADOMORI_ROUTERS_VALUE_H
#define KADOMORI_ROUTERS_VALUE_H

#include "policy/policy.h"

/* A condition that only the router can judge; text is kept for people. */
void value_opaque(struct match *m, const char *text);
/* Holds for no packet: an interface that is nobody's, an empty list. */
void value_never(struct match *m);
/* Whole decimal number up to top. */
bool value_number(const char *s, uint32_t top, uint32_t *ret);
/* "tcp", "esp", "ipsec-esp", "50"; icmp is ICMPv6 where the family is 6. */
bool value_proto(const char *s, enum family fam, uint32_t *ret);
/* "500", "isakmp", "www" */
bool value_port(const char *s, uint32_t *ret);
/* "500", "500-510", "500:510", lists with commas; open ends are 0 and 65535. */
bool value_ports(struct cond *c, const char *s);
/*
 * "A", "A/len", "A/mask", "A-B" of that family (FAM_NONE: either), appended to
 * c. The family of what was read is *fam_read when that is not NULL.
 */
bool value_addr(struct cond *c, enum family fam, const char *s,
	enum family *fam_read);
/* A single family in front of everything. */
void value_family(struct match *m, enum family fam);
/* ICMP type by name or number, with the code that the name implies or -1. */
bool value_icmp(const char *s, bool six, uint8_t *type, int *code);

/* What c said so far is not understood: the rule stays, its meaning is open. */
void cond_opaque(struct cond *c, const char *text);
/* Ports or addresses as above; opaque when they are not understood. */
void match_ports(struct match *m, enum field f, bool neg, const char *s);
void match_address(struct match *m, enum field f, bool neg, const char *s);

/* A gate whose first rules let by what is not `fam` from the side `in`. */
struct chain *value_gate(struct pipeline *pl, enum path path, const char *name,
	enum family fam, enum role in);
/* Established and related pass: engines that follow every connection. */
void value_established(struct chain *c, const char *text, unsigned line);

#endif
