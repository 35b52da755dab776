/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fast path, apply's part: which devices, when its proofs end, what status
 * says of it. The gate never waits for it.
 */
#ifndef KADOMORID_FAST_H
#define KADOMORID_FAST_H

#include "espnat/espnat.h"
#include "intent/intent.h"
#include "policy/policy.h"

struct event_base;

enum fast_wish { FAST_AUTO, FAST_OFF, FAST_TC, FAST_NATIVE };

struct fast;
typedef void (*fast_status_fn)(void *arg, const char *json);
struct fast *fast_new(struct event_base *base, enum fast_wish wish,
	struct intent *const *in, fast_status_fn status, void *arg);
void fast_free(struct fast *f);
/* The gate's rules are in: now, and each time they are others. The first time
 * a thread begins to load the programs; they are attached when it ends. */
void fast_rules(struct fast *f);
/* nftables told something (the netlink message; NULL: more than the socket
 * could hold): who was it? */
void fast_nft_event(struct fast *f, const void *msg, size_t n);
void fast_facts(struct fast *f, const struct facts *facts);
/* The learner's bindings. */
void fast_esp(struct fast *f, const struct espnat_change *c);
void fast_esp_clear(struct fast *f);
/* What went fast, as nft lists sets: "elements = { fast A . SPI packets N, fast
 * HOST . PEER . SPI packets N }" (in, out). */
void fast_esp_counts(struct fast *f, struct text *out);

#endif
