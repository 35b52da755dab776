/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside the nftables reader: drafts of rules while a JSON rule is read. */
#ifndef KADOMORI_NFT_READ_OWN_H
#define KADOMORI_NFT_READ_OWN_H

#include <jansson.h>

#include "routers/brand.h"

enum { DRAFTS_MAX = 4096 };

/*
 * What one rule has asked so far. Concatenations and verdict maps make several
 * of one.
 */
struct drafts {
	struct match *v;
	size_t n, cap;
};

/* lines.c: the lines of a chain's rules in the text, in order. */
struct nft_chain_lines {
	char *name;	/* "inet fw forward" */
	unsigned *v;
	size_t n, cap, used;
	size_t listed;	/* rules in nft's listing */
	unsigned policy; /* line of its type or policy; 0: none */
};
struct nft_lines {
	struct nft_chain_lines *v;
	size_t n, cap;
};
void nft_lines_read(const char *text, struct nft_lines *ret);
void nft_lines_done(struct nft_lines *l);
/* NULL: no rule of that chain stands in the text. */
struct nft_chain_lines *nft_lines_of(const struct nft_lines *l,
	const char *chain);

struct nft_reader {
	struct nft_lines lines;
	unsigned line;		/* of the rule being read, 0: not known */
	const struct read_hints *h;
	struct pipeline *pl;
	json_t *objects;	/* the whole listing's array */
	const char *family, *table; /* of the rule being read */
	enum family fam;	/* of its table, or FAM_NONE (inet) */
	char *wan;	/* guessed: what is masqueraded towards */
	bool unnamed;	/* some rule names an interface, and nobody said whose */
};

/* One "match" object added to every draft. What is not known is opaque. */
void nft_match(struct nft_reader *r, struct drafts *d, json_t *m);
/* key == value for one value of a map or set, added to m. */
void nft_key_is(struct nft_reader *r, struct match *m, json_t *key,
	json_t *value);
/* An opaque condition, quoting the JSON. */
void nft_opaque(struct match *m, json_t *what);
/* The elements of "@name" or of {"set": [...]}; NULL: neither. */
json_t *nft_elements(struct nft_reader *r, json_t *set);

/* read.c */
int nftables_looks(const char *text);
int nftables_read(const char *text, const struct read_hints *h,
	struct pipeline *pl, char **why);

/* mend.c */
void nftables_mend(const struct mender *m, struct mends *ret);

#endif
