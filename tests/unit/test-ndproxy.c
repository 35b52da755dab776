/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The NDP proxy's machine, every transition, with the clock in our hand. */
#include "test.h"
#include "ndproxy/own.h"

#include <stdio.h>

#define PREFIX "2404:7a80:1:2"

enum { LOG_MAX = 4096 };
struct event {
	enum np_act what;
	msec_t at;
	unsigned port;
	struct nd_msg nd;	/* ACT_SEND, if it is NS or NA */
	struct ra ra;		/* ACT_SEND of an RA */
	bool is_nd, is_ra;
	struct np_action a;
};
struct world {
	struct np *np;
	msec_t now;
	struct event log[LOG_MAX];
	size_t n;
};
static struct world w;

static const struct mac mac_wan = {{2, 0, 0, 0, 0, 1}};
static const struct mac mac_lan = {{2, 0, 0, 0, 0, 2}};
static const struct mac mac_lan2 = {{2, 0, 0, 0, 0, 3}};
static const struct mac mac_router = {{2, 0, 0, 0, 1, 0}};
static const struct mac mac_pc = {{2, 0, 0, 0, 2, 1}};
static const struct mac mac_phone = {{2, 0, 0, 0, 2, 2}};
static const struct mac mac_casa = {{0, 0x1b, 0x8b, 1, 2, 3}};

static struct addr A(const char *s)
{
	struct addr a;
	enum family f;

	assert_int_equal(addr_parse(s, &f, &a), 0);
	return a;
}

static void on_act(void *arg, const struct np_action *a)
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

static void forget(void)
{
	w.n = 0;
}

static size_t count_nd(unsigned port, enum nd_type t, const char *target)
{
	struct addr a = target ? A(target) : (struct addr){{0}};
	size_t n = 0;

	for (size_t i = 0; i < w.n; i++)
		n += w.log[i].is_nd && w.log[i].port == port &&
		     w.log[i].nd.type == t &&
		     (!target || !addr_cmp(&w.log[i].nd.target, &a));
	return n;
}

static const struct event *last_nd(unsigned port, enum nd_type t)
{
	for (size_t i = w.n; i-- > 0;)
		if (w.log[i].is_nd && w.log[i].port == port &&
			w.log[i].nd.type == t)
			return &w.log[i];
	return NULL;
}

/* The longest time between two NS for target since from, on whatever LAN port;
 * mcasts: how many went to all on port 1. */
static msec_t longest_unasked(const char *target, msec_t from, size_t *mcasts)
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

static size_t count_act(enum np_act what, unsigned port)
{
	size_t n = 0;

	for (size_t i = 0; i < w.n; i++)
		n += w.log[i].what == what && w.log[i].port == port;
	return n;
}

static size_t count_set(enum np_act what, enum np_set set)
{
	size_t n = 0;

	for (size_t i = 0; i < w.n; i++)
		n += w.log[i].what == what && w.log[i].a.set == set;
	return n;
}

static size_t count_say(enum np_say s)
{
	size_t n = 0;

	for (size_t i = 0; i < w.n; i++)
		n += w.log[i].what == ACT_SAY && w.log[i].a.say == s;
	return n;
}

/* Let time pass in the machine's own steps. */
static void pass(msec_t ms)
{
	msec_t end = w.now + ms, next;

	while ((next = np_next(w.np, w.now)) <= end) {
		w.now = MAX2(next, w.now);
		np_tick(w.np, w.now);
	}
	w.now = end;
	np_tick(w.np, w.now);
}

static enum host_state state_of(const char *a)
{
	struct addr x = A(a);
	struct np_host h;

	return np_lookup(w.np, w.now, &x, &h) ? h.state : HOST_FREE;
}

static struct np_host host_of(const char *a)
{
	struct addr x = A(a);
	struct np_host h = {0};

	np_lookup(w.np, w.now, &x, &h);
	return h;
}

static bool owned_by(const char *a, const struct mac *m)
{
	struct np_host h = host_of(a);

	return h.has_mac && !memcmp(&h.mac, m, sizeof(*m));
}

/* ---- what neighbours do ---- */

static void ns(unsigned port, const char *src, const struct mac *mac,
	const char *target)
{
	struct nd_msg m = {.type = ND_NS, .l2src = *mac, .src = A(src),
		.target = A(target), .has_sll = true, .sll = *mac};

	m.dst = addr_solicited_node(&m.target);
	m.l2dst = mac_of_multicast(&m.dst);
	np_msg(w.np, w.now, port, &m);
}

static void dad(unsigned port, const struct mac *mac, const char *target)
{
	struct nd_msg m = {.type = ND_NS, .l2src = *mac, .target = A(target)};

	m.dst = addr_solicited_node(&m.target);
	m.l2dst = mac_of_multicast(&m.dst);
	np_msg(w.np, w.now, port, &m);
}

static void na(unsigned port, const struct mac *mac, const char *target,
	uint8_t flags)
{
	struct nd_msg m = {.type = ND_NA, .l2src = *mac, .src = A(target),
		.target = A(target), .flags = flags, .has_tll = true,
		.tll = *mac, .dst = A("fe80::1")};

	np_msg(w.np, w.now, port, &m);
}

static void upstream_ra_from(const char *ll, const struct mac *mac,
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

static void upstream_ra(const char *prefix, uint16_t life, uint32_t valid,
	uint32_t preferred)
{
	upstream_ra_from("fe80::100", &mac_router, prefix, life, valid,
		preferred);
}

static void world_with(const struct np_conf *c)
{
	struct addr ll = A("fe80::1"), ll2 = A("fe80::2"), ll3 = A("fe80::3");

	np_free(w.np);
	memset(&w, 0, sizeof(w));
	w.now = 1000000;
	w.np = np_new(c, (struct hash_key){{1, 2}}, w.now, on_act, NULL);
	np_port_up(w.np, w.now, 0, &mac_wan, &ll, 1500);
	np_port_up(w.np, w.now, 1, &mac_lan, &ll2, 1500);
	if (c->lan_n > 1)
		np_port_up(w.np, w.now, 2, &mac_lan2, &ll3, 1500);
	pass(0);
	upstream_ra(PREFIX "::", 1800, 86400, 14400);
	pass(1000);
	forget();
}

static void world(void)
{
	world_with(&(struct np_conf){.lan_n = 1, .proxy = true});
}

/* A host that spoke and answered our question. */
static void learn(unsigned port, const struct mac *mac, const char *a)
{
	ns(port, a, mac, "fe80::2");
	na(port, mac, a, NA_SOLICITED | NA_OVERRIDE);
	assert_int_equal(state_of(a), HOST_LIVE);
}

static void wan_asks(const char *target)
{
	ns(NP_WAN, "fe80::100", &mac_router, target);
}

#define PC PREFIX "::10"
#define PHONE PREFIX "::20"

/* ---- learning ---- */

static void speaker_is_answered_for_at_once_and_asked_once(void **s)
{
	(void)s;
	world();
	ns(1, PC, &mac_pc, "fe80::2");
	assert_int_equal(state_of(PC), HOST_CHECK);
	assert_int_equal(count_nd(1, ND_NS, PC), 1);
	wan_asks(PC);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	assert_int_equal(count_set(ACT_SET_ADD, SET_KNOWN), 1);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(state_of(PC), HOST_LIVE);
	assert_true(host_of(PC).proven);
}

static void answer_has_the_form_of_rfc4861_7_2_8(void **s)
{
	const struct event *e;
	struct addr src = A("fe80::1"), dst = A("fe80::100");

	(void)s;
	world();
	learn(1, &mac_pc, PC);
	wan_asks(PC);
	e = last_nd(NP_WAN, ND_NA);
	assert_non_null(e);
	assert_int_equal(e->nd.flags, NA_SOLICITED);
	assert_int_equal(addr_cmp(&e->nd.src, &src), 0);
	assert_int_equal(addr_cmp(&e->nd.dst, &dst), 0);
	assert_memory_equal(&e->nd.l2dst, &mac_router, 6);
	assert_true(e->nd.has_tll);
	assert_memory_equal(&e->nd.tll, &mac_wan, 6);
}

static void dad_leads_to_live_after_the_host_answers(void **s)
{
	(void)s;
	world();
	dad(1, &mac_pc, PC);
	assert_int_equal(state_of(PC), HOST_TENTATIVE);
	pass(1000);
	assert_int_equal(count_nd(1, ND_NS, PC), 0);
	pass(200);
	assert_int_equal(count_nd(1, ND_NS, PC), 1);
	/* by unicast: no other host is woken */
	assert_memory_equal(&last_nd(1, ND_NS)->nd.l2dst, &mac_pc, 6);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(state_of(PC), HOST_LIVE);
}

static void dad_without_answer_is_remembered_but_not_answered_for(void **s)
{
	(void)s;
	world();
	dad(1, &mac_pc, PC);
	wan_asks(PC);
	pass(5000);
	assert_int_equal(state_of(PC), HOST_GONE);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 0);
	assert_int_equal(count_set(ACT_SET_ADD, SET_KNOWN), 0);
	/* it slept while it took its address: found when it wakes */
	wan_asks(PC);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	assert_int_equal(state_of(PC), HOST_LIVE);
}

static void question_during_dad_is_kept(void **s)
{
	(void)s;
	world();
	dad(1, &mac_pc, PC);
	wan_asks(PC);
	pass(1200);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
}

static void unknown_target_is_asked_for_three_times_then_negative(void **s)
{
	(void)s;
	world();
	wan_asks(PC);
	assert_int_equal(state_of(PC), HOST_PROBING);
	assert_int_equal(count_nd(1, ND_NS, PC), 1);
	pass(310);
	assert_int_equal(count_nd(1, ND_NS, PC), 2);
	pass(610);
	assert_int_equal(count_nd(1, ND_NS, PC), 3);
	pass(610);
	assert_int_equal(state_of(PC), HOST_GONE);
	wan_asks(PC);
	assert_int_equal(count_nd(1, ND_NS, PC), 3);
	assert_int_equal(np_counter(w.np, C_NEGATIVE), 1);
	pass(3100);
	assert_int_equal(state_of(PC), HOST_FREE);
	assert_int_equal(count_nd(NP_WAN, ND_NA, NULL), 0);
}

static void four_questions_are_kept_and_all_answered(void **s)
{
	static const char *const who[] = {"fe80::101", "fe80::102", "fe80::103",
		"fe80::104", "fe80::105"};

	(void)s;
	world();
	for (int i = 0; i < 5; i++)
		ns(NP_WAN, who[i], &mac_router, PC);
	assert_int_equal(np_counter(w.np, C_QUESTIONS_FULL), 1);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 4);
	assert_int_equal(state_of(PC), HOST_LIVE);
}

/* ---- ageing ---- */

static void live_becomes_idle_and_nothing_is_sent_by_itself(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	forget();
	pass(31000);
	assert_int_equal(state_of(PC), HOST_IDLE);
	pass(3600 * 1000);
	assert_int_equal(state_of(PC), HOST_IDLE);
	assert_int_equal(count_nd(1, ND_NS, NULL), 0);
}

static void idle_is_answered_at_once_and_checked_by_unicast(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	pass(31000);
	forget();
	wan_asks(PC);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	assert_int_equal(state_of(PC), HOST_CHECK);
	assert_memory_equal(&last_nd(1, ND_NS)->nd.l2dst, &mac_pc, 6);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(state_of(PC), HOST_LIVE);
}

static void check_without_answer_is_gone_after_three_seconds(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	pass(31000);
	wan_asks(PC);
	forget();
	pass(2990);
	assert_int_equal(state_of(PC), HOST_CHECK);
	wan_asks(PC);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	pass(20);
	assert_int_equal(state_of(PC), HOST_GONE);
	assert_int_equal(count_set(ACT_SET_DEL, SET_KNOWN), 1);
	assert_int_equal(count_act(ACT_NEIGH_DEL, 1), 1);
	assert_int_equal(count_act(ACT_LEAVE, 0), 1);
}

/* It may wake right after a question that it did not hear. */
static void who_is_wanted_never_waits_long_for_a_question(void **s)
{
	size_t mcasts;
	msec_t asked;

	(void)s;
	world();
	learn(1, &mac_pc, PC);
	pass(31000);
	forget();
	asked = w.now;
	wan_asks(PC);
	pass(5900);
	assert_int_equal(state_of(PC), HOST_GONE);
	assert_in_range(longest_unasked(PC, asked, &mcasts), 1, T_ASK);
	/* one of them to all, for it may have moved */
	assert_int_equal(mcasts, 1);
	pass(T_WANTED - 5900);
	assert_in_range(longest_unasked(PC, asked, &mcasts), 1, T_WANTED_EVERY);
	assert_int_equal(mcasts, 1);
	/* and that is all that one question can cause */
	assert_in_range(count_nd(1, ND_NS, PC), 40, 56);
	assert_false(last_nd(1, ND_NS)->nd.l2dst.b[0] & 1);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(state_of(PC), HOST_LIVE);
	assert_int_equal(count_set(ACT_SET_ADD, SET_KNOWN), 1);
}

static void whom_nobody_wants_is_asked_three_times(void **s)
{
	size_t mcasts;
	msec_t spoke;

	(void)s;
	world();
	spoke = w.now;
	ns(1, PC, &mac_pc, "fe80::2");
	pass(2900);
	assert_int_equal(count_nd(1, ND_NS, PC), 3);
	assert_int_equal(longest_unasked(PC, spoke, &mcasts), T_CHECK);
	pass(60000);
	assert_int_equal(state_of(PC), HOST_GONE);
	assert_int_equal(count_nd(1, ND_NS, PC), 3);
}

/* It said one word and fell asleep; the router has it in its cache. */
static void newcomer_that_is_wanted_is_asked_on(void **s)
{
	size_t mcasts;
	msec_t asked;

	(void)s;
	world();
	ns(1, PC, &mac_pc, "fe80::2");
	asked = w.now;
	wan_asks(PC);
	pass(5000);
	assert_int_equal(state_of(PC), HOST_GONE);
	assert_in_range(longest_unasked(PC, asked, &mcasts), 1, T_ASK);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(count_set(ACT_SET_ADD, SET_KNOWN), 2);
}

/* The kernel had a packet for it: that too is somebody who wants it. */
static void undeliverable_packet_makes_its_host_wanted(void **s)
{
	struct addr pc = A(PC);
	size_t mcasts;
	msec_t then;

	(void)s;
	world();
	learn(1, &mac_pc, PC);
	pass(10000);
	forget();
	then = w.now;
	np_kernel(w.np, w.now, 1, &pc, NULL, false);
	pass(5000);
	assert_int_equal(state_of(PC), HOST_GONE);
	assert_in_range(longest_unasked(PC, then, &mcasts), 1, T_ASK);
	/* nobody asked us, and that is what is shown */
	assert_int_equal(host_of(PC).asked_ago, -1);
}

static void who_left_its_dad_is_found_soon_if_wanted(void **s)
{
	size_t mcasts;
	msec_t asked;

	(void)s;
	world();
	dad(1, &mac_pc, PC);
	wan_asks(PC);
	pass(T_DAD);
	asked = w.now;
	pass(4000);
	assert_in_range(longest_unasked(PC, asked, &mcasts), 1, T_ASK);
	assert_int_equal(mcasts, 0);
	world();
	dad(1, &mac_pc, PC);
	pass(4000);
	assert_int_equal(count_nd(1, ND_NS, PC), 3);
}

static void probed_host_with_a_mac_is_asked_between_the_multicasts(void **s)
{
	size_t mcasts;
	msec_t asked;

	(void)s;
	world();
	learn(1, &mac_pc, PC);
	pass(31000);
	wan_asks(PC);
	pass(30000);
	assert_int_equal(state_of(PC), HOST_GONE);
	forget();
	asked = w.now;
	wan_asks(PC);
	pass(1400);
	assert_int_equal(state_of(PC), HOST_PROBING);
	assert_in_range(longest_unasked(PC, asked, &mcasts), 1, T_PROBE);
	assert_int_equal(mcasts, 3);
}

/* The neighbour that asked waits a second before it asks again. */
static void question_outlives_gone_and_is_answered_when_the_host_wakes(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	pass(31000);
	wan_asks(PC);
	pass(4000);
	assert_int_equal(state_of(PC), HOST_GONE);
	wan_asks(PC);
	pass(1600);
	assert_int_equal(state_of(PC), HOST_GONE);
	forget();
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	assert_memory_equal(&last_nd(NP_WAN, ND_NA)->nd.l2dst, &mac_router, 6);
	/* but not for ever */
	pass(31000);
	wan_asks(PC);
	pass(4000);
	wan_asks(PC);
	pass(T_WANTED + 2000);
	forget();
	na(1, &mac_pc, PC, NA_OVERRIDE);
	assert_int_equal(state_of(PC), HOST_LIVE);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 0);
}

static void rs(unsigned port, const char *src, const struct mac *mac)
{
	struct nd_msg m = {.type = ND_RS, .l2src = *mac, .src = A(src),
		.dst = A("ff02::2")};

	m.l2dst = mac_of_multicast(&m.dst);
	np_msg(w.np, w.now, port, &m);
}

/* A phone that wakes solicits routers, from its link-local address: its other
 * addresses are asked for in that moment, but believed only when they answer. */
static void any_frame_of_a_silent_hosts_mac_has_it_asked_at_once(void **s)
{
	(void)s;
	world_with(&(struct np_conf){.lan_n = 2, .proxy = true});
	learn(1, &mac_pc, PC);
	pass(31000);
	wan_asks(PC);
	pass(10100);
	assert_int_equal(state_of(PC), HOST_GONE);
	forget();
	rs(1, "fe80::77", &mac_phone);
	assert_int_equal(count_nd(1, ND_NS, PC), 0);
	rs(1, "fe80::10", &mac_pc);
	assert_int_equal(count_nd(1, ND_NS, PC), 1);
	assert_int_equal(state_of(PC), HOST_GONE);
	/* or where it is now */
	rs(2, "fe80::10", &mac_pc);
	assert_int_equal(count_nd(2, ND_NS, PC), 1);
	na(2, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(host_of(PC).port, 2);
	assert_int_equal(count_set(ACT_SET_ADD, SET_KNOWN), 1);
	/* whom nobody wants is left alone */
	pass(60000);
	forget();
	rs(2, "fe80::10", &mac_pc);
	assert_int_equal(count_nd(2, ND_NS, PC), 0);
	/* a babbler has no more than half of the questions */
	wan_asks(PC);
	pass(10100);
	forget();
	for (int i = 0; i < 1000; i++)
		rs(2, "fe80::10", &mac_pc);
	assert_in_range(count_nd(2, ND_NS, PC), 1, AGAIN_BURST - AGAIN_KEEP);
}

static void claim_does_not_outlive_gone(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	pass(31000);
	dad(NP_WAN, &mac_router, PC);
	pass(3100);
	assert_int_equal(state_of(PC), HOST_GONE);
	forget();
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 0);
}

static void many_macs(const char *fmt, unsigned n, bool prove)
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

/* Somebody on the WAN asks for a thousand hosts that all sleep. */
static void questions_to_the_silent_have_one_budget(void **s)
{
	char a[64];
	uint64_t before, most = 0, first;

	(void)s;
	world();
	many_macs(PREFIX "::6:%x", 800, true);
	pass(31000);
	before = np_counter(w.np, C_LAN_UCAST);
	for (int i = 0; i < 800; i++) {
		snprintf(a, sizeof(a), PREFIX "::6:%x", i);
		wan_asks(a);
	}
	first = np_counter(w.np, C_LAN_UCAST) - before;
	assert_int_equal(first, 800);
	/* still in CHECK: once a second each, as ever, and the repeats */
	pass(900);
	assert_in_range(np_counter(w.np, C_LAN_UCAST) - before - first, 1,
		AGAIN_BURST + AGAIN_RATE);
	pass(2200);
	for (int sec = 0; sec < 15; sec++) {
		before = np_counter(w.np, C_LAN_UCAST);
		pass(1000);
		most = MAX2(most, np_counter(w.np, C_LAN_UCAST) - before);
	}
	assert_in_range(most, AGAIN_RATE / 2, AGAIN_RATE + AGAIN_BURST);
	pass(20000);
	before = np_counter(w.np, C_LAN_UCAST);
	pass(60000);
	assert_int_equal(np_counter(w.np, C_LAN_UCAST), before);
}

/* Inventors of addresses do not use up what a sleeping phone needs. */
static void invented_addresses_leave_questions_to_the_proven(void **s)
{
	size_t mcasts;
	char a[64];
	msec_t asked;

	(void)s;
	world();
	learn(1, &mac_pc, PC);
	pass(31000);
	many_macs(PREFIX "::7:%x", 300, false);
	for (int i = 0; i < 300; i++) {
		snprintf(a, sizeof(a), PREFIX "::7:%x", i);
		wan_asks(a);
	}
	pass(1000);
	forget();
	asked = w.now;
	wan_asks(PC);
	pass(5000);
	assert_in_range(longest_unasked(PC, asked, &mcasts), 1, T_ASK);
}

static void gone_and_no_longer_wanted_is_left_alone(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	pass(31000);
	wan_asks(PC);
	pass(21000);
	assert_int_equal(state_of(PC), HOST_GONE);
	forget();
	pass(3600 * 1000);
	assert_int_equal(count_nd(1, ND_NS, PC), 0);
	assert_int_equal(state_of(PC), HOST_GONE);
}

static void host_that_moved_in_silence_is_found_on_the_other_port(void **s)
{
	(void)s;
	world_with(&(struct np_conf){.lan_n = 2, .proxy = true});
	learn(1, &mac_pc, PC);
	pass(31000);
	wan_asks(PC);
	pass(1010);
	assert_true(last_nd(2, ND_NS)->nd.l2dst.b[0] & 1);
	na(2, &mac_pc, PC, NA_SOLICITED);
	pass(800);
	assert_int_equal(host_of(PC).port, 2);
	assert_int_equal(count_act(ACT_ROUTE_SET, 2), 1);
}

static void gone_but_seen_is_asked_for_again_and_found(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	pass(31000);
	wan_asks(PC);
	pass(4000);
	assert_int_equal(state_of(PC), HOST_GONE);
	forget();
	wan_asks(PC);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 0);
	assert_int_equal(state_of(PC), HOST_PROBING);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(state_of(PC), HOST_LIVE);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
}

static void gone_and_idle_are_forgotten_after_a_day(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	learn(1, &mac_phone, PHONE);
	for (int i = 0; i < 24 * 4 + 2; i++) {
		upstream_ra(PREFIX "::", 1800, 86400, 14400);
		pass(900 * 1000);
	}
	assert_int_equal(state_of(PC), HOST_FREE);
	assert_int_equal(state_of(PHONE), HOST_FREE);
}

static void kernel_confirms_and_doubts(void **s)
{
	struct addr pc = A(PC);

	(void)s;
	world();
	learn(1, &mac_pc, PC);
	pass(31000);
	np_kernel(w.np, w.now, 1, &pc, &mac_pc, true);
	assert_int_equal(state_of(PC), HOST_LIVE);
	forget();
	np_kernel(w.np, w.now, 1, &pc, NULL, false);
	assert_int_equal(state_of(PC), HOST_CHECK);
	assert_int_equal(count_act(ACT_NEIGH_SET, 1), 1);
}

/* ---- contests ---- */

static void silent_owner_loses_to_the_new_mac(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	forget();
	dad(1, &mac_phone, PC);
	assert_int_equal(state_of(PC), HOST_CONTEST);
	wan_asks(PC);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	pass(800);
	assert_true(owned_by(PC, &mac_phone));
	assert_int_equal(count_act(ACT_NEIGH_SET, 1), 1);
	assert_int_equal(count_say(SAY_MOVED), 1);
	na(1, &mac_phone, PC, NA_SOLICITED);
	assert_int_equal(state_of(PC), HOST_LIVE);
}

static void answering_owner_keeps_the_address(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	na(1, &mac_phone, PC, NA_OVERRIDE);
	assert_int_equal(state_of(PC), HOST_CONTEST);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(state_of(PC), HOST_LIVE);
	assert_true(owned_by(PC, &mac_pc));
	assert_int_equal(count_say(SAY_CONTEST_KEPT), 1);
}

static void owner_on_another_port_is_defended_against_dad(void **s)
{
	(void)s;
	world_with(&(struct np_conf){.lan_n = 2, .proxy = true});
	learn(1, &mac_pc, PC);
	forget();
	dad(2, &mac_phone, PC);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(count_nd(2, ND_NA, PC), 1);
	assert_int_equal(last_nd(2, ND_NA)->nd.flags, 0);
}

static void move_to_another_port_takes_route_and_neighbour_along(void **s)
{
	(void)s;
	world_with(&(struct np_conf){.lan_n = 2, .proxy = true});
	learn(1, &mac_pc, PC);
	forget();
	dad(2, &mac_pc, PC);
	pass(800);
	assert_int_equal(host_of(PC).port, 2);
	assert_int_equal(count_act(ACT_NEIGH_DEL, 1), 1);
	assert_int_equal(count_act(ACT_NEIGH_SET, 2), 1);
	assert_int_equal(count_act(ACT_ROUTE_SET, 2), 1);
	assert_int_equal(count_set(ACT_SET_DEL, SET_KNOWN), 0);
}

/* Who is behind a dead link cannot answer. */
static void owner_whose_port_is_down_loses_at_once(void **s)
{
	(void)s;
	world_with(&(struct np_conf){.lan_n = 2, .proxy = true});
	learn(1, &mac_pc, PC);
	np_port_down(w.np, w.now, 1);
	ns(2, PC, &mac_pc, "fe80::3");
	assert_int_equal(host_of(PC).port, 2);
	assert_int_equal(state_of(PC), HOST_CHECK);
	assert_int_equal(count_nd(2, ND_NS, PC), 1);
}

static void gone_address_is_anybodys(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	pass(31000);
	wan_asks(PC);
	pass(4000);
	ns(1, PC, &mac_phone, "fe80::2");
	assert_true(owned_by(PC, &mac_phone));
	/* the proof was the old owner's */
	assert_false(host_of(PC).proven);
}

/* ---- pinned ---- */

#define CASA PREFIX ":21b:8bff:fe01:203"

static void world_pinned(void)
{
	struct np_conf c = {.lan_n = 1, .proxy = true, .pin_n = 1};

	c.pin[0] = (struct np_pin){.has_mac = true, .mac = mac_casa};
	world_with(&c);
}

static void pinned_device_stands_in_the_sets_before_it_speaks(void **s)
{
	(void)s;
	world_pinned();
	assert_true(host_of(CASA).in_pinned);
	assert_true(host_of(CASA).in_known);
	pass(600 * 1000);
	assert_true(host_of(CASA).in_pinned);
	assert_int_equal(count_set(ACT_SET_DEL, SET_PINNED), 0);
}

static void pinned_device_that_is_away_is_not_answered_for(void **s)
{
	(void)s;
	world_pinned();
	pass(4000);
	forget();
	wan_asks(CASA);
	assert_int_equal(count_nd(NP_WAN, ND_NA, CASA), 0);
	na(1, &mac_casa, CASA, NA_SOLICITED);
	assert_int_equal(count_nd(NP_WAN, ND_NA, CASA), 1);
}

static void pinned_address_never_changes_its_owner(void **s)
{
	(void)s;
	world_pinned();
	na(1, &mac_casa, CASA, NA_SOLICITED);
	dad(1, &mac_phone, CASA);
	na(1, &mac_phone, CASA, NA_OVERRIDE);
	pass(5000);
	assert_true(owned_by(CASA, &mac_casa));
	assert_true(np_counter(w.np, C_PIN_ALARM) >= 2);
	assert_true(count_say(SAY_PIN_ALARM) >= 2);
}

static void pinned_mac_pins_every_address_of_it(void **s)
{
	(void)s;
	world_pinned();
	ns(1, PC, &mac_casa, "fe80::2");
	assert_true(host_of(PC).in_pinned);
}

static void pins_follow_the_prefix(void **s)
{
	(void)s;
	world_pinned();
	upstream_ra("2404:7a80:9:9::", 1800, 86400, 14400);
	assert_true(host_of("2404:7a80:9:9:21b:8bff:fe01:203").in_pinned);
}

/* ---- DAD across the gateway ---- */

static void wan_dad_for_a_live_host_is_defended(void **s)
{
	const struct event *e;

	(void)s;
	world();
	learn(1, &mac_pc, PC);
	dad(NP_WAN, &mac_phone, PC);
	e = last_nd(NP_WAN, ND_NA);
	assert_non_null(e);
	assert_int_equal(addr_cmp(&e->nd.dst, &addr_all_nodes), 0);
	assert_int_equal(e->nd.flags, 0);
}

static void wan_dad_for_an_idle_host_waits_for_its_answer(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	pass(31000);
	forget();
	dad(NP_WAN, &mac_phone, PC);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 0);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
}

static void wan_dad_for_nobodys_address_passes(void **s)
{
	(void)s;
	world();
	dad(NP_WAN, &mac_phone, PC);
	pass(3000);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 0);
}

static void own_dad_is_never_defended(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	forget();
	dad(1, &mac_pc, PC);
	pass(3000);
	assert_int_equal(count_nd(1, ND_NA, NULL), 0);
}

static void lan_dad_for_a_wan_hosts_address_is_defended(void **s)
{
	(void)s;
	world();
	learn(NP_WAN, &mac_phone, PHONE);
	assert_true(host_of(PHONE).in_wanhosts);
	assert_int_equal(count_act(ACT_ROUTE_SET, NP_WAN), 1);
	dad(1, &mac_pc, PHONE);
	assert_int_equal(count_nd(1, ND_NA, PHONE), 1);
	assert_int_equal(host_of(PHONE).port, NP_WAN);
}

static void lan_dad_is_relayed_only_where_others_live_on_the_wan(void **s)
{
	(void)s;
	world();
	dad(1, &mac_pc, PC);
	assert_int_equal(count_nd(NP_WAN, ND_NS, PC), 0);
	learn(NP_WAN, &mac_phone, PHONE);
	dad(1, &mac_pc, PREFIX "::11");
	assert_int_equal(count_nd(NP_WAN, ND_NS, PREFIX "::11"), 1);
	assert_true(addr_is_zero(&last_nd(NP_WAN, ND_NS)->nd.src));
}

static void silent_wan_owner_found_by_relayed_dad_wins(void **s)
{
	(void)s;
	world_with(&(struct np_conf){.lan_n = 1, .proxy = true,
		.relay_dad = true});
	dad(1, &mac_pc, PC);
	na(NP_WAN, &mac_phone, PC, 0);
	assert_int_equal(count_nd(1, ND_NA, PC), 1);
	assert_int_equal(host_of(PC).port, NP_WAN);
}

static void echo_of_a_relayed_dad_is_no_claim(void **s)
{
	struct nd_msg m = {.type = ND_NS, .l2src = mac_pc, .target = A(PC),
		.nonce_len = 6, .nonce = {1, 2, 3, 4, 5, 6}};

	(void)s;
	world_with(&(struct np_conf){.lan_n = 1, .proxy = true,
		.relay_dad = true});
	m.dst = addr_solicited_node(&m.target);
	np_msg(w.np, w.now, 1, &m);
	assert_int_equal(last_nd(NP_WAN, ND_NS)->nd.nonce_len, 6);
	m.l2src = mac_router; /* a bridge on the WAN gives it back */
	np_msg(w.np, w.now, NP_WAN, &m);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 0);
}

/* ---- hosts on the WAN side ---- */

static void lan_asks_for_a_wan_host_and_is_answered(void **s)
{
	(void)s;
	world();
	learn(NP_WAN, &mac_phone, PHONE);
	ns(1, PC, &mac_pc, PHONE);
	assert_int_equal(count_nd(1, ND_NA, PHONE), 1);
	ns(1, PC, &mac_pc, PREFIX "::77");
	assert_int_equal(count_nd(1, ND_NA, PREFIX "::77"), 0);
}

static void wan_node_does_not_steal_a_lan_address(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	na(NP_WAN, &mac_phone, PC, NA_OVERRIDE);
	assert_int_equal(state_of(PC), HOST_CONTEST);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(host_of(PC).port, 1);
}

static void wan_hosts_are_at_most_64(void **s)
{
	char a[64];
	unsigned n = 0;

	(void)s;
	world();
	for (int i = 0; i < 200; i++) {
		struct mac m = {{2, 9, 0, 0, 0, (uint8_t)i}};

		snprintf(a, sizeof(a), PREFIX "::1:%x", i);
		ns(NP_WAN, a, &m, "fe80::1");
		na(NP_WAN, &m, a, NA_SOLICITED);
	}
	for (int i = 0; i < 200; i++) {
		snprintf(a, sizeof(a), PREFIX "::1:%x", i);
		n += host_of(a).in_wanhosts;
	}
	assert_true(n <= HOSTS_ON_WAN && n > 32);
}

/* ---- limits ---- */

static void one_mac_has_at_most_64_addresses(void **s)
{
	char a[64];

	(void)s;
	world();
	learn(1, &mac_phone, PHONE);
	for (int i = 0; i < 1000; i++) {
		snprintf(a, sizeof(a), PREFIX "::2:%x", i);
		ns(1, a, &mac_pc, "fe80::2");
	}
	assert_int_equal(hosts_of_mac(w.np, &mac_pc), HOSTS_PER_MAC);
	assert_int_equal(state_of(PHONE), HOST_LIVE);
}

static void invented_macs_displace_only_the_unproven(void **s)
{
	char a[64];

	(void)s;
	world();
	learn(1, &mac_phone, PHONE);
	for (int i = 0; i < 20000; i++) {
		struct mac m = {{2, 8, 0, 0, (uint8_t)(i >> 8), (uint8_t)i}};

		snprintf(a, sizeof(a), PREFIX "::3:%x", i);
		ns(1, a, &m, "fe80::2");
		pass(5);
	}
	assert_true(w.np->port[1].host_n <= HOSTS_PER_PORT);
	assert_int_equal(state_of(PHONE), HOST_IDLE);
	learn(1, &mac_pc, PC);
}

static void multicasts_to_the_lan_stay_below_sixty_a_second(void **s)
{
	char a[64];
	uint64_t before, worst = 0;

	(void)s;
	world();
	for (int sec = 0; sec < 10; sec++) {
		before = np_counter(w.np, C_LAN_MCAST);
		for (int i = 0; i < 1000; i++) {
			snprintf(a, sizeof(a), PREFIX "::4:%x:%x", sec, i);
			wan_asks(a);
			pass(1);
		}
		worst = MAX2(worst, np_counter(w.np, C_LAN_MCAST) - before);
	}
	assert_true(worst <= 60 && worst >= 20);
	assert_true(np_counter(w.np, C_UNKNOWN_OVER_BUDGET) > 9000);
}

static void flood_leaves_room_for_a_host_seen_before(void **s)
{
	char a[64];

	(void)s;
	world();
	learn(1, &mac_pc, PC);
	pass(31000);
	wan_asks(PC);
	pass(4000);
	assert_int_equal(state_of(PC), HOST_GONE);
	for (int i = 0; i < 3000; i++) {
		snprintf(a, sizeof(a), PREFIX "::5:%x", i);
		wan_asks(a);
		pass(1);
	}
	forget();
	wan_asks(PC);
	assert_int_equal(count_nd(1, ND_NS, PC), 1);
}

static void target_outside_or_own_or_linklocal_is_not_ours(void **s)
{
	struct addr own = A(PREFIX ":0:ff:fe00:2");

	(void)s;
	world();
	assert_true(np_is_own(w.np, &own));
	wan_asks("2404:7a80:1:3::1");
	wan_asks(PREFIX ":0:ff:fe00:2");
	wan_asks("fe80::77");
	assert_int_equal(w.n, 0);
	assert_int_equal(np_counter(w.np, C_OUTSIDE_PREFIX), 1);
	assert_int_equal(np_counter(w.np, C_OWN_TARGET), 1);
}

static void bad_frames_are_counted_one_each_and_change_nothing(void **s)
{
	struct nd_msg m = {.type = ND_NS, .l2src = mac_router,
		.src = A("fe80::100"), .target = A(PC), .has_sll = true,
		.sll = mac_router};
	uint8_t good[200], bad[200];
	struct wr f = wr_of(good, sizeof(good));
	size_t n;

	(void)s;
	world();
	learn(1, &mac_pc, PC);
	forget();
	m.dst = addr_solicited_node(&m.target);
	m.l2dst = mac_of_multicast(&m.dst);
	assert_int_equal(nd_build(&f, &m), 0);
	n = wr_len(&f);
	memcpy(bad, good, n);
	bad[21] = 64;
	np_frame(w.np, w.now, NP_WAN, bad, n);
	assert_int_equal(np_refused(w.np, ND_BAD_HOPLIMIT), 1);
	memcpy(bad, good, n);
	bad[60] ^= 1;
	np_frame(w.np, w.now, NP_WAN, bad, n);
	assert_int_equal(np_refused(w.np, ND_BAD_SUM), 1);
	np_frame(w.np, w.now, NP_WAN, good, n - 4);
	assert_int_equal(np_refused(w.np, ND_BAD_SHORT), 1);
	assert_int_equal(w.n, 0);
	np_frame(w.np, w.now, NP_WAN, good, n);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
}

/* ---- RA client and server ---- */

static const struct ra *last_ra(unsigned port)
{
	const struct event *e = last_nd(port, ND_RA);

	return e ? &e->ra : NULL;
}

static void our_ra_has_default_timers_and_capped_lifetimes(void **s)
{
	const struct ra *ra;

	(void)s;
	world();
	upstream_ra(PREFIX "::", 1800, 2592000, 604800);
	pass(20000);
	ra = last_ra(1);
	assert_non_null(ra);
	assert_int_equal(ra->retrans_ms, 0);
	assert_int_equal(ra->reachable_ms, 0);
	assert_int_equal(ra->prefix_n, 1);
	assert_int_equal(ra->prefix[0].flags, PIO_ONLINK | PIO_AUTO);
	assert_true(ra->prefix[0].valid_s <= 5400);
	assert_true(ra->prefix[0].preferred_s <= 2700);
	assert_true(ra->lifetime_s <= 1800 && ra->lifetime_s > 1700);
	assert_true(ra->flags & RA_PROXY);
}

static void lifetimes_count_down_with_the_lines(void **s)
{
	struct ra ra;

	(void)s;
	world();
	upstream_ra(PREFIX "::", 600, 1000, 500);
	pass(100 * 1000);
	ras_compose(w.np, w.now, 1, &ra);
	assert_int_equal(ra.lifetime_s, 500);
	assert_int_equal(ra.prefix[0].valid_s, 900);
	assert_int_equal(ra.prefix[0].preferred_s, 400);
}

static void lost_router_is_told_at_once(void **s)
{
	(void)s;
	world();
	pass(5000);
	forget();
	upstream_ra(NULL, 0, 0, 0);
	pass(300);
	assert_non_null(last_ra(1));
	assert_int_equal(last_ra(1)->lifetime_s, 0);
	assert_int_equal(count_act(ACT_ROUTE_DEL, NP_WAN), 1);
	assert_int_equal(count_say(SAY_ROUTER_LOST), 1);
}

static void expired_router_is_asked_for_again(void **s)
{
	(void)s;
	world();
	upstream_ra(PREFIX "::", 30, 86400, 14400);
	forget();
	pass(31000);
	assert_int_equal(count_act(ACT_ROUTE_DEL, NP_WAN), 1);
	assert_true(np_counter(w.np, C_RS_OUT) >= 2);
}

static void solicitations_back_off(void **s)
{
	struct np_conf c = {.lan_n = 1, .proxy = true};
	struct addr ll = A("fe80::1");

	(void)s;
	np_free(w.np);
	memset(&w, 0, sizeof(w));
	w.now = 1000;
	w.np = np_new(&c, (struct hash_key){{3, 4}}, w.now, on_act, NULL);
	np_port_up(w.np, w.now, 0, &mac_wan, &ll, 1500);
	pass(3600 * 1000);
	/* 4, 8, 16 ... 3600 s: about ten in the first hour, not nine hundred */
	assert_true(np_counter(w.np, C_RS_OUT) >= 9);
	assert_true(np_counter(w.np, C_RS_OUT) <= 12);
	upstream_ra(PREFIX "::", 1800, 86400, 14400);
	forget();
	pass(60 * 1000);
	assert_int_equal(count_nd(NP_WAN, ND_RS, NULL), 0);
}

static void new_prefix_drains_the_old_one(void **s)
{
	struct ra ra;

	(void)s;
	world();
	learn(1, &mac_pc, PC);
	forget();
	upstream_ra("2404:7a80:9:9::", 1800, 86400, 14400);
	pass(300);
	assert_non_null(last_ra(1));
	assert_int_equal(last_ra(1)->prefix_n, 2);
	ras_compose(w.np, w.now, 1, &ra);
	for (size_t i = 0; i < 2; i++) {
		struct addr old = A(PREFIX "::");
		bool is_old = !addr_cmp(&ra.prefix[i].prefix, &old);

		assert_int_equal(ra.prefix[i].preferred_s == 0, is_old);
		assert_true(ra.prefix[i].valid_s > 0);
	}
	/* hosts of the old one are still answered for */
	forget();
	wan_asks(PC);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	for (int i = 0; i < 9; i++) {
		pass(900 * 1000);
		upstream_ra("2404:7a80:9:9::", 1800, 86400, 14400);
	}
	assert_int_equal(state_of(PC), HOST_FREE);
	ras_compose(w.np, w.now, 1, &ra);
	assert_int_equal(ra.prefix_n, 1);
}

static void several_lans_are_not_on_link(void **s)
{
	struct ra ra;

	(void)s;
	world_with(&(struct np_conf){.lan_n = 2, .proxy = true});
	ras_compose(w.np, w.now, 2, &ra);
	assert_int_equal(ra.prefix[0].flags, PIO_AUTO);
	learn(2, &mac_pc, PC);
	assert_int_equal(count_act(ACT_ROUTE_SET, 2), 1);
	learn(1, &mac_phone, PHONE);
	assert_int_equal(count_act(ACT_ROUTE_SET, 1), 0);
}

static void solicitation_is_answered_by_unicast(void **s)
{
	struct nd_msg m = {.type = ND_RS, .l2src = mac_pc, .src = A("fe80::77"),
		.dst = addr_all_routers, .has_sll = true, .sll = mac_pc};

	(void)s;
	world();
	pass(60000);
	forget();
	np_msg(w.np, w.now, 1, &m);
	assert_int_equal(count_nd(1, ND_RA, NULL), 1);
	assert_memory_equal(&last_nd(1, ND_RA)->nd.l2dst, &mac_pc, 6);
}

static void mute_router_is_pinned_until_it_ends(void **s)
{
	struct addr ll = A("fe80::100");
	const struct event *e = NULL;

	(void)s;
	world();
	np_kernel(w.np, w.now, NP_WAN, &ll, NULL, false);
	for (size_t i = 0; i < w.n; i++)
		if (w.log[i].what == ACT_NEIGH_SET)
			e = &w.log[i];
	assert_non_null(e);
	assert_true(e->a.pin);
	assert_memory_equal(&e->a.mac, &mac_router, 6);
	upstream_ra(NULL, 0, 0, 0);
	assert_int_equal(count_act(ACT_NEIGH_DEL, NP_WAN), 1);
}

static void ra_on_the_lan_is_ignored_and_told(void **s)
{
	struct nd_msg m = {.type = ND_RA, .l2src = mac_pc, .src = A("fe80::77"),
		.dst = addr_all_nodes};

	(void)s;
	world();
	np_msg(w.np, w.now, 1, &m);
	assert_int_equal(np_counter(w.np, C_ROGUE_RA), 1);
	assert_int_equal(count_say(SAY_ROGUE_RA), 1);
}

static void own_ra_on_the_wan_is_a_loop(void **s)
{
	struct addr ll = A("fe80::1");

	(void)s;
	world();
	learn(1, &mac_pc, PC);
	upstream_ra_from("fe80::2", &mac_lan, PREFIX "::", 1800, 86400, 14400);
	assert_true(np_loop(w.np, NP_WAN));
	assert_int_equal(count_say(SAY_LOOP), 1);
	forget();
	wan_asks(PC);
	assert_int_equal(count_nd(NP_WAN, ND_NA, NULL), 0);
	np_port_down(w.np, w.now, NP_WAN);
	np_port_up(w.np, w.now, NP_WAN, &mac_wan, &ll, 1500);
	wan_asks(PC);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
}

/* A new gateway in the place of another: the line's router still sends to that
 * one's MAC. */
static void without_a_table_proven_hosts_are_announced_once(void **s)
{
	(void)s;
	world();
	ns(1, PC, &mac_pc, "fe80::2"); /* only spoke */
	pass(200);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 0);
	na(1, &mac_pc, PC, NA_SOLICITED);
	learn(1, &mac_phone, PHONE);
	pass(50);
	assert_int_equal(np_counter(w.np, C_ANNOUNCED), 1);
	pass(100);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PHONE), 1);
	assert_int_equal(last_nd(NP_WAN, ND_NA)->nd.flags, 0);
	pass(31000);
	na(1, &mac_pc, PC, NA_OVERRIDE);
	pass(1000);
	assert_int_equal(np_counter(w.np, C_ANNOUNCED), 2);
}

/* ---- real traffic ---- */

static void flow(unsigned port, const struct mac *mac, const char *a)
{
	struct addr x = A(a);

	np_evidence(w.np, w.now, port, &x, mac, EV_FLOW);
}

static void talking_host_stays_live(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	for (int i = 0; i < 20; i++) {
		pass(15000);
		flow(1, &mac_pc, PC);
		assert_int_equal(state_of(PC), HOST_LIVE);
	}
	assert_int_equal(host_of(PC).evidence, EV_FLOW);
}

static void unknown_talker_is_asked_before_it_is_believed(void **s)
{
	(void)s;
	world();
	flow(1, &mac_pc, PC);
	assert_int_equal(state_of(PC), HOST_CHECK);
	assert_false(host_of(PC).proven);
	assert_int_equal(count_nd(1, ND_NS, PC), 1);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(state_of(PC), HOST_LIVE);
}

static void flow_of_another_mac_is_told_and_moves_nothing(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	forget();
	flow(1, &mac_phone, PC);
	flow(1, &mac_phone, PC);
	assert_int_equal(state_of(PC), HOST_LIVE);
	assert_true(owned_by(PC, &mac_pc));
	assert_int_equal(count_nd(1, ND_NS, PC), 0);
	assert_int_equal(count_say(SAY_FLOW_OTHER_MAC), 1);
	assert_int_equal(np_counter(w.np, C_FLOW_OTHER_MAC), 2);
}

static void flow_outside_the_prefix_or_of_ours_is_nobodys(void **s)
{
	struct addr ours = A(PREFIX "::f2");

	(void)s;
	world();
	np_own(w.np, &ours, 1);
	flow(1, &mac_pc, PREFIX "::f2");
	flow(1, &mac_pc, "2404:db8::7");
	assert_int_equal(state_of(PREFIX "::f2"), HOST_FREE);
	assert_int_equal(state_of("2404:db8::7"), HOST_FREE);
	assert_int_equal(np_counter(w.np, C_CLAIM_OUTSIDE), 1);
}

static void lease_makes_its_address_asked_for(void **s)
{
	struct addr x = A(PC);

	(void)s;
	world();
	np_evidence(w.np, w.now, 1, &x, &mac_pc, EV_LEASE);
	assert_int_equal(state_of(PC), HOST_CHECK);
	assert_int_equal(host_of(PC).evidence, EV_LEASE);
	pass(3100);
	assert_int_equal(state_of(PC), HOST_GONE);
}

static void what_is_left_undone_is_counted(void **s)
{
	(void)s;
	world();
	ns(NP_WAN, "fe80::9", &mac_wan, PC);
	assert_int_equal(np_counter(w.np, C_OWN_ECHO), 1);
	upstream_ra_from("fe80::200", &mac_phone, PREFIX "::", 1800, 86400, 14400);
	assert_int_equal(np_counter(w.np, C_ROUTER_OTHER), 1);
	upstream_ra("fd00::", 1800, 86400, 14400);
	assert_int_equal(np_counter(w.np, C_PREFIX_REFUSED), 1);
	ns(1, PC, &(struct mac){{0x33, 0x33, 0, 0, 0, 1}}, "fe80::2");
	assert_int_equal(np_counter(w.np, C_CLAIM_MULTICAST), 1);
}

static void new_wan_mac_is_announced_for_every_host(void **s)
{
	struct addr ll = A("fe80::9");
	struct mac mac = {{2, 0, 0, 0, 0, 9}};

	(void)s;
	world();
	learn(1, &mac_pc, PC);
	learn(1, &mac_phone, PHONE);
	forget();
	np_port_up(w.np, w.now, NP_WAN, &mac, &ll, 1500);
	pass(1000);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PHONE), 1);
}

static void delegated_prefix_is_announced_without_proxying(void **s)
{
	struct addr p = A(PREFIX "::");
	struct ra ra;

	(void)s;
	world_with(&(struct np_conf){.lan_n = 2, .proxy = false});
	np_delegated(w.np, w.now, 1, &p, 14400, 12600);
	ras_compose(w.np, w.now, 1, &ra);
	assert_int_equal(ra.prefix_n, 1);
	assert_int_equal(ra.prefix[0].flags, PIO_AUTO | PIO_ONLINK);
	assert_false(ra.flags & RA_PROXY);
	ras_compose(w.np, w.now, 2, &ra);
	assert_int_equal(ra.prefix_n, 0);
	learn(1, &mac_pc, PC);
	assert_true(host_of(PC).in_known);
	wan_asks(PC);
	assert_int_equal(count_nd(NP_WAN, ND_NA, NULL), 0);
	assert_int_equal(count_act(ACT_JOIN, NP_WAN), 0);
}

/* ---- restart ---- */

static void saved_table_answers_from_the_first_moment(void **s)
{
	struct np_conf c = {.lan_n = 1, .proxy = true};
	struct addr ll = A("fe80::1"), ll2 = A("fe80::2");
	struct text t = TEXT_INIT;

	(void)s;
	world();
	learn(1, &mac_pc, PC);
	ns(1, PHONE, &mac_phone, "fe80::2"); /* never answered */
	np_save(w.np, w.now, &t);
	np_free(w.np);
	w.np = np_new(&c, (struct hash_key){{5, 6}}, w.now, on_act, NULL);
	np_port_up(w.np, w.now, 0, &mac_wan, &ll, 1500);
	np_port_up(w.np, w.now, 1, &mac_lan, &ll2, 1500);
	forget();
	assert_int_equal(np_restore(w.np, w.now + 2000, text_str(&t)), 2);
	w.now += 2000;
	/* the router too: its route and its address */
	assert_int_equal(count_act(ACT_ROUTE_SET, NP_WAN), 1);
	assert_int_equal(count_act(ACT_NEIGH_SET, NP_WAN), 1);
	assert_int_equal(state_of(PC), HOST_IDLE);
	forget();
	wan_asks(PC);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	/* who only spoke is asked, and has proved nothing by being written down */
	assert_int_equal(state_of(PHONE), HOST_CHECK);
	assert_false(host_of(PHONE).proven);
	text_done(&t);
}

static void restart(const struct text *saved)
{
	struct np_conf c = {.lan_n = 1, .proxy = true};
	struct addr ll = A("fe80::1"), ll2 = A("fe80::2");

	np_free(w.np);
	w.np = np_new(&c, (struct hash_key){{5, 6}}, w.now, on_act, NULL);
	np_port_up(w.np, w.now, 0, &mac_wan, &ll, 1500);
	np_port_up(w.np, w.now, 1, &mac_lan, &ll2, 1500);
	forget();
	np_restore(w.np, w.now, text_str(saved));
}

/* What the router asked while nobody listened, it asks again only after a
 * second: an answer that it was not expecting ends its waiting. */
static void router_hears_of_saved_hosts_at_once(void **s)
{
	struct text t = TEXT_INIT;
	struct addr router = A("fe80::100");
	const struct event *e;

	(void)s;
	world();
	learn(1, &mac_phone, PHONE);
	pass(31000);
	wan_asks(PHONE);
	pass(4000);
	assert_int_equal(state_of(PHONE), HOST_GONE);
	learn(1, &mac_pc, PC);
	np_save(w.np, w.now, &t);
	restart(&t);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	e = last_nd(NP_WAN, ND_NA);
	assert_int_equal(e->nd.flags, 0);
	assert_memory_equal(&e->nd.l2dst, &mac_router, 6);
	assert_int_equal(addr_cmp(&e->nd.dst, &router), 0);
	assert_memory_equal(&e->nd.tll, &mac_wan, 6);
	/* not of whom we would not answer for */
	assert_int_equal(count_nd(NP_WAN, ND_NA, PHONE), 0);
	pass(60000);
	assert_int_equal(count_nd(NP_WAN, ND_NA, PC), 1);
	text_done(&t);
}

static void router_hears_of_many_saved_hosts_in_turn(void **s)
{
	struct text t = TEXT_INIT;

	(void)s;
	world();
	many_macs(PREFIX "::6:%x", 200, true);
	np_save(w.np, w.now, &t);
	restart(&t);
	assert_int_equal(count_nd(NP_WAN, ND_NA, NULL), ANNOUNCE_BURST);
	pass(1010);
	assert_in_range(count_nd(NP_WAN, ND_NA, NULL), ANNOUNCE_BURST + 10,
		ANNOUNCE_BURST + 12);
	pass(10000);
	assert_int_equal(count_nd(NP_WAN, ND_NA, NULL), 200);
	/* to it alone: others on the line are not woken */
	for (size_t i = 0; i < w.n; i++)
		assert_false(w.log[i].is_nd && w.log[i].port == NP_WAN &&
			w.log[i].nd.type == ND_NA &&
			w.log[i].nd.l2dst.b[0] & 1);
	text_done(&t);
}

static void saved_claims_and_silent_hosts_come_back_as_they_were(void **s)
{
	struct np_conf c = {.lan_n = 1, .proxy = true};
	struct addr ll = A("fe80::1"), ll2 = A("fe80::2");
	struct text t = TEXT_INIT;

	(void)s;
	world();
	learn(1, &mac_pc, PC);
	pass(31000);
	wan_asks(PC);
	pass(3500);
	assert_int_equal(state_of(PC), HOST_GONE);
	dad(1, &mac_phone, PHONE);
	np_save(w.np, w.now, &t);
	np_free(w.np);
	w.np = np_new(&c, (struct hash_key){{5, 6}}, w.now, on_act, NULL);
	np_port_up(w.np, w.now, 0, &mac_wan, &ll, 1500);
	np_port_up(w.np, w.now, 1, &mac_lan, &ll2, 1500);
	assert_int_equal(np_restore(w.np, w.now, text_str(&t)), 2);
	assert_int_equal(state_of(PC), HOST_GONE);
	assert_int_equal(state_of(PHONE), HOST_TENTATIVE);
	pass(1200);
	na(1, &mac_phone, PHONE, NA_SOLICITED);
	assert_int_equal(state_of(PHONE), HOST_LIVE);
	/* asked for four seconds ago: it is asked on */
	assert_true(count_nd(1, ND_NS, PC) >= 1);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(state_of(PC), HOST_LIVE);
	text_done(&t);
}

/* A host went to another port, and the daemon died before its old place had
 * been given up. */
static void an_open_contest_goes_on_after_a_restart(void **s)
{
	struct np_conf c = {.lan_n = 2, .proxy = true};
	struct addr ll = A("fe80::1"), ll2 = A("fe80::2"), ll3 = A("fe80::3");
	struct text t = TEXT_INIT;
	unsigned was;

	(void)s;
	world_with(&c);
	learn(1, &mac_pc, PC);
	was = np_changes(w.np);
	dad(2, &mac_pc, PC);
	assert_int_equal(state_of(PC), HOST_CONTEST);
	assert_true(np_changes(w.np) != was);
	np_save(w.np, w.now, &t);
	np_free(w.np);
	w.np = np_new(&c, (struct hash_key){{5, 6}}, w.now, on_act, NULL);
	np_port_up(w.np, w.now, 0, &mac_wan, &ll, 1500);
	np_port_up(w.np, w.now, 1, &mac_lan, &ll2, 1500);
	np_port_up(w.np, w.now, 2, &mac_lan, &ll3, 1500);
	forget();
	assert_int_equal(np_restore(w.np, w.now, text_str(&t)), 1);
	assert_int_equal(state_of(PC), HOST_CONTEST);
	assert_int_equal(count_nd(1, ND_NS, PC), 1);
	pass(800);
	assert_int_equal(host_of(PC).port, 2);
	na(2, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(state_of(PC), HOST_LIVE);
	text_done(&t);
}

static void what_a_successor_must_know_is_counted(void **s)
{
	unsigned was;

	(void)s;
	world();
	was = np_changes(w.np);
	dad(1, &mac_pc, PC);
	assert_true(np_changes(w.np) != was);
	was = np_changes(w.np);
	pass(1200);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_true(np_changes(w.np) != was);
	was = np_changes(w.np);
	/* nothing of this must be written down at once */
	pass(31000);
	wan_asks(PC);
	na(1, &mac_pc, PC, NA_SOLICITED);
	wan_asks(PHONE);
	pass(2000);
	assert_int_equal(np_changes(w.np), was);
}

static void nonsense_in_a_saved_table_is_skipped(void **s)
{
	(void)s;
	world();
	assert_int_equal(np_restore(w.np, w.now, ""), 0);
	assert_int_equal(np_restore(w.np, w.now, "kadomori-hosts 1 999999999999\n"), 0);
	assert_int_equal(np_restore(w.np, w.now, "kadomori-hosts 1 1000\n"
		"host x y z\nhost 2404:db8::1 02:00:00:00:00:01 1 0\n"
		"host " PC " 02:00:00:00:00:01 9 0\n"
		"host " PREFIX ":0:ff:fe00:2 02:00:00:00:00:01 1 0\n"
		"prefix :: 0 -5 7\nrouter a b c\n\n"), 0);
}

/* ---- the filter in front of the socket ---- */

/* What it would do for an address now, by all that it was told; -1: nothing. */
static int shield_of(const char *a)
{
	struct addr x = A(a);

	for (size_t i = w.n; i-- > 0;)
		if (w.log[i].what == ACT_SHIELD && !addr_cmp(&w.log[i].a.addr, &x))
			return (int)w.log[i].a.value;
	return -1;
}

static void shielded(void)
{
	world_with(&(struct np_conf){.lan_n = 1, .proxy = true, .shield = true});
}

static void filter_follows_the_state(void **s)
{
	(void)s;
	shielded();
	dad(1, &mac_pc, PC);
	assert_int_equal(shield_of(PC), SHIELD_ASKED);
	pass(1200);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(shield_of(PC), SHIELD_ANSWER);
	pass(31000);
	assert_int_equal(state_of(PC), HOST_IDLE);
	assert_int_equal(shield_of(PC), SHIELD_ANSWER | SHIELD_TELL);
	/* the solicitation that it let through as well */
	wan_asks(PC);
	assert_int_equal(shield_of(PC), SHIELD_ANSWER);
	pass(3500);
	assert_int_equal(state_of(PC), HOST_GONE);
	assert_int_equal(shield_of(PC), SHIELD_ASKED);
}

/* What the filter answers alone we do not hear of; should the newcomer stay
 * silent, it must be asked on. */
static void filter_tells_of_questions_for_who_is_being_asked(void **s)
{
	(void)s;
	shielded();
	ns(1, PC, &mac_pc, "fe80::2");
	assert_int_equal(state_of(PC), HOST_CHECK);
	assert_int_equal(shield_of(PC), SHIELD_ANSWER | SHIELD_TELL);
	na(1, &mac_pc, PC, NA_SOLICITED);
	assert_int_equal(shield_of(PC), SHIELD_ANSWER);
}

static void filter_forgets_a_stranger_that_nobody_is(void **s)
{
	(void)s;
	shielded();
	wan_asks(PC);
	assert_int_equal(shield_of(PC), SHIELD_ASKED);
	pass(1600);
	assert_int_equal(state_of(PC), HOST_GONE);
	assert_int_equal(shield_of(PC), 0);
}

static void filter_is_told_our_addresses_and_port(void **s)
{
	struct addr ours = A(PREFIX "::f1");

	(void)s;
	shielded();
	np_own(w.np, &ours, 1);
	assert_int_equal(shield_of(PREFIX "::f1"), SHIELD_OURS);
	np_own(w.np, NULL, 0);
	assert_int_equal(shield_of(PREFIX "::f1"), 0);
	forget();
	np_port_down(w.np, w.now, NP_WAN);
	assert_int_equal(count_act(ACT_SHIELD_PORT, NP_WAN), 1);
	assert_int_equal(w.log[w.n - 1].a.value, 0);
}

static void filter_is_off_while_both_sides_are_one_wire(void **s)
{
	(void)s;
	shielded();
	upstream_ra_from("fe80::2", &mac_lan, PREFIX "::", 1800, 86400, 14400);
	assert_true(np_loop(w.np, NP_WAN));
	assert_int_equal(count_act(ACT_SHIELD_PORT, NP_WAN), 1);
	for (size_t i = 0; i < w.n; i++)
		if (w.log[i].what == ACT_SHIELD_PORT)
			assert_int_equal(w.log[i].a.value, 0);
}

/* A host that speaks all day is told anew before the filter forgets it. */
static void filter_hears_again_of_a_host_that_never_rests(void **s)
{
	int64_t until = 0;
	size_t told = 0;

	(void)s;
	shielded();
	learn(1, &mac_pc, PC);
	for (int i = 0; i < 12 * 360; i++) {
		for (size_t k = 0; k < w.n; k++)
			if (w.log[k].what == ACT_SHIELD) {
				told++;
				until = w.now + w.log[k].a.valid_s * 1000ll;
			}
		forget();
		assert_true(until > w.now);
		pass(10000);
		na(1, &mac_pc, PC, NA_OVERRIDE);
		if (i % 60 == 0)
			upstream_ra(PREFIX "::", 1800, 14400, 14400);
	}
	assert_int_equal(state_of(PC), HOST_LIVE);
	assert_true(told > 5 && told < 40);
}

static void filter_notes_wan_hosts_as_heard_only(void **s)
{
	(void)s;
	shielded();
	learn(NP_WAN, &mac_phone, PHONE);
	assert_int_equal(shield_of(PHONE), SHIELD_HEARD);
	pass(31000);
	assert_int_equal(shield_of(PHONE), 0);
}

static void no_filter_is_told_nothing(void **s)
{
	(void)s;
	world();
	learn(1, &mac_pc, PC);
	assert_int_equal(shield_of(PC), -1);
	assert_int_equal(count_act(ACT_SHIELD_PORT, NP_WAN), 0);
}

/* ---- a million events ---- */

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
	struct addr ll = A("fe80::1"), ll2 = A("fe80::2"), pin = A(CASA);

	(void)s;
	world_pinned();
	np_free(w.np);
	memset(&check, 0, sizeof(check));
	c.pin[0] = (struct np_pin){.has_mac = true, .mac = mac_casa};
	w.np = np_new(&c, (struct hash_key){{7, 8}}, w.now, on_random_act, NULL);
	np_port_up(w.np, w.now, 0, &mac_wan, &ll, 1500);
	np_port_up(w.np, w.now, 1, &mac_lan, &ll2, 1500);
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

static int end(void **s)
{
	(void)s;
	np_free(w.np);
	w.np = NULL;
	return 0;
}

#define T(f) cmocka_unit_test_teardown(f, end)
int main(void)
{
	static const struct CMUnitTest t[] = {
		T(speaker_is_answered_for_at_once_and_asked_once),
		T(answer_has_the_form_of_rfc4861_7_2_8),
		T(dad_leads_to_live_after_the_host_answers),
		T(dad_without_answer_is_remembered_but_not_answered_for),
		T(question_during_dad_is_kept),
		T(unknown_target_is_asked_for_three_times_then_negative),
		T(four_questions_are_kept_and_all_answered),
		T(live_becomes_idle_and_nothing_is_sent_by_itself),
		T(idle_is_answered_at_once_and_checked_by_unicast),
		T(check_without_answer_is_gone_after_three_seconds),
		T(who_is_wanted_never_waits_long_for_a_question),
		T(whom_nobody_wants_is_asked_three_times),
		T(newcomer_that_is_wanted_is_asked_on),
		T(undeliverable_packet_makes_its_host_wanted),
		T(who_left_its_dad_is_found_soon_if_wanted),
		T(probed_host_with_a_mac_is_asked_between_the_multicasts),
		T(question_outlives_gone_and_is_answered_when_the_host_wakes),
		T(any_frame_of_a_silent_hosts_mac_has_it_asked_at_once),
		T(claim_does_not_outlive_gone),
		T(questions_to_the_silent_have_one_budget),
		T(invented_addresses_leave_questions_to_the_proven),
		T(gone_and_no_longer_wanted_is_left_alone),
		T(host_that_moved_in_silence_is_found_on_the_other_port),
		T(gone_but_seen_is_asked_for_again_and_found),
		T(gone_and_idle_are_forgotten_after_a_day),
		T(kernel_confirms_and_doubts),
		T(silent_owner_loses_to_the_new_mac),
		T(answering_owner_keeps_the_address),
		T(owner_on_another_port_is_defended_against_dad),
		T(move_to_another_port_takes_route_and_neighbour_along),
		T(owner_whose_port_is_down_loses_at_once),
		T(gone_address_is_anybodys),
		T(pinned_device_stands_in_the_sets_before_it_speaks),
		T(pinned_device_that_is_away_is_not_answered_for),
		T(pinned_address_never_changes_its_owner),
		T(pinned_mac_pins_every_address_of_it),
		T(pins_follow_the_prefix),
		T(wan_dad_for_a_live_host_is_defended),
		T(wan_dad_for_an_idle_host_waits_for_its_answer),
		T(wan_dad_for_nobodys_address_passes),
		T(own_dad_is_never_defended),
		T(lan_dad_for_a_wan_hosts_address_is_defended),
		T(lan_dad_is_relayed_only_where_others_live_on_the_wan),
		T(silent_wan_owner_found_by_relayed_dad_wins),
		T(echo_of_a_relayed_dad_is_no_claim),
		T(lan_asks_for_a_wan_host_and_is_answered),
		T(wan_node_does_not_steal_a_lan_address),
		T(wan_hosts_are_at_most_64),
		T(one_mac_has_at_most_64_addresses),
		T(invented_macs_displace_only_the_unproven),
		T(multicasts_to_the_lan_stay_below_sixty_a_second),
		T(flood_leaves_room_for_a_host_seen_before),
		T(target_outside_or_own_or_linklocal_is_not_ours),
		T(bad_frames_are_counted_one_each_and_change_nothing),
		T(our_ra_has_default_timers_and_capped_lifetimes),
		T(lifetimes_count_down_with_the_lines),
		T(lost_router_is_told_at_once),
		T(expired_router_is_asked_for_again),
		T(solicitations_back_off),
		T(new_prefix_drains_the_old_one),
		T(several_lans_are_not_on_link),
		T(solicitation_is_answered_by_unicast),
		T(mute_router_is_pinned_until_it_ends),
		T(ra_on_the_lan_is_ignored_and_told),
		T(own_ra_on_the_wan_is_a_loop),
		T(without_a_table_proven_hosts_are_announced_once),
		T(talking_host_stays_live),
		T(unknown_talker_is_asked_before_it_is_believed),
		T(flow_of_another_mac_is_told_and_moves_nothing),
		T(flow_outside_the_prefix_or_of_ours_is_nobodys),
		T(lease_makes_its_address_asked_for),
		T(what_is_left_undone_is_counted),
		T(new_wan_mac_is_announced_for_every_host),
		T(delegated_prefix_is_announced_without_proxying),
		T(saved_table_answers_from_the_first_moment),
		T(router_hears_of_saved_hosts_at_once),
		T(router_hears_of_many_saved_hosts_in_turn),
		T(saved_claims_and_silent_hosts_come_back_as_they_were),
		T(an_open_contest_goes_on_after_a_restart),
		T(what_a_successor_must_know_is_counted),
		T(nonsense_in_a_saved_table_is_skipped),
		T(filter_follows_the_state),
		T(filter_tells_of_questions_for_who_is_being_asked),
		T(filter_forgets_a_stranger_that_nobody_is),
		T(filter_is_told_our_addresses_and_port),
		T(filter_is_off_while_both_sides_are_one_wire),
		T(filter_hears_again_of_a_host_that_never_rests),
		T(filter_notes_wan_hosts_as_heard_only),
		T(no_filter_is_told_nothing),
		T(a_million_random_events_keep_the_invariants),
	};

	return cmocka_run_group_tests(t, NULL, NULL);
}
