/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the pf folder; OPNsense writes its rules for the same filter. */
#ifndef KADOMORI_PF_READ_OWN_H
#define KADOMORI_PF_READ_OWN_H

#include "routers/brand.h"
#include "base/text.h"

int pf_looks(const char *text);
int pf_read(const char *text, const struct read_hints *h, struct pipeline *pl,
	char **why);

/* ---- the filter of pf as chains; shared with opnsense/ ---- */

#define PF_IN "pf in"	/* rules as a packet meets them where it comes in */
#define PF_OUT "pf out"	/* and again where it leaves */

/*
 * Both chains with last match, an end that passes, and states: answers pass in
 * front of every rule. Gates: in and out for what is forwarded.
 */
void pf_chains(struct pipeline *pl);
/* A copy of r's conditions and verdict in that chain. */
struct rule *pf_rule(struct pipeline *pl, const char *chain, enum verdict v,
	bool quick, const struct match *m, const struct origin *o);

/* ---- lex.c: statements of pf.conf ---- */

struct pf_line {
	unsigned no;	/* line of the file where it begins */
	char *text;	/* as written, for people */
	char **w;	/* words; "{" "}" "(" ")" "," "!" and operators alone */
	size_t n, cap;
};

struct pf_file {
	struct pf_line *v;
	size_t n, cap;
	struct {
		char *name;
		char **w;
		size_t n, cap;
	} *macros;
	size_t macro_n, macro_cap;
	bool unclosed;	/* a list or an anchor has no end */
};

void pf_lex(const char *text, struct pf_file *ret);
void pf_lex_done(struct pf_file *f);
static inline const char *pf_word(const struct pf_line *l, size_t i)
{
	return i < l->n ? l->w[i] : "";
}

/* ---- reading ---- */

struct pf_table {
	const char *name; /* "<x>" */
	const struct pf_line *line;
};

struct pf {
	const struct read_hints *h;
	struct pipeline *pl;
	struct pf_file file;
	struct pf_table *tables;
	size_t table_n, table_cap;
	char *wans, *lans;	/* comma lists of names that were found out */
	bool wan_known;
	bool old;		/* rdr and nat statements: FreeBSD's order */
	enum verdict block;	/* set block-policy */
	bool match_rdr;		/* some match rule has rdr-to */
	bool line_match, pass_rdr; /* and it is for what the line brings */
	bool rdrs;		/* some rule has rdr-to */
	/* of each entry of pl->nat_in: how its rule wins */
	enum pf_wins { PF_LATE, PF_QUICK, PF_MATCH } *wins;
	size_t win_n, win_cap;
};

/* The anchors around a rule. */
struct pf_outer {
	bool in, out;
	struct match m[2]; /* in, out */
};

enum { PF_WAN = 1, PF_LAN = 2, PF_SELF = 4 };
unsigned pf_sides(const struct pf *p, const char *ifname);

/* What a rule asks, apart from its direction and interface. */
struct pf_hosts {
	struct match m;
	bool to_self;	/* "to (egress)": m has F_OUT self for it */
	bool file;	/* a table that is filled from a file */
};

/* hosts.c: "from A port B to C port D" or "all", from word i on. */
bool pf_hosts(const struct pf *p, const struct pf_line *l, size_t *i,
	struct pf_hosts *ret);
/* "500", "{ 500 4500 }", "1000:2000", "> 1023" from word i on. */
bool pf_ports(const struct pf_line *l, size_t *i, struct match *m,
	enum field f);
/* "proto udp", "proto { udp esp }": the words behind "proto". */
bool pf_protos(const struct pf_line *l, size_t *i, struct match *m);
bool pf_icmp(const struct pf_line *l, size_t *i, struct match *m, bool six);

/* rule.c */
void pf_filter(struct pf *p, const struct pf_line *l,
	const struct pf_outer *outer);
/* "anchor x in on em0 {" -> what its rules are under. ret is empty before. */
bool pf_anchor(struct pf *p, const struct pf_line *l,
	const struct pf_outer *outer, struct pf_outer *ret);
void pf_rdr(struct pf *p, const struct pf_line *l); /* FreeBSD: rdr, no rdr */
/* OpenBSD's rdr-to rules have been noted in the chains: make the NAT list. */
void pf_nat_finish(struct pf *p);
void pf_unknown(struct pf *p, const struct pf_line *l, bool affects);

/* mend.c */
void pf_mend(const struct mender *m, struct mends *ret);

#endif
