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

struct nft_reader {
	const struct read_hints *h;
	struct pipeline *pl;
	json_t *objects;	/* the whole listing's array */
	const char *family, *table; /* of the rule being read */
	enum family fam;	/* of its table, or FAM_NONE (inet) */
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
