/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "world.h"

#include <stdio.h>

struct world w;

const struct mac mac_wan = {{2, 0, 0, 0, 0, 1}};
const struct mac mac_lan = {{2, 0, 0, 0, 0, 2}};
const struct mac mac_lan2 = {{2, 0, 0, 0, 0, 3}};
const struct mac mac_router = {{2, 0, 0, 0, 1, 0}};
const struct mac mac_pc = {{2, 0, 0, 0, 2, 1}};
const struct mac mac_phone = {{2, 0, 0, 0, 2, 2}};
const struct mac mac_casa = {{0, 0x1b, 0x8b, 1, 2, 3}};

struct addr A(const char *s)
{
	struct addr a;
	enum family f;

	assert_int_equal(addr_parse(s, &f, &a), 0);
	return a;
}

void on_act(void *arg, const struct np_action *a)
{
	struct event *e = &w.log[w.n];

	(void)arg;
	if (w.n == LOG_MAX)
		return;
	w.n++;
	*e = (struct event){.what = a->what, .at = w.now, .port = a->port, .a = *a};
	if (a->what != ACT_SEND)
		return;
	if (nd_parse(a->frame, a->frame_len, &e->nd) != ND_GOOD)
		return;
	e->is_nd = true;
	e->is_ra = e->nd.type == ND_RA &&
		   !ra_parse(e->nd.body, e->nd.body_len, &e->ra);
	e->nd.body = NULL;
}

void forget(void)
{
	w.n = 0;
}

/* ---- what was sent and told ---- */

size_t count_nd(unsigned port, enum nd_type t, const char *target)
{
	struct addr a = target ? A(target) : (struct addr){{0}};
	size_t n = 0;

	for (size_t i = 0; i < w.n; i++)
		n += w.log[i].is_nd && w.log[i].port == port &&
		     w.log[i].nd.type == t &&
		     (!target || !addr_cmp(&w.log[i].nd.target, &a));
	return n;
}

const struct event *last_nd(unsigned port, enum nd_type t)
{
	for (size_t i = w.n; i-- > 0;)
		if (w.log[i].is_nd && w.log[i].port == port &&
			w.log[i].nd.type == t)
			return &w.log[i];
	return NULL;
}

msec_t longest_unasked(const char *target, msec_t from, size_t *mcasts)
{
	struct addr a = A(target);
	msec_t longest = 0;

	*mcasts = 0;
	for (size_t i = 0; i < w.n; i++) {
		const struct event *e = &w.log[i];

		if (!e->is_nd || e->nd.type != ND_NS || !e->port ||
			addr_cmp(&e->nd.target, &a) || e->at < from)
			continue;
		longest = MAX2(longest, e->at - from);
		from = e->at;
		*mcasts += e->port == 1 && e->nd.l2dst.b[0] & 1;
	}
	return MAX2(longest, w.now - from);
}

size_t count_act(enum np_act what, unsigned port)
{
	size_t n = 0;

	for (size_t i = 0; i < w.n; i++)
		n += w.log[i].what == what && w.log[i].port == port;
	return n;
}

size_t count_set(enum np_act what, enum np_set set)
{
	size_t n = 0;

	for (size_t i = 0; i < w.n; i++)
		n += w.log[i].what == what && w.log[i].a.set == set;
	return n;
}

size_t count_say(enum np_say s)
{
	size_t n = 0;

	for (size_t i = 0; i < w.n; i++)
		n += w.log[i].what == ACT_SAY && w.log[i].a.say == s;
	return n;
}

enum host_state state_of(const char *a)
{
	struct addr x = A(a);
	struct np_host h;

	return np_lookup(w.np, w.now, &x, &h) ? h.state : HOST_FREE;
}

struct np_host host_of(const char *a)
{
	struct addr x = A(a);
	struct np_host h = {0};

	np_lookup(w.np, w.now, &x, &h);
	return h;
}

bool owned_by(const char *a, const struct mac *m)
{
	struct np_host h = host_of(a);

	return h.has_mac && !memcmp(&h.mac, m, sizeof(*m));
}

/* ---- what neighbours do ---- */

void ns(unsigned port, const char *src, const struct mac *mac,
	const char *target)
{
	struct nd_msg m = {.type = ND_NS, .l2src = *mac, .src = A(src),
		.target = A(target), .has_sll = true, .sll = *mac};

	m.dst = addr_solicited_node(&m.target);
	m.l2dst = mac_of_multicast(&m.dst);
	np_msg(w.np, w.now, port, &m);
}

void dad(unsigned port, const struct mac *mac, const char *target)
{
	struct nd_msg m = {.type = ND_NS, .l2src = *mac, .target = A(target)};

	m.dst = addr_solicited_node(&m.target);
	m.l2dst = mac_of_multicast(&m.dst);
	np_msg(w.np, w.now, port, &m);
}

void na(unsigned port, const struct mac *mac, const char *target,
	uint8_t flags)
{
	struct nd_msg m = {.type = ND_NA, .l2src = *mac, .src = A(target),
		.target = A(target), .flags = flags, .has_tll = true,
		.tll = *mac, .dst = A("fe80::1")};

	np_msg(w.np, w.now, port, &m);
}

void wan_asks(const char *target)
{
	ns(NP_WAN, "fe80::100", &mac_router, target);
}

void upstream_ra_from(const char *ll, const struct mac *mac,
	const char *prefix, uint16_t life, uint32_t valid, uint32_t preferred)
{
	struct ra ra = {.hop_limit = 64, .lifetime_s = life, .has_sll = true,
		.sll = *mac, .reachable_ms = 300000, .retrans_ms = 10000,
		.flags = RA_OTHER};
	uint8_t body[512], frame[1514];
	struct wr b = wr_of(body, sizeof(body)), f = wr_of(frame, sizeof(frame));
	struct addr src = A(ll);
	struct mac all = mac_of_multicast(&addr_all_nodes);

	if (prefix) {
		ra.prefix_n = 1;
		ra.prefix[0] = (struct ra_prefix){A(prefix), 64,
			PIO_ONLINK | PIO_AUTO, valid, preferred};
	}
	assert_int_equal(ra_build(&b, &ra), 0);
	assert_int_equal(nd_build_body(&f, mac, &all, &src, &addr_all_nodes,
		body, wr_len(&b)), 0);
	np_frame(w.np, w.now, NP_WAN, frame, wr_len(&f));
}

void upstream_ra(const char *prefix, uint16_t life, uint32_t valid,
	uint32_t preferred)
{
	upstream_ra_from("fe80::100", &mac_router, prefix, life, valid,
		preferred);
}

void many_macs(const char *fmt, unsigned n, bool prove)
{
	char a[64];

	for (unsigned i = 0; i < n; i++) {
		struct mac m = {{2, 9, 0, 0, 0, (uint8_t)(i / 32)}};

		snprintf(a, sizeof(a), fmt, i);
		ns(1, a, &m, "fe80::2");
		if (prove)
			na(1, &m, a, NA_SOLICITED | NA_OVERRIDE);
	}
}

void learn(unsigned port, const struct mac *mac, const char *a)
{
	ns(port, a, mac, "fe80::2");
	na(port, mac, a, NA_SOLICITED | NA_OVERRIDE);
	assert_int_equal(state_of(a), HOST_LIVE);
}

/* ---- time, and worlds to begin in ---- */

void pass(msec_t ms)
{
	msec_t end = w.now + ms, next;

	while ((next = np_next(w.np, w.now)) <= end) {
		w.now = MAX2(next, w.now);
		np_tick(w.np, w.now);
	}
	w.now = end;
	np_tick(w.np, w.now);
}

void start(const struct np_conf *c, struct hash_key key,
	void (*act)(void *, const struct np_action *))
{
	static const struct {
		const char *ll;
		const struct mac *mac;
	} port[] = {
		{"fe80::1", &mac_wan},
		{"fe80::2", &mac_lan},
		{"fe80::3", &mac_lan2},
	};

	np_free(w.np);
	w.np = np_new(c, key, w.now, act, NULL);
	for (unsigned i = 0; i <= c->lan_n; i++) {
		struct addr ll = A(port[i].ll);

		np_port_up(w.np, w.now, i, port[i].mac, &ll, 1500);
	}
}

void world_with(const struct np_conf *c)
{
	np_free(w.np);
	memset(&w, 0, sizeof(w));
	w.now = 1000000;
	start(c, (struct hash_key){{1, 2}}, on_act);
	pass(0);
	upstream_ra(PREFIX "::", 1800, 86400, 14400);
	pass(1000);
	forget();
}

void world(void)
{
	world_with(&(struct np_conf){.lan_n = 1, .proxy = true});
}

void world_two_lans(void)
{
	world_with(&(struct np_conf){.lan_n = 2, .proxy = true});
}

void world_pinned(void)
{
	struct np_conf c = {.lan_n = 1, .proxy = true, .pin_n = 1};

	c.pin[0] = (struct np_pin){.has_mac = true, .mac = mac_casa};
	world_with(&c);
}

void world_idle(void)
{
	world();
	learn(1, &mac_pc, PC);
	pass(31000);
}

void world_gone(void)
{
	world_idle();
	wan_asks(PC);
	pass(4000);
	assert_int_equal(state_of(PC), HOST_GONE);
}

int world_end(void **s)
{
	(void)s;
	np_free(w.np);
	w.np = NULL;
	return 0;
}
