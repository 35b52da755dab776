/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the Yamaha reader. */
#ifndef KADOMORI_YAMAHA_READ_OWN_H
#define KADOMORI_YAMAHA_READ_OWN_H

#include "routers/brand.h"
#include "routers/capture.h"

enum { LISTS_MAX = 32, NAT_MAX = 64, NAMES_MAX = 16 };

struct noted {
	unsigned no;	/* line of the file */
	char *text;
	struct words w;
	unsigned number; /* of the filter */
	enum family fam;
};

struct list {
	char iface[16];
	enum family fam;
	bool in;
	const struct capture_line *line;
	struct words w;
	size_t from;	/* first filter number */
};

struct nat_entry {
	unsigned descriptor;
	const struct capture_line *line;
	struct words w;
};

/* Interfaces by name; what is too many is dropped and the caller told. */
struct names {
	char v[NAMES_MAX][16];
	size_t n;
};

struct yamaha {
	const struct read_hints *h;
	struct pipeline *pl;
	struct capture cap;
	struct noted *filters, *dynamics;
	size_t filter_n, filter_cap, dynamic_n, dynamic_cap;
	struct list lists[LISTS_MAX];
	size_t list_n;
	struct nat_entry nats[NAT_MAX];
	size_t nat_n;
	char scope[16];	/* "pp1" after "pp select 1" */
	struct names wan4;	/* PPPoE beside MAP-E: all of them are the line */
	struct names nat_on;	/* interfaces with a NAT descriptor */
	struct names routes;	/* where the default route goes */
	struct names vpn;	/* tunnels with IPsec or L2TP inside */
	struct names ports;	/* what PPPoE runs on */
	const struct capture_line *bridges[NAMES_MAX];
	size_t bridge_n;
	char wan6[16], lan[16];
	unsigned descriptors[NAMES_MAX];
	size_t descriptor_n;
	bool v4, v6;
};

int yamaha_looks(const char *text);
int yamaha_read(const char *text, const struct read_hints *h,
	struct pipeline *pl, char **why);

/*
 * One "ip filter" or "ipv6 filter" line (words from the action on) -> rules
 * appended to c. Two rules where ports bind only TCP and UDP. False: not
 * understood.
 */
bool yamaha_filter(struct chain *c, enum family fam, const struct words *w,
	size_t i, const struct origin *o);

/* read.c: this line counts as unread; affects: it may change what passes */
void yamaha_not_understood(struct yamaha *y, const struct capture_line *l,
	bool affects);
/* read-nat.c */
void yamaha_nat(struct yamaha *y);

/* undo.c: lines that a later "no" takes back become empty */
void yamaha_take_back(struct capture *c);

/* mend.c */
void yamaha_mend(const struct mender *m, struct mends *ret);

#endif
