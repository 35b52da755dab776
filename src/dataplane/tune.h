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

/* Zeroed: all flows are looked up. */
struct dataplane_away {
	unsigned level;	    /* 0: all, 1: one in four, 2: one in sixteen */
	unsigned good, bad; /* seconds in a row */
	unsigned failed;    /* times that looking up more did not pay */
	bool young;	    /* many flows are here for the first time */
	bool tried;	    /* more are looked up than once were */
};

/*
 * Does it pay to look flows up? What to do after such a second. Flows that are
 * looked up for the first time cost before they save, and so do all when the
 * table has grown: two bad seconds are borne then, at first one. Where looking up more did not
 * pay it is tried again later each time, up to sixteen seconds.
 */
void dataplane_away(struct dataplane_away *a, const struct dataplane_second *d,
	bool grown);
/* Bits of LEASE_AWAY that must be zero in the hash of a flow looked up. */
uint32_t dataplane_away_mask(const struct dataplane_away *a);

#endif
