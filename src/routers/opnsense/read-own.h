/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the OPNsense folder. */
#ifndef KADOMORI_OPNSENSE_READ_OWN_H
#define KADOMORI_OPNSENSE_READ_OWN_H

#include "routers/brand.h"

int opnsense_looks(const char *text);
int opnsense_read(const char *text, const struct read_hints *h,
	struct pipeline *pl, char **why);

/* ---- xml.c: a tree of elements; attributes are not kept ---- */

enum { XML_NODES_MAX = 400000, XML_DEEP_MAX = 64 };

struct xml {
	char *name, *text; /* text of the element itself, trimmed, never NULL */
	unsigned no;	   /* line */
	struct xml *up, **v;
	size_t n, cap;
};

/*
 * The root (caller: xml_free), or NULL with *why: not well-formed, a document
 * type (and with it every entity), too deep, too many elements.
 */
struct xml *xml_parse(const char *text, char **why);
void xml_free(struct xml *x);
/* The lines of x and all in it belong to o's rule. */
void xml_lines(struct origin *o, const struct xml *x);
/* First child of that name, or NULL; x may be NULL. */
const struct xml *xml_child(const struct xml *x, const char *name);
/* Its text, or "". */
const char *xml_get(const struct xml *x, const char *name);
/* The element is there and does not say 0. */
bool xml_set(const struct xml *x, const char *name);
/* "OPNsense/Firewall/Alias" from x on. */
const struct xml *xml_path(const struct xml *x, const char *path);
/* The element's children on one line, for people. Caller frees. */
char *xml_line(const struct xml *x);

/* ---- what rules speak of ---- */

struct opn {
	const struct read_hints *h;
	struct pipeline *pl;
	struct xml *root;
};

/* Bits of one or several interfaces, comma-separated ("wan,opt1"). */
enum { OPN_WAN = 1, OPN_LAN = 2, OPN_SELF = 4 };
unsigned opn_sides(const struct opn *o, const char *names);
void opn_side_cond(struct match *m, enum field f, bool neg, unsigned sides);

enum opn_host { OPN_HOST_OK, OPN_HOST_OPAQUE };
/*
 * "any", "lan", "wanip", "(self)", an address, an alias -> conditions. OPAQUE:
 * only the firewall knows (a name, a list from elsewhere); m has nothing of it.
 */
enum opn_host opn_host(const struct opn *o, struct match *m, enum field f,
	bool neg, const char *word);
/* "500", "500-510", "isakmp", an alias of ports. */
bool opn_port(const struct opn *o, struct match *m, enum field f,
	const char *word);
/* An alias that is one host: its address. */
bool opn_target(const struct opn *o, const char *word, enum family *fam,
	struct addr *ret);

/* ---- read-rule.c ---- */

void opn_filter(struct opn *o);
void opn_nat(struct opn *o);

#endif
