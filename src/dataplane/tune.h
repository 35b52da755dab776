/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much of the table is worth using: pure, once a second. */
#ifndef KADOMORI_DATAPLANE_TUNE_H
#define KADOMORI_DATAPLANE_TUNE_H

#include "base/base.h"

/* What happened in a second. */
struct dataplane_second {
	uint64_t fast;	 /* packets that went fast */
	uint64_t missed; /* that were looked up and had no lease */
	uint64_t checks; /* conntrack and the FIB asked */
	uint64_t full;	 /* flows that found no slot */
};

/* Sets to use from now on: at most all, never fewer than now. */
uint32_t dataplane_grown(uint32_t sets, uint32_t all,
	const struct dataplane_second *d);

/*
 * Does it pay to look flows up? The next state after a second; 0 at first: all
 * are looked up. It takes two bad seconds in a row to look away, so that many
 * flows may begin at once.
 */
unsigned dataplane_away(unsigned state, const struct dataplane_second *d);
/* Bits of LEASE_AWAY that must be zero in the hash of a flow looked up. */
uint32_t dataplane_away_mask(unsigned state);

#endif
