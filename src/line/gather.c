// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One packet socket asks five questions and hears the answers: it needs no
 * address, takes no port from the system's own clients, and changes nothing.
 * What comes first is kept; others that contradict are counted, because a liar
 * on the wire looks like this.
 */
#include "line/line.h"
#include "line/step.h"
#include "wire/eth.h"
#include "wire/ip4.h"
#include "wire/ip6.h"
#include "wire/nd.h"
#include "wire/sum.h"
#include "wire/udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BATCH = 256, OWED_MS = 6500, SPARE_MS = 1000 };
enum { FRAME = 1514, PORT_DHCP6_C = 546, PORT_DHCP6_S = 547,
	PORT_DHCP4_C = 68, PORT_DHCP4_S = 67 };

struct gather {
	int fd;
	struct mac mac;
	struct addr ll;
	uint32_t xid;
	struct line_evidence *e;
	struct addr dhcp6_from;	/* whose answer e->dhcp6 is */
};

static const struct mac broadcast = {{255, 255, 255, 255, 255, 255}};

static void send_frame(struct gather *g, struct wr *w)
{
	if (wr_ok(w))
		(void)!send(g->fd, w->start, wr_len(w), 0);
}

static void eth(struct wr *w, const struct gather *g, const struct mac *to,
	uint16_t type)
{
	eth_build(w, &(struct eth_head){.dst = *to, .src = g->mac, .type = type});
}

static void ask_ra(struct gather *g)
{
	uint8_t buf[FRAME], body[64];
	struct wr b = wr_of(body, sizeof(body)), w = wr_of(buf, sizeof(buf));
	struct mac to = mac_of_multicast(&addr_all_routers);

	if (rs_build(&b, &g->mac) == 0 &&
		nd_build_body(&w, &g->mac, &to, &g->ll, &addr_all_routers, body,
			wr_len(&b)) == 0)
		send_frame(g, &w);
}

/* The information request has an xid of its own: the answers differ. */
static uint32_t info_xid(const struct gather *g)
{
	return (g->xid + 1) & 0xffffff;
}

static void ask_dhcp6(struct gather *g, bool prefix)
{
	uint8_t buf[FRAME], body[256], udp[300];
	struct wr b = wr_of(body, sizeof(body)), u = wr_of(udp, sizeof(udp));
	struct wr w = wr_of(buf, sizeof(buf));
	struct addr to;
	enum family fam;
	struct mac mac;

	(void)addr_parse("ff02::1:2", &fam, &to);
	mac = mac_of_multicast(&to);
	if ((prefix ? dhcp6_solicit(&b, g->xid, &g->mac)
		    : dhcp6_inform(&b, info_xid(g), &g->mac)) ||
		udp_build(&u, FAM_6, &g->ll, &to, PORT_DHCP6_C, PORT_DHCP6_S,
			body, wr_len(&b)))
		return;
	eth(&w, g, &mac, ETHTYPE_IP6);
	ip6_build(&w, &(struct ip6_head){.next = 17, .hop_limit = 1,
		.len = (uint16_t)wr_len(&u), .src = g->ll, .dst = to});
	wr_copy(&w, udp, wr_len(&u));
	send_frame(g, &w);
}

static void ask_dhcp4(struct gather *g)
{
	uint8_t buf[FRAME], body[400], udp[440];
	struct wr b = wr_of(body, sizeof(body)), u = wr_of(udp, sizeof(udp));
	struct wr w = wr_of(buf, sizeof(buf));
	struct addr from = {{0}}, to = addr_from4(UINT32_MAX);

	if (dhcp4_discover(&b, g->xid, &g->mac) ||
		udp_build(&u, FAM_4, &from, &to, PORT_DHCP4_C, PORT_DHCP4_S,
			body, wr_len(&b)))
		return;
	eth(&w, g, &broadcast, ETHTYPE_IP4);
	ip4_build(&w, &(struct ip4_head){.proto = 17, .ttl = 64,
		.len = (uint16_t)(IP4_HEAD_LEN + wr_len(&u)), .src = from,
		.dst = to});
	wr_copy(&w, udp, wr_len(&u));
	send_frame(g, &w);
}

static void ask_pppoe(struct gather *g)
{
	uint8_t buf[FRAME];
	struct wr w = wr_of(buf, sizeof(buf));

	eth(&w, g, &broadcast, ETHTYPE_PPPOE_DISC);
	if (pppoe_padi(&w, g->xid) == 0)
		send_frame(g, &w);
}

static void ask_all(struct gather *g)
{
	ask_ra(g);
	ask_dhcp6(g, true);
	ask_dhcp6(g, false);
	ask_dhcp4(g);
	if (g->e->at == AT_GATEWAY)
		ask_pppoe(g);
}

/* ---- answers ---- */

static bool hear_ra(struct gather *g, const uint8_t *p, size_t n)
{
	struct line_evidence *e = g->e;
	struct nd_msg m;
	struct ra ra;

	if (nd_parse(p, n, &m) != ND_GOOD || m.type != ND_RA ||
		!memcmp(&m.l2src, &g->mac, sizeof(g->mac)) ||
		ra_parse(m.body, m.body_len, &ra))
		return false;
	if (e->has_ra && addr_cmp(&m.src, &e->router)) {
		e->other_routers += e->other_routers < UINT8_MAX;
		return false;
	}
	if (e->has_ra)
		return false;
	e->has_ra = true;
	e->ra = ra;
	e->router = m.src;
	e->router_mac = m.l2src;
	return true;
}

static bool other_server(const struct dhcp6_answer *a,
	const struct dhcp6_answer *b)
{
	return a->has_server_mac && b->has_server_mac &&
	       memcmp(&a->server_mac, &b->server_mac, sizeof(struct mac));
}

/*
 * A server that delegates says more than one that does not; of two that do, the
 * box that also advertises itself as the router is the likelier one.
 */
static bool better(const struct gather *g, const struct dhcp6_answer *a,
	const struct addr *from)
{
	const struct line_evidence *e = g->e;

	if (!e->has_dhcp6 || a->has_prefix != e->dhcp6.has_prefix)
		return !e->has_dhcp6 || a->has_prefix;
	return e->has_ra && !addr_cmp(from, &e->router) &&
	       addr_cmp(&g->dhcp6_from, &e->router);
}

static bool hear_dhcp6(struct gather *g, struct rd *r, const struct udp_head *u,
	const struct addr *from)
{
	struct line_evidence *e = g->e;
	struct dhcp6_answer a;
	size_t n = rd_left(r);

	if (u->sport != PORT_DHCP6_S || u->dport != PORT_DHCP6_C ||
		dhcp6_parse(rd_bytes(r, n), n, &a))
		return false;
	if (a.xid == info_xid(g) && !e->has_info) {
		e->info = a;
		return e->has_info = true;
	}
	if (a.xid != (g->xid & 0xffffff))
		return false;
	if (e->has_dhcp6 && other_server(&a, &e->dhcp6))
		e->other_dhcp6 += e->other_dhcp6 < UINT8_MAX;
	if (!better(g, &a, from))
		return false;
	g->dhcp6_from = *from;
	e->has_dhcp6 = true;
	e->dhcp6 = a;
	return true;
}

static bool hear_dhcp4(struct gather *g, struct rd *r, const struct udp_head *u,
	const struct mac *from)
{
	struct line_evidence *e = g->e;
	struct dhcp4_offer o;
	size_t n = rd_left(r);

	if (u->sport != PORT_DHCP4_S || u->dport != PORT_DHCP4_C ||
		dhcp4_parse(rd_bytes(r, n), n, &o) || o.xid != g->xid)
		return false;
	if (e->has_offer) {
		if (addr_cmp(&o.server, &e->offer.server) && !e->other_offers++)
			e->offer2 = o;
		e->other_offers = MIN2(e->other_offers, (unsigned)UINT8_MAX);
		return false;
	}
	e->has_offer = true;
	e->offer = o;
	e->offer_mac = *from;
	return true;
}

static bool hear_ip(struct gather *g, struct rd *r, const struct eth_head *h)
{
	struct udp_head u;
	struct ip6_head h6;
	struct ip4_head h4;

	if (h->type == ETHTYPE_IP6)
		return ip6_parse(r, &h6) == 0 && h6.next == 17 &&
		       udp_parse(r, &u) == 0 && hear_dhcp6(g, r, &u, &h6.src);
	return ip4_parse(r, &h4) == 0 && h4.proto == 17 &&
	       !ip4_is_fragment(&h4) && udp_parse(r, &u) == 0 &&
	       hear_dhcp4(g, r, &u, &h->src);
}

static bool hear(struct gather *g, const uint8_t *p, size_t n)
{
	struct rd r = rd_of(p, n);
	struct eth_head h;

	if (eth_parse(&r, &h))
		return false;
	if (h.type == ETHTYPE_PPPOE_DISC && !g->e->has_pado &&
		pppoe_pado(r.p, rd_left(&r), g->xid, g->e->pppoe_name) == 0)
		return g->e->has_pado = true;
	if (h.type == ETHTYPE_IP6 && hear_ra(g, p, n))
		return true;
	if (h.type != ETHTYPE_IP6 && h.type != ETHTYPE_IP4)
		return false;
	return hear_ip(g, &r, &h);
}

/* ---- the interface ---- */

static int open_socket(const char *ifname, struct gather *g)
{
	struct sockaddr_ll ll = {.sll_family = AF_PACKET,
		.sll_protocol = htons(0x0003)};
	struct ifreq ifr = {0};
	int e;

	g->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
		htons(0x0003));
	if (g->fd < 0)
		return -errno;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", ifname);
	if (ioctl(g->fd, SIOCGIFHWADDR, &ifr)) {
		e = -errno;
		close(g->fd);
		return e;
	}
	memcpy(g->mac.b, ifr.ifr_hwaddr.sa_data, 6);
	ll.sll_ifindex = (int)if_nametoindex(ifname);
	if (bind(g->fd, (struct sockaddr *)&ll, sizeof(ll))) {
		e = -errno;
		close(g->fd);
		return e;
	}
	return 0;
}

/* All answered: nothing more can come. */
static bool complete(const struct line_evidence *e)
{
	return e->has_ra && e->has_dhcp6 && e->has_offer &&
	       (e->has_pado || e->at == AT_HOST);
}

/* The router pointed to DHCPv6 and DHCPv6 has not answered: a slow server. */
static bool owed(const struct line_evidence *e)
{
	return e->has_ra && ((e->ra.flags & RA_MANAGED && !e->has_dhcp6) ||
			(e->ra.flags & RA_OTHER && !e->has_info && !e->has_dhcp6));
}

static void listen_until(struct gather *g, msec_t quiet, msec_t most)
{
	static const msec_t repeats[] = {1000, 3000, 7000, INT64_MAX};
	msec_t start = clock_ms(), last = 0, now;
	bool heard = false;
	size_t sent = 0;
	uint8_t buf[2048];

	ask_all(g);
	while ((now = clock_ms() - start) < most && !complete(g->e)) {
		struct pollfd p = {.fd = g->fd, .events = POLLIN};
		int batch = BATCH;
		ssize_t n;

		if (heard && now - last > quiet &&
			(!owed(g->e) || now > OWED_MS))
			break;
		if (now >= repeats[sent]) {
			sent++;
			ask_all(g);
		}
		poll(&p, 1, 50);
		/* a flood must not keep the clock from being looked at */
		while (batch-- && (n = recv(g->fd, buf, sizeof(buf), 0)) > 0)
			if (hear(g, buf, (size_t)n)) {
				heard = true;
				last = clock_ms() - start;
			}
	}
}

/* The address that the questions come from: the interface's own, or the one
 * that it would have. */
static void linklocal(const char *ifname, struct gather *g)
{
	char line[128], hex[33], dev[32];
	FILE *f = fopen("/proc/net/if_inet6", "re");
	unsigned scope;

	g->ll = mac_to_iid(&g->mac);
	g->ll.b[0] = 0xfe;
	g->ll.b[1] = 0x80;
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%32s %*x %*x %x %*x %31s", hex, &scope, dev) == 3 &&
			scope == 0x20 && !strcmp(dev, ifname) && strlen(hex) == 32)
			for (int i = 0; i < 16; i++)
				sscanf(hex + 2 * i, "%2hhx", &g->ll.b[i]);
	if (f)
		fclose(f);
}

/* ---- in a process of its own: root reads no stranger's frame ---- */

struct wire_ask {
	const char *ifname;
	msec_t quiet, most;
	struct line_evidence *e;
	struct gather g;
	int rc;
};
struct wire_told {
	int rc;
	struct line_evidence e;
};

static void prepare_wire(void *arg)
{
	struct wire_ask *a = arg;

	a->rc = open_socket(a->ifname, &a->g);
}

static void run_wire(void *arg, void *told)
{
	struct wire_ask *a = arg;
	struct wire_told *t = told;

	t->rc = a->rc;
	if (a->rc)
		return;
	t->e.at = a->e->at;
	a->g.e = &t->e;
	if (getrandom(&a->g.xid, sizeof(a->g.xid), 0) != sizeof(a->g.xid))
		a->g.xid = (uint32_t)clock_ms();
	linklocal(a->ifname, &a->g);
	listen_until(&a->g, a->quiet, a->most);
}

static void clean_dhcp6(struct dhcp6_answer *d)
{
	step_clean(d->aftr, sizeof(d->aftr));
	step_clean(d->search, sizeof(d->search));
	d->dns_n = MIN2(d->dns_n, (size_t)DHCP6_DNS_MAX);
	d->rule_n = MIN2(d->rule_n, (size_t)DHCP6_RULES_MAX);
}

/* What was heard; as if the process had been taken over. */
static void take_wire(struct line_evidence *w, struct line_evidence *e)
{
	w->ra.prefix_n = MIN2(w->ra.prefix_n, (size_t)RA_PREFIX_MAX);
	w->ra.rdnss_n = MIN2(w->ra.rdnss_n, (size_t)RA_RDNSS_MAX);
	w->ra.dnssl_n = MIN2(w->ra.dnssl_n, (size_t)RA_DNSSL_MAX);
	clean_dhcp6(&w->dhcp6);
	clean_dhcp6(&w->info);
	step_clean(w->offer.domain, sizeof(w->offer.domain));
	step_clean(w->pppoe_name, sizeof(w->pppoe_name));
	w->at = e->at;
	memcpy(w->ifname, e->ifname, sizeof(w->ifname));
	w->link = e->link;
	memcpy(w->own6, e->own6, sizeof(w->own6));
	memcpy(w->own4, e->own4, sizeof(w->own4));
	w->own6_n = e->own6_n;
	w->own4_n = e->own4_n;
	w->local = e->local;
	w->raw = true;
	w->took = clock_ms() - e->took;
	*e = *w;
}

int line_gather(const char *ifname, enum vantage at, msec_t quiet, msec_t most,
	struct line_evidence *ret)
{
	static struct wire_told t;
	struct wire_ask ask = {.ifname = ifname, .quiet = quiet, .most = most,
		.e = ret};
	struct step s;
	int rc;

	memset(ret, 0, sizeof(*ret));
	ret->at = at;
	rc = line_local(ifname, ret);
	if (rc)
		return rc;
	if (ret->ppp || !ret->link) {
		ret->raw = true;
		return 0;
	}
	ret->took = clock_ms();
	step_start(&s, &(struct step_work){.prepare = prepare_wire,
		.run = run_wire, .arg = &ask, .n = sizeof(t)},
		clock_ms() + most + SPARE_MS);
	if (step_finish(&s, &t)) {
		ret->outside_died = true;
		ret->took = clock_ms() - ret->took;
		return 0;
	}
	if (t.rc)
		return t.rc;
	take_wire(&t.e, ret);
	return 0;
}
