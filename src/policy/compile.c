// SPDX-License-Identifier: GPL-2.0-or-later
/* intent and facts -> policy. Pure: the same words and facts, the same rules. */
#include "policy/build.h"
#include "base/tr.h"

#include <errno.h>

static void contract_add(struct build *b, bool must, const struct match *m)
{
	struct contract *k = &b->pol->contract;
	struct origin *o;
	struct match *to;

	if (must) {
		size_t n = k->must_n;

		o = GROW(k->must_origin, n, k->must_origin_cap);
		to = GROW(k->must, k->must_n, k->must_cap);
	} else {
		size_t n = k->may_n;

		o = GROW(k->may_origin, n, k->may_origin_cap);
		to = GROW(k->may, k->may_n, k->may_cap);
	}
	b_origin(b, o);
	match_copy(to, m);
}

static bool device_nat_t(const struct device *d)
{
	if (d->nat_t >= 0)
		return d->nat_t;
	switch (d->kind) {
	case DEVICE_IPSEC:
	case DEVICE_VOWIFI:
	case DEVICE_VPN:
		return true;
	case DEVICE_CASA:
	case DEVICE_FEMTO:
	case DEVICE_PLAIN:
		return false;
	}
	return false;
}

/* 3GPP TS 24.302: the phone starts its tunnel itself; nothing is unsolicited. */
static bool device_is_called(const struct device *d)
{
	return d->kind != DEVICE_VOWIFI && d->kind != DEVICE_PLAIN;
}

static const char *chain_in(const struct device *d)
{
	return d->segment ? "seg_in" : "wan_in";
}

void b_peers(struct rule *r, enum field f, const struct device *d,
	enum family fam)
{
	struct cond *c = NULL;

	for (size_t i = 0; i < d->peer_n; i++) {
		if (d->peers[i].fam != fam)
			continue;
		if (!c)
			c = match_cond(&r->match, f, false);
		cond_addr(c, &d->peers[i]);
	}
}

static bool has_peer6(const struct device *d)
{
	for (size_t i = 0; i < d->peer_n; i++)
		if (d->peers[i].fam == FAM_6)
			return true;
	return false;
}

/*
 * Conditions that pick the device by its suffix, whatever the prefix, and by
 * the addresses it was seen with.
 */
static void device_cond(struct build *b, struct rule *r, enum field f,
	const struct device *d)
{
	struct cond *c = match_cond(&r->match, f, false);
	size_t index = (size_t)(d - b->in->devices);

	if (!addr_is_zero(&d->id.value))
		cond_addr(c, &d->id);
	for (size_t i = 0; i < b->f->learnt_n; i++) {
		struct addrmask m = {.fam = FAM_6, .value = b->f->learnt[i].addr,
			.mask = mask_of_len(FAM_6, 128)};

		if (b->f->learnt[i].device == index &&
			!addrmask_has(&d->id, FAM_6, &m.value))
			cond_addr(c, &m);
	}
}

static bool known6(const struct build *b, const struct device *d)
{
	size_t index = (size_t)(d - b->in->devices);

	if (d->has_id || d->has_mac)
		return true;
	for (size_t i = 0; i < b->f->learnt_n; i++)
		if (b->f->learnt[i].device == index)
			return true;
	return false;
}

static void device_allow(struct build *b, const struct device *d, uint8_t proto,
	uint16_t port, const char *why)
{
	struct rule *r;

	b->why = why;
	r = b_rule(b, chain_in(d), V_ACCEPT);
	device_cond(b, r, F_DST, d);
	r_num(r, F_PROTO, proto);
	if (port)
		r_num(r, F_DPORT, port);
	if (b->pol->profile == PROFILE_STRICT)
		b_peers(r, F_SRC, d, FAM_6);
	contract_add(b, true, &r->match);
}

static void device_in(struct build *b, const struct device *d)
{
	if (!device_is_called(d) || !known6(b, d))
		return;
	b->at = &d->at;
	if (b->pol->profile == PROFILE_STRICT && d->peer_n && !has_peer6(d))
		return; /* who names IPv4 peers only means IPv4 */
	if (b->pol->profile == PROFILE_STRICT && !has_peer6(d)) {
		complain(b->c, true, b->in, &d->at,
			_("profile strict, but no peer of \"%s\" is known: only answers to what it sends come in. \"kadomori observe\" learns its peers, or add: peer PREFIX"),
			d->name);
		return;
	}
	device_allow(b, d, PROTO_UDP, 500, "device ike");
	device_allow(b, d, PROTO_ESP, 0, "device esp");
	if (device_nat_t(d))
		device_allow(b, d, PROTO_UDP, 4500, "device nat-t");
}

static void pinhole_part(struct build *b, const struct pinhole *h,
	uint8_t proto, uint16_t lo, uint16_t hi)
{
	const struct device *d = &b->in->devices[h->device];
	struct rule *r = b_rule(b, chain_in(d), V_ACCEPT);
	struct cond *c = NULL;

	device_cond(b, r, F_DST, d);
	r_num(r, F_PROTO, proto);
	if (lo)
		r_range(r, F_DPORT, lo, hi);
	for (size_t i = 0; i < h->from_n; i++) {
		if (h->from[i].fam != FAM_6)
			continue;
		if (!c)
			c = match_cond(&r->match, F_SRC, false);
		cond_addr(c, &h->from[i]);
	}
	contract_add(b, true, &r->match);
}

static bool from_only4(const struct pinhole *h)
{
	for (size_t i = 0; i < h->from_n; i++)
		if (h->from[i].fam == FAM_6)
			return false;
	return h->from_n > 0;
}

static void pinhole_compile(struct build *b, const struct pinhole *h)
{
	const struct device *d = &b->in->devices[h->device];
	uint8_t proto;
	uint16_t lo, hi;

	b->at = &h->at;
	b->why = "pinhole";
	if (!known6(b, d)) {
		complain(b->c, false, b->in, &h->at,
			_("a pinhole is for IPv6 and \"%s\" has no mac or id; for IPv4 write: map ... to %s"),
			d->name, d->name);
		return;
	}
	if (from_only4(h)) {
		complain(b->c, false, b->in, &h->at,
			_("a pinhole is for IPv6, but \"from\" names IPv4 prefixes only; for IPv4 write: map ... to %s"),
			d->name);
		return;
	}
	for (int i = 0; what_part(&h->what, i, &proto, &lo, &hi); i++)
		pinhole_part(b, h, proto, lo, hi);
}

/*
 * strict: IPsec leaves only from registered devices to their known peers (any
 * peer while none is known: that is how observing starts).
 */
static void strict_out_device(struct build *b, const struct device *d,
	enum family fam, uint8_t proto, uint16_t port)
{
	struct addrmask own = {.fam = FAM_4, .value = d->ipv4,
		.mask = mask_of_len(FAM_4, 32)};
	struct rule *r;

	if (d->kind == DEVICE_PLAIN || (fam == FAM_6 ? !known6(b, d) : !d->has_ipv4))
		return;
	b->at = &d->at;
	b->why = "device out";
	r = b_rule(b, "out", V_ACCEPT);
	if (fam == FAM_6)
		device_cond(b, r, F_SRC, d);
	else
		r_addr(r, F_SRC, false, &own);
	r_num(r, F_PROTO, proto);
	if (port)
		r_num(r, F_DPORT, port);
	b_peers(r, F_DST, d, fam);
}

static void strict_out_part(struct build *b, uint8_t proto, uint16_t port)
{
	struct rule *r;

	for (size_t i = 0; i < b->in->device_n; i++) {
		strict_out_device(b, &b->in->devices[i], FAM_6, proto, port);
		strict_out_device(b, &b->in->devices[i], FAM_4, proto, port);
	}
	b->at = NULL;
	b->why = "strict: IPsec only from registered devices to their peers";
	r = b_rule(b, "out", V_DROP);
	r_num(r, F_PROTO, proto);
	if (port)
		r_num(r, F_DPORT, port);
}

static void strict_out(struct build *b)
{
	strict_out_part(b, PROTO_ESP, 0);
	strict_out_part(b, PROTO_AH, 0);
	strict_out_part(b, PROTO_UDP, 500);
	strict_out_part(b, PROTO_UDP, 4500);
}

/* Where the forward chain sends a new packet, by the sides it joins. */
static void dispatch(struct build *b, enum role in, enum role out,
	const char *target, const char *why)
{
	struct rule *r;

	b->at = NULL;
	b->why = why;
	if (target)
		r = b_jump(b, "forward", target);
	else
		r = b_rule(b, "forward", V_ACCEPT);
	r_num(r, F_IN, in);
	r_num(r, F_OUT, out);
}

static void end_chain(struct build *b, const char *chain, enum verdict v,
	const char *why)
{
	struct chain *c = pipeline_chain(b->pl, chain, true);

	b->at = NULL;
	b->why = why;
	c->end = v;
	b_origin(b, &c->end_origin);
}

static void add_iface(struct build *b, const char *name, enum role role)
{
	struct iface *i;

	for (size_t n = 0; n < b->pl->iface_n; n++)
		if (!strcmp(b->pl->ifaces[n].name, name))
			return;
	i = GROW(b->pl->ifaces, b->pl->iface_n, b->pl->iface_cap);
	i->name = xstrdup(name);
	i->role = role;
}

static void add_ifaces(struct build *b)
{
	add_iface(b, b->in->wan, ROLE_WAN);
	for (size_t i = 0; i < b->in->device_n; i++)
		if (b->in->devices[i].segment)
			add_iface(b, b->in->devices[i].segment, ROLE_SEG);
	for (size_t i = 0; i < b->in->lan_n; i++)
		add_iface(b, b->in->lans[i], ROLE_LAN);
}

/* "New from outside" asks for no neighbour of an unknown address. */
static void known_gate(struct build *b)
{
	struct rule *r;
	struct cond *c;

	if (!b->f->ndproxy_gate)
		return;
	b->at = NULL;
	b->why = "no such host on the LAN";
	r = b_rule(b, "wan_in", V_DROP);
	c = match_cond(&r->match, F_DST, true);
	c->set = xstrdup("known");
	c->set_fam = FAM_6;
	for (size_t i = 0; i < b->f->known_n; i++) {
		struct addrmask m = {.fam = FAM_6, .value = b->f->known[i],
			.mask = mask_of_len(FAM_6, 128)};

		cond_addr(c, &m);
	}
}

static void contract_may(struct build *b)
{
	struct rule tmp = {0};

	b->at = NULL;
	b->why = "rfc4890 icmpv6 errors";
	r_num(&tmp, F_PROTO, PROTO_ICMPV6);
	r_range(&tmp, F_ITYPE, 1, 4);
	contract_add(b, false, &tmp.match);
	match_done(&tmp.match);
	if (!b->in->echo)
		return;
	b->why = "rfc4890 echo request";
	r_num(&tmp, F_PROTO, PROTO_ICMPV6);
	r_num(&tmp, F_ITYPE, 128);
	contract_add(b, false, &tmp.match);
	match_done(&tmp.match);
}

static void forward(struct build *b)
{
	b->at = NULL;
	builtin_forward_head(b);
	builtin_sanity(b);
	dispatch(b, ROLE_WAN, ROLE_LAN, "wan_in", "from outside to the home");
	if (b_has_segment(b)) {
		dispatch(b, ROLE_WAN, ROLE_SEG, "seg_in",
			"from outside to the segment");
		dispatch(b, ROLE_SEG, ROLE_WAN, "out", "segment to outside");
	}
	dispatch(b, ROLE_LAN, ROLE_WAN, "out", "from the home to outside");
	dispatch(b, ROLE_LAN, ROLE_LAN, NULL, "within the home");
	end_chain(b, "forward", V_DROP, "default deny");
	known_gate(b);
	nat_compile(b);
	for (size_t i = 0; i < b->in->device_n; i++)
		device_in(b, &b->in->devices[i]);
	for (size_t i = 0; i < b->in->pinhole_n; i++)
		pinhole_compile(b, &b->in->pinholes[i]);
	if (b->pol->profile == PROFILE_STANDARD)
		builtin_wan_in_standard(b);
	if (b->in->echo)
		builtin_echo(b);
	end_chain(b, "wan_in", V_DROP, "unsolicited from outside");
	if (b_has_segment(b))
		end_chain(b, "seg_in", V_DROP, "unsolicited to the segment");
	builtin_icmp_out(b);
	if (b->pol->profile == PROFILE_STRICT)
		strict_out(b);
	end_chain(b, "out", V_ACCEPT, "the home may go out");
}

/* The LAN's own prefix on the WAN means that this box is not the border. */
static void check_overlap(struct build *b)
{
	bool overlaps = b->in->has_lan4 && b->f->has_wan4 &&
		addrmask_has(&b->in->lan4_net, FAM_4, &b->f->wan4);

	for (size_t i = 0; i < b->f->lan4_n && b->f->has_wan4; i++)
		overlaps |= addrmask_has(&b->f->lan4[i], FAM_4, &b->f->wan4);
	if (overlaps)
		complain(b->c, false, b->in,
			b->in->has_lan4 ? &b->in->lan4_at : &b->in->wan_at,
			_("the line hands out an address of the LAN's own IPv4 network: the two sides cannot be told apart. Choose another network for the home, for example lan4 192.168.77.1/24"));
}

static void stateful_all(struct pipeline *pl)
{
	memset(pl->stateful, 0xff, sizeof(pl->stateful));
}

int policy_compile(const struct intent *in, const struct facts *f,
	struct complaints *c, struct policy **ret)
{
	static const struct facts none;
	cleanup(policy_freep) struct policy *pol = xcalloc(1, sizeof(*pol));
	struct build b = {.in = in, .f = f ? f : &none, .c = c, .pol = pol};
	bool had_errors = c->errors;

	c->errors = false;
	pol->pipe = b.pl = pipeline_new();
	b.pl->ndproxy = b.f->ndproxy_gate;
	pol->line = in->line != LINE_AUTO ? in->line : b.f->line;
	pol->profile = in->profile;
	add_ifaces(&b);
	check_overlap(&b);
	forward(&b);
	builtin_input(&b);
	contract_may(&b);
	stateful_all(b.pl);
	b.pl->entry[PATH_FORWARD] = xstrdup("forward");
	b.pl->entry[PATH_INPUT] = xstrdup("input");
	if (c->errors)
		return -EINVAL;
	c->errors = had_errors;
	*ret = take(pol);
	return 0;
}
