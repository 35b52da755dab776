/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside proof only: where each field's bits are. */
#ifndef KADOMORI_PROOF_OWN_H
#define KADOMORI_PROOF_OWN_H

#include "proof/proof.h"

/* Order of the diagram's fields. */
enum slot { S_FAMILY, S_IN, S_OUT, S_CT, S_DNAT, S_FRAG, S_DST, S_PROTO,
	S_DPORT, S_SPORT, S_ITYPE, S_ICODE, S_FLAGS, S_EXT, S_SPI, S_SRC };
#define SLOT_MAX (S_SRC + 1)

struct place {
	unsigned at, bits; /* first variable (most significant bit), width */
};
extern const struct place places[SLOT_MAX];
enum { VARS = 1 + 2 + 2 + 3 + 1 + 2 + 128 + 8 + 16 + 16 + 8 + 8 + 6 + 8 + 32 + 128 };

struct asked {
	char *words;
	pset set;
	struct asked *next;
};
enum { ASKED_BUCKETS = 128, MET_MAX = 128 };
/* A set whose witness is known; it is held as long as it stands here. */
struct met {
	bdd set;
	struct packet packet;
};

struct proof {
	struct bdd_world *w;
	struct asked *asked[ASKED_BUCKETS];
	struct met met[MET_MAX];
	bdd universe;
	bdd has_ports, is_icmp, is_tcp, has_spi, is4, is6;
	/* words.c, made when first asked; BDD_NO until then */
	bdd ordinary, unrouted[SLOT_MAX];
};

/* lo <= field <= hi */
bdd space_range(struct proof *pr, enum slot s, uint32_t lo, uint32_t hi);
bdd space_equal(struct proof *pr, enum slot s, uint32_t v);
/* field & mask == value, most significant bit first */
bdd space_mask(struct proof *pr, enum slot s, const uint8_t *value,
	const uint8_t *mask);
/* The same and rest, which knows only fields behind s. */
bdd space_equal_on(struct proof *pr, enum slot s, uint32_t v, bdd rest);
bdd space_mask_on(struct proof *pr, enum slot s, const uint8_t *value,
	const uint8_t *mask, bdd rest);
bdd space_addr_range(struct proof *pr, enum slot s, const struct addr *lo,
	const struct addr *hi);
void space_init(struct proof *pr);
void space_forget_asked(struct proof *pr);	/* question.c */
/* The bits of p, one byte a variable. */
void space_bits(const struct packet *p, uint8_t bits[VARS]);
void space_packet(const uint8_t bits[VARS], struct packet *ret);
enum slot space_slot(enum field f);
/* A condition's number as the diagram has it (family: 0 or 1). */
uint32_t space_number(enum field f, uint32_t v);
bdd space_condition(struct proof *pr, const struct cond *c, enum proof_mode mode);
/* Members of `in` of which all conditions hold; what cannot exist is left in. */
bdd space_match(struct proof *pr, const struct match *m, enum proof_mode mode,
	bdd in);

#endif
