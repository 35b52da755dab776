/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table: a fixed pool, a keyed hash over addresses and one over MACs, a
 * heap of deadlines and four lists in order of age. All links are index + 1,
 * 0 is none.
 *
 * Who goes when a newcomer finds no room: first what was never proven (no
 * answer to a question of ours), then GONE, then IDLE, each the oldest. LIVE,
 * asked and pinned hosts stay; so an attacker with random addresses or random
 * MACs displaces other unproven ones only.
 */
#include "own.h"

static struct host *at(const struct np *np, uint16_t i)
{
	return i ? (struct host *)&np->host[i - 1] : NULL;
}

static uint16_t id(const struct np *np, const struct host *h)
{
	return (uint16_t)(h - np->host + 1);
}

static unsigned slot_addr(const struct np *np, const struct addr *a)
{
	return (unsigned)(hash_bytes(&np->key, a->b, 16) % HASH_SIZE);
}

static unsigned slot_mac(const struct np *np, const struct mac *m)
{
	return (unsigned)(hash_bytes(&np->key, m->b, 6) % HASH_SIZE);
}

void hosts_init(struct np *np)
{
	for (unsigned i = HOSTS_MAX; i > 0; i--) {
		np->host[i - 1].hash_next = np->free_head;
		np->free_head = (uint16_t)i;
	}
}

struct host *hosts_find(const struct np *np, const struct addr *a)
{
	struct host *h = at(np, np->bucket[slot_addr(np, a)]);

	while (h && memcmp(&h->addr, a, sizeof(*a)))
		h = at(np, h->hash_next);
	return h;
}

/* ---- lists by age ---- */

static void lru_out(struct np *np, struct host *h)
{
	unsigned l;

	if (!h->lru)
		return;
	l = h->lru - 1u;
	if (h->lru_prev)
		at(np, h->lru_prev)->lru_next = h->lru_next;
	else
		np->lru_head[l] = h->lru_next;
	if (h->lru_next)
		at(np, h->lru_next)->lru_prev = h->lru_prev;
	else
		np->lru_tail[l] = h->lru_prev;
	h->lru = 0;
	h->lru_prev = h->lru_next = 0;
}

static void lru_in(struct np *np, struct host *h, unsigned l)
{
	h->lru_prev = np->lru_tail[l];
	h->lru_next = 0;
	if (h->lru_prev)
		at(np, h->lru_prev)->lru_next = id(np, h);
	else
		np->lru_head[l] = id(np, h);
	np->lru_tail[l] = id(np, h);
	h->lru = (uint8_t)(l + 1);
}

static unsigned list_of(const struct host *h)
{
	if (h->pinned)
		return LRU_BUSY;
	switch ((enum host_state)h->state) {
	case HOST_FREE:
	case HOST_TENTATIVE:
	case HOST_PROBING:
		return h->seen ? LRU_GONE : LRU_PROVEN_NOT;
	case HOST_GONE:
		return h->seen ? LRU_GONE : LRU_PROVEN_NOT;
	case HOST_IDLE:
		return LRU_IDLE;
	case HOST_LIVE:
	case HOST_CHECK:
	case HOST_CONTEST:
		return LRU_BUSY;
	}
	return LRU_BUSY;
}

void hosts_relist(struct np *np, struct host *h)
{
	lru_out(np, h);
	lru_in(np, h, list_of(h));
}

/* ---- by MAC ---- */

static void mac_out(struct np *np, struct host *h)
{
	if (!h->has_mac)
		return;
	if (h->mac_prev)
		at(np, h->mac_prev)->mac_next = h->mac_next;
	else
		np->mac_bucket[slot_mac(np, &h->mac)] = h->mac_next;
	if (h->mac_next)
		at(np, h->mac_next)->mac_prev = h->mac_prev;
	h->mac_prev = h->mac_next = 0;
	h->has_mac = false;
}

static void mac_in(struct np *np, struct host *h, const struct mac *m)
{
	uint16_t *head = &np->mac_bucket[slot_mac(np, m)];

	h->mac = *m;
	h->has_mac = true;
	h->mac_prev = 0;
	h->mac_next = *head;
	if (*head)
		at(np, *head)->mac_prev = id(np, h);
	*head = id(np, h);
}

unsigned hosts_of_mac(const struct np *np, const struct mac *m)
{
	struct host *h = at(np, np->mac_bucket[slot_mac(np, m)]);
	unsigned n = 0;

	for (; h; h = at(np, h->mac_next))
		n += !memcmp(&h->mac, m, sizeof(*m));
	return n;
}

void hosts_each_of_mac(struct np *np, const struct mac *m,
	void (*each)(struct np *, struct host *, void *), void *arg)
{
	struct host *h = at(np, np->mac_bucket[slot_mac(np, m)]);

	for (; h; h = at(np, h->mac_next))
		if (!memcmp(&h->mac, m, sizeof(*m)))
			each(np, h, arg);
}

/* The MAC's own oldest GONE or IDLE entry, else its oldest unproven one. */
static struct host *victim_of_mac(const struct np *np, const struct mac *m)
{
	struct host *h = at(np, np->mac_bucket[slot_mac(np, m)]);
	struct host *quiet = NULL, *unproven = NULL;

	for (; h; h = at(np, h->mac_next)) {
		unsigned l = list_of(h);

		if (memcmp(&h->mac, m, sizeof(*m)))
			continue;
		if ((l == LRU_GONE || l == LRU_IDLE) &&
			(!quiet || h->heard < quiet->heard))
			quiet = h;
		if (l == LRU_PROVEN_NOT &&
			(!unproven || h->born < unproven->born))
			unproven = h;
	}
	return quiet ? quiet : unproven;
}

static struct host *victim_of_port(const struct np *np, unsigned port)
{
	for (unsigned l = 0; l < LRU_BUSY; l++)
		for (struct host *h = at(np, np->lru_head[l]); h;
			h = at(np, h->lru_next))
			if (h->port == port)
				return h;
	return NULL;
}

static struct host *victim(const struct np *np)
{
	for (unsigned l = 0; l < LRU_BUSY; l++)
		if (np->lru_head[l])
			return at(np, np->lru_head[l]);
	return NULL;
}

static bool evict(struct np *np, struct host *h, enum np_count refused)
{
	if (!h) {
		np->count[refused]++;
		return false;
	}
	np->count[C_EVICTED]++;
	host_free(np, h);
	return true;
}

static bool mac_room(struct np *np, const struct mac *mac)
{
	return hosts_of_mac(np, mac) < HOSTS_PER_MAC ||
	       evict(np, victim_of_mac(np, mac), C_MAC_QUOTA);
}

static bool port_room(struct np *np, unsigned port)
{
	unsigned max = port == NP_WAN ? HOSTS_ON_WAN : HOSTS_PER_PORT;

	return np->port[port].host_n < max ||
	       evict(np, victim_of_port(np, port), C_PORT_QUOTA);
}

static bool room_for(struct np *np, unsigned port, const struct mac *mac)
{
	if ((mac && !mac_room(np, mac)) || !port_room(np, port))
		return false;
	return np->free_head || evict(np, victim(np), C_TABLE_FULL);
}

struct host *hosts_new(struct np *np, msec_t now, const struct addr *a,
	unsigned port, const struct mac *mac)
{
	unsigned s = slot_addr(np, a);
	struct host *h;

	if (!room_for(np, port, mac))
		return NULL;
	h = at(np, np->free_head);
	np->free_head = h->hash_next;
	memset(h, 0, sizeof(*h));
	h->addr = *a;
	h->port = (uint8_t)port;
	h->born = h->heard = now;
	h->asked = h->wanted = -1;
	h->hash_next = np->bucket[s];
	np->bucket[s] = id(np, h);
	if (mac)
		mac_in(np, h, mac);
	np->port[port].host_n++;
	np->used++;
	hosts_relist(np, h);
	return h;
}

bool hosts_set_owner(struct np *np, struct host *h, unsigned port,
	const struct mac *mac)
{
	bool same = h->has_mac && !memcmp(&h->mac, mac, sizeof(*mac));

	if ((!same && !mac_room(np, mac)) ||
		(port != h->port && !port_room(np, port)))
		return false;
	mac_out(np, h);
	np->port[h->port].host_n--;
	h->port = (uint8_t)port;
	np->port[port].host_n++;
	mac_in(np, h, mac);
	np->changes++;
	return true;
}

static void heap_out(struct np *np, struct host *h);

void hosts_drop(struct np *np, struct host *h)
{
	uint16_t *p = &np->bucket[slot_addr(np, &h->addr)];

	while (*p != id(np, h))
		p = &at(np, *p)->hash_next;
	*p = h->hash_next;
	mac_out(np, h);
	lru_out(np, h);
	heap_out(np, h);
	np->port[h->port].host_n--;
	np->used--;
	memset(h, 0, sizeof(*h));
	h->hash_next = np->free_head;
	np->free_head = id(np, h);
}

/* ---- deadlines ---- */

static void heap_put(struct np *np, unsigned pos, uint16_t i)
{
	np->heap[pos] = i;
	at(np, i)->heap = (uint16_t)pos;
}

static msec_t due(const struct np *np, unsigned pos)
{
	return at(np, np->heap[pos])->deadline;
}

static void heap_up(struct np *np, unsigned pos)
{
	uint16_t i = np->heap[pos];
	msec_t d = at(np, i)->deadline;

	for (; pos > 1 && due(np, pos / 2) > d; pos /= 2)
		heap_put(np, pos, np->heap[pos / 2]);
	heap_put(np, pos, i);
}

static void heap_down(struct np *np, unsigned pos)
{
	uint16_t i = np->heap[pos];
	msec_t d = at(np, i)->deadline;
	unsigned c;

	for (; (c = pos * 2) <= np->heap_n; pos = c) {
		if (c < np->heap_n && due(np, c + 1) < due(np, c))
			c++;
		if (due(np, c) >= d)
			break;
		heap_put(np, pos, np->heap[c]);
	}
	heap_put(np, pos, i);
}

static void heap_out(struct np *np, struct host *h)
{
	unsigned pos = h->heap;
	uint16_t last;

	if (!pos)
		return;
	h->heap = 0;
	last = np->heap[np->heap_n--];
	if (pos > np->heap_n)
		return;
	heap_put(np, pos, last);
	heap_up(np, pos);
	heap_down(np, at(np, last)->heap);
}

void hosts_arm(struct np *np, struct host *h, msec_t deadline)
{
	heap_out(np, h);
	h->deadline = deadline;
	heap_put(np, ++np->heap_n, id(np, h));
	heap_up(np, np->heap_n);
}

struct host *hosts_due(struct np *np, msec_t now)
{
	if (!np->heap_n || due(np, 1) > now)
		return NULL;
	return at(np, np->heap[1]);
}

msec_t hosts_next(const struct np *np)
{
	return np->heap_n ? due(np, 1) : INT64_MAX;
}

/* ---- token bucket ---- */

bool bucket_take(struct bucket *b, msec_t now, unsigned keep)
{
	if (now > b->at) {
		b->level += (now - b->at) * b->rate;
		b->at = now;
	}
	if (b->level > (int64_t)b->burst * 1000)
		b->level = (int64_t)b->burst * 1000;
	if (b->level < ((int64_t)keep + 1) * 1000)
		return false;
	b->level -= 1000;
	return true;
}
