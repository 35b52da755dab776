// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Few flows shall touch few pages: the table starts small and grows where sets
 * were full; half or more of the leases then move, and are learnt anew.
 *
 * And flows that are seen less than a few times a second gain nothing here. If
 * they are most of what comes (scans, a swarm of a million peers), fewer are
 * looked up: one in four, then one in sixteen, which is enough to see when it
 * pays again, and costs the others next to nothing.
 */
#include "dataplane/tune.h"
#include "dataplane/lease.h"

uint32_t dataplane_grown(uint32_t sets, uint32_t all,
	const struct dataplane_second *d)
{
	enum { CHANCE = 16 }; /* so many may meet by chance */

	if (d->full <= CHANCE)
		return sets;
	return MIN2(sets * (d->full > sets ? 16 : 4), all);
}

enum { AWAY_NOT, AWAY_MAYBE, AWAY_QUARTER, AWAY_SIXTEENTH };

static const uint32_t masks[] = {
	[AWAY_NOT] = 0,
	[AWAY_MAYBE] = 0,
	[AWAY_QUARTER] = LEASE_AWAY & 3 << 24,
	[AWAY_SIXTEENTH] = LEASE_AWAY,
};

uint32_t dataplane_away_mask(unsigned state)
{
	return masks[state];
}

/*
 * bench/fastpath: a packet that goes fast saves about four times what one
 * costs that is looked up for nothing, and twice as much as to ask conntrack
 * and the FIB.
 */
unsigned dataplane_away(unsigned state, const struct dataplane_second *d)
{
	enum { SAVES = 4, CHECK = 2, FEW = 20000 }; /* FEW: whatever they cost */
	uint64_t gain = SAVES * d->fast, cost = d->missed + CHECK * d->checks;
	uint64_t all = d->missed * (masks[state] / (LEASE_SETS_MASK + 1) + 1);

	if (all < FEW || gain >= 2 * cost)
		return state ? state - 1 : AWAY_NOT;
	return gain < cost ? MIN2(state + 1, (unsigned)AWAY_SIXTEENTH) : state;
}
