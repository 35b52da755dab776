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

enum { LEVELS = 3, SETTLED = 16, FAILED_MAX = 4 };

static const uint32_t masks[LEVELS] = {0, LEASE_AWAY & 3 << 24, LEASE_AWAY};

uint32_t dataplane_away_mask(const struct dataplane_away *a)
{
	return masks[a->level];
}

static void fewer(struct dataplane_away *a)
{
	a->failed = MIN2(a->failed + a->tried, (unsigned)FAILED_MAX);
	a->tried = a->young = false;
	a->bad = 0;
	a->level = MIN2(a->level + 1, (unsigned)LEVELS - 1);
}

static void more(struct dataplane_away *a)
{
	a->tried = a->young = true;
	a->good = 0;
	a->level--;
}

static void after_good(struct dataplane_away *a)
{
	a->bad = 0;
	a->young = false;
	a->good++;
	if (a->level && a->good >= 1u << a->failed)
		more(a);
	else if (!a->level && a->good >= SETTLED)
		a->failed = 0;
}

/* Whatever was too much, it is over. */
static void after_light(struct dataplane_away *a)
{
	a->failed = 0;
	after_good(a);
}

static void after_bad(struct dataplane_away *a)
{
	unsigned borne = a->young ? 2 : a->level ? 0 : 1;

	a->good = 0;
	if (++a->bad > borne)
		fewer(a);
}

/*
 * bench/fastpath: a packet that goes fast saves about four times what one
 * costs that is looked up for nothing, and twice as much as to ask conntrack
 * and the FIB.
 */
void dataplane_away(struct dataplane_away *a, const struct dataplane_second *d,
	bool grown)
{
	enum { SAVES = 4, CHECK = 2, FEW = 20000 }; /* FEW: whatever they cost */
	uint64_t gain = SAVES * d->fast, cost = d->missed + CHECK * d->checks;
	uint64_t of = masks[a->level] / (LEASE_SETS_MASK + 1) + 1;

	a->young |= grown;
	if ((d->fast + d->missed) * of < FEW)
		after_light(a);
	else if (d->missed * of < FEW || gain >= 2 * cost)
		after_good(a);
	else if (gain < cost)
		after_bad(a);
}
