/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames that leave: each from the port's own MAC and link-local address. */
#include "own.h"

static void send_frame(struct np *np, unsigned port, const struct wr *w)
{
	struct np_action a = {.what = ACT_SEND, .port = (uint8_t)port,
		.frame = w->start, .frame_len = wr_len(w)};

	if (wr_ok(w))
		np_do(np, &a);
}

static void send_msg(struct np *np, unsigned port, const struct nd_msg *m)
{
	uint8_t buf[ND_FRAME_MAX];
	struct wr w = wr_of(buf, sizeof(buf));

	if (!nd_build(&w, m))
		send_frame(np, port, &w);
}

void send_body(struct np *np, unsigned port, const struct addr *src,
	const struct addr *dst, const struct mac *to, const uint8_t *body,
	size_t n)
{
	const struct np_port *p = &np->port[port];
	struct mac group = mac_of_multicast(dst);
	uint8_t buf[ND_FRAME_MAX];
	struct wr w = wr_of(buf, sizeof(buf));

	if (!nd_build_body(&w, &p->mac, to ? to : &group, src ? src : &p->ll,
		    dst, body, n))
		send_frame(np, port, &w);
}

static bool may_multicast(struct np *np, msec_t now, unsigned port,
	unsigned keep)
{
	struct bucket *b = port == NP_WAN ? &np->wan_mcast : &np->lan_mcast;

	if (bucket_take(b, now, keep))
		return true;
	np->count[C_MCAST_BUDGET]++;
	return false;
}

bool send_ns(struct np *np, msec_t now, unsigned port,
	const struct addr *target, const struct mac *to, unsigned keep)
{
	const struct np_port *p = &np->port[port];
	struct nd_msg m = {.type = ND_NS, .l2src = p->mac, .src = p->ll,
		.target = *target, .has_sll = true, .sll = p->mac};

	if (!p->up || (!to && !may_multicast(np, now, port, keep)))
		return false;
	m.dst = to ? *target : addr_solicited_node(target);
	m.l2dst = to ? *to : mac_of_multicast(&m.dst);
	if (port != NP_WAN)
		np->count[to ? C_LAN_UCAST : C_LAN_MCAST]++;
	send_msg(np, port, &m);
	return true;
}

/*
 * RFC 4861 7.2.4, 7.2.8: no override, we are a proxy. To a claimant (source
 * ::) the answer goes to all nodes, unsolicited.
 */
void send_na(struct np *np, unsigned port, const struct addr *target,
	const struct question *q)
{
	const struct np_port *p = &np->port[port];
	bool dad = addr_is_zero(&q->src);
	struct nd_msg m = {.type = ND_NA, .l2src = p->mac, .src = p->ll,
		.target = *target, .has_tll = true, .tll = p->mac,
		.flags = dad ? 0 : NA_SOLICITED,
		.dst = dad ? addr_all_nodes : q->src};

	if (!p->up)
		return;
	m.l2dst = dad ? mac_of_multicast(&m.dst) : q->mac;
	np->count[dad ? C_DEFENDED : C_ANSWERED]++;
	send_msg(np, port, &m);
}

void send_unsolicited(struct np *np, unsigned port, const struct addr *target,
	bool router)
{
	const struct np_port *p = &np->port[port];
	struct nd_msg m = {.type = ND_NA, .l2src = p->mac, .src = p->ll,
		.target = *target, .has_tll = true, .tll = p->mac,
		.flags = np->conf.override ? NA_OVERRIDE : 0,
		.dst = addr_all_nodes, .l2dst = mac_of_multicast(&addr_all_nodes)};

	if (router) {
		m.dst = np->router.ll;
		m.l2dst = np->router.mac;
	}
	if (p->up)
		send_msg(np, port, &m);
}

/* The nonce stays, so that whoever hears its own echo knows (RFC 7527). */
void send_dad_relay(struct np *np, unsigned port, const struct nd_msg *m)
{
	struct nd_msg out = *m;
	struct relayed *r = &np->relayed[np->relayed_at++ % RELAYED_MAX];

	if (!np->port[port].up)
		return;
	out.l2src = np->port[port].mac;
	r->target = m->target;
	r->len = m->nonce_len;
	memcpy(r->nonce, m->nonce, sizeof(r->nonce));
	np->count[C_DAD_RELAYED]++;
	send_msg(np, port, &out);
}
