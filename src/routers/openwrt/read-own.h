/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the OpenWrt reader. Semantics are firewall4's (fw4.uc, its templates). */
#ifndef KADOMORI_OPENWRT_READ_OWN_H
#define KADOMORI_OPENWRT_READ_OWN_H

#include "routers/brand.h"

int openwrt_looks(const char *text);
void openwrt_mend(const struct mender *m, struct mends *ret);
int openwrt_read(const char *text, const struct read_hints *h,
	struct pipeline *pl, char **why);

/* ---- uci.c: files of /etc/config, "uci export", "uci show" ---- */

struct uci_opt {
	char *key;
	char **v;	/* an option has one value, a list several */
	size_t n, cap;
	bool list;
};

struct uci_section {
	char *type, *name; /* name "" when it has none */
	unsigned no;	/* line where it begins */
	unsigned *more;	/* those of its options */
	size_t more_n, more_cap;
	struct uci_opt *opts;
	size_t n, cap;
};

struct uci {
	struct uci_section *v;
	size_t n, cap;
	struct {
		unsigned no;
		char *text;
	} *odd; /* lines that are none of UCI */
	size_t odd_n, odd_cap;
};

void uci_read(const char *text, struct uci *ret);
void uci_done(struct uci *u);
/* Its lines belong to o's rule. */
void uci_lines(struct origin *o, const struct uci_section *s);
/* The option, or NULL. */
const struct uci_opt *uci_opt(const struct uci_section *s, const char *key);
/* Its first value, or "" */
const char *uci_get(const struct uci_section *s, const char *key);
/*
 * Its values one by one: those of a list, or the words of an option. i counts
 * from 0; false at the end. The word stays valid as long as buf.
 */
enum { UCI_WORD = 256 };
bool uci_word(const struct uci_section *s, const char *key, size_t i,
	char buf[UCI_WORD]);
/* "1", "on", "true", "yes"; dflt when it is not there. */
bool uci_bool(const struct uci_section *s, const char *key, bool dflt);
/* The section on one line, for people. Caller frees. */
char *uci_line(const struct uci_section *s);

/* ---- zones ---- */

struct zone {
	const struct uci_section *sec; /* NULL: assumed, as shipped */
	char name[32];
	enum role role;
	enum family fam;
	enum verdict input, forward;
	bool masq, dnat; /* dnat: some redirect comes from it */
};

struct owrt {
	const struct read_hints *h;
	struct pipeline *pl;
	struct uci uci;
	struct zone *zones;
	size_t zone_n, zone_cap;
	bool assumed;	/* no zone in the text: the shipped ones */
};

/* "*" gives *any. False: there is no such zone (fw4 skips the section). */
bool owrt_zone(const struct owrt *o, const char *name,
	const struct zone **zone, bool *any);
/* "accept", "REJECT", "drop" and their beginnings, as fw4 takes them. */
bool owrt_policy(const char *s, enum verdict *ret);
/* "any" 0, "ipv4" 4, "inet6" 6; false: not understood. */
bool owrt_family(const char *s, enum family *ret, bool *said);

/* ---- read-rule.c ---- */

void owrt_rule(struct owrt *o, const struct uci_section *s);
void owrt_forwarding(struct owrt *o, const struct uci_section *s);
void owrt_redirect(struct owrt *o, const struct uci_section *s);
/* Fails as fw4 does: the section is skipped, and the reader says so. */
void owrt_skipped(struct owrt *o, const struct uci_section *s);

#endif
