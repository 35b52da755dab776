/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A million events, and what must hold after each thousand. */
#include "world.h"

static uint64_t rnd = 88172645463325252ull;
static uint32_t any(uint32_t below)
{
	rnd ^= rnd << 13;
	rnd ^= rnd >> 7;
	rnd ^= rnd << 17;
	return (uint32_t)(rnd >> 33) % below;
}

enum { POOL = 600, MACS = 40 };
static struct {
	msec_t spoke[POOL];	/* last evidence by address */
	msec_t mcast[64];	/* the last LAN multicasts that the WAN caused */
	unsigned mcast_at;
	uint64_t lan_mcast, lies, over, pinned_lost;
	unsigned shield_n;	/* addresses that the filter knows */
} check;

static struct addr pool_addr(unsigned i)
{
	struct addr a = A(PREFIX "::");

	a.b[14] = (uint8_t)(i >> 8);
	a.b[15] = (uint8_t)(i | 0);
	a.b[13] = 7;
	return a;
}

/* The filter's table, made from what it is told alone. */
static uint8_t *shield_slot(const struct addr *a)
{
	enum { SLOTS = 1 << 18 };
	static struct { uint64_t iid; uint8_t flags; } slot[SLOTS];
	uint64_t iid;
	unsigned i;

	memcpy(&iid, a->b + 8, 8);
	i = (unsigned)((iid * 0x9e3779b97f4a7c15ull) >> 46) % SLOTS;
	while (slot[i].iid && slot[i].iid != iid)
		i = (i + 1) % SLOTS;
	slot[i].iid = iid;
	return &slot[i].flags;
}

/* Every NA on the WAN is for an address that somebody on the LAN spoke for. */
static void on_random_act(void *arg, const struct np_action *a)
{
	struct nd_msg m;

	(void)arg;
	if (a->what == ACT_SET_DEL && a->set == SET_PINNED)
		check.pinned_lost++;
	if (a->what == ACT_SHIELD) {
		check.shield_n += !!a->value;
		check.shield_n -= !!*shield_slot(&a->addr);
		*shield_slot(&a->addr) = (uint8_t)a->value;
	}
	if (a->what != ACT_SEND ||
		nd_parse(a->frame, a->frame_len, &m) != ND_GOOD)
		return;
	if (m.type == ND_NA && a->port == NP_WAN) {
		const struct host *h = hosts_find(w.np, &m.target);

		if (!h || h->port == NP_WAN || !(host_answers(h) ||
			    h->state == HOST_TENTATIVE))
			check.lies++;
		if (m.target.b[13] == 7 &&
			!check.spoke[m.target.b[14] << 8 | m.target.b[15]])
			check.lies++;
	}
	if (m.type == ND_NS && a->port == 1 && m.l2dst.b[0] & 1) {
		/* the sixty-first in one second would be too much */
		if (w.now - check.mcast[check.mcast_at % 64] < 1000 &&
			check.lan_mcast > 64)
			check.over++;
		check.lan_mcast++;
		check.mcast[check.mcast_at++ % 64] = w.now;
	}
}

static void random_message(void)
{
	unsigned i = any(POOL), port = any(3) == 0 ? 0 : 1;
	struct mac mac = {{2, 7, 0, 0, (uint8_t)port, (uint8_t)any(MACS)}};
	struct nd_msg m = {.l2src = mac, .has_sll = any(2), .sll = mac,
		.has_tll = any(2), .tll = mac};

	switch (any(8)) {
	case 0: /* a host speaks */
		m.type = ND_NS;
		m.src = pool_addr(i);
		m.target = A("fe80::2");
		break;
	case 1:
		m.type = ND_NS; /* DAD */
		m.has_sll = false;
		m.target = pool_addr(i);
		break;
	case 2:
	case 3:
		m.type = ND_NA;
		m.src = m.target = pool_addr(i);
		m.flags = any(2) ? NA_SOLICITED : NA_OVERRIDE;
		break;
	default:
		m.type = ND_NS;
		m.src = A("fe80::100");
		m.target = any(4) ? pool_addr(i) : A(PREFIX "::");
		if (m.target.b[13] != 7)
			m.target.b[12] = 0x40, m.target.b[15] = (uint8_t)any(256),
			m.target.b[14] = (uint8_t)any(256);
		port = 0;
		break;
	}
	if (port == 1 && m.type == ND_NS && addr_is_zero(&m.src))
		check.spoke[i] = w.now;
	if (port == 1 && (m.type == ND_NA || m.src.b[13] == 7))
		check.spoke[i] = w.now;
	m.dst = addr_solicited_node(&m.target);
	np_msg(w.np, w.now, port, &m);
}

static void table_is_sound(void)
{
	unsigned used = 0, probing = 0, shielded_n = 0, ports[NP_PORT_MAX] = {0};

	for (unsigned i = 0; i < HOSTS_MAX; i++) {
		const struct host *h = &w.np->host[i];

		if (!h->lru)
			continue;
		used++;
		ports[h->port]++;
		probing += h->state == HOST_PROBING;
		assert_int_not_equal(h->state, HOST_FREE);
		assert_true(h->heap); /* nobody is forgotten by the clock */
		assert_ptr_equal(hosts_find(w.np, &h->addr), h);
		assert_int_equal(h->in_known,
			(host_answers(h) && h->port) || h->pinned);
		assert_int_equal(h->joined, host_answers(h) && h->port);
		/* the filter answers for whom we answer for, for nobody else */
		assert_int_equal(!!(h->shield & SHIELD_ANSWER),
			host_answers(h) && h->port);
		assert_int_equal(h->shield, *shield_slot(&h->addr));
		shielded_n += !!h->shield;
		assert_true(h->q_n <= QUESTIONS_MAX);
		if (h->has_mac)
			assert_true(hosts_of_mac(w.np, &h->mac) <=
				    HOSTS_PER_MAC);
	}
	assert_int_equal(used, w.np->used);
	assert_int_equal(shielded_n, check.shield_n);
	assert_int_equal(probing, w.np->probing_n);
	/* the seen-before have a budget of 20 a second and 20 at once, 1.5 s each */
	assert_true(probing <= PROBING_MAX + 52);
	assert_true(ports[0] <= HOSTS_ON_WAN);
	assert_int_equal(ports[0], w.np->port[0].host_n);
	assert_int_equal(ports[1], w.np->port[1].host_n);
}

static void a_million_random_events_keep_the_invariants(void **s)
{
	struct np_conf c = {.lan_n = 1, .proxy = true, .shield = true,
		.pin_n = 1};
	struct addr pin = A(CASA);

	(void)s;
	world_pinned();
	memset(&check, 0, sizeof(check));
	c.pin[0] = (struct np_pin){.has_mac = true, .mac = mac_casa};
	start(&c, (struct hash_key){{7, 8}}, on_random_act);
	upstream_ra(PREFIX "::", 1800, 86400, 14400);
	for (int i = 0; i < 1000000; i++) {
		struct np_host h;

		random_message();
		if (any(20) == 0)
			w.now += any(any(50) ? 40 : 20000);
		np_tick(w.np, w.now);
		if (i % 1000 == 0) {
			upstream_ra(PREFIX "::", 1800, 86400, 14400);
			table_is_sound();
			assert_true(np_lookup(w.np, w.now, &pin, &h));
			assert_true(h.in_pinned && h.in_known);
		}
	}
	assert_int_equal(check.lies, 0);
	assert_int_equal(check.over, 0);
	assert_int_equal(check.pinned_lost, 0);
	/* the story was not empty */
	assert_true(np_counter(w.np, C_ANSWERED) > 10000);
	assert_true(np_counter(w.np, C_CONTEST_LOST) > 100);
	assert_true(np_counter(w.np, C_UNKNOWN_PROBED) > 100);
	assert_true(check.lan_mcast > 1000);
}

int random_tests(void)
{
	static const struct CMUnitTest t[] = {
		T(a_million_random_events_keep_the_invariants),
	};

	return cmocka_run_group_tests_name("random", t, NULL, NULL);
}
