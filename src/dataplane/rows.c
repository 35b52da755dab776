// SPDX-License-Identifier: GPL-2.0-or-later
/* Which device is served how, and the rows of the map. Pure. */
#include "dataplane/dataplane.h"
#include "dataplane/lease.h"

#include <errno.h>

const char *dataplane_mode_name(enum dataplane_mode m)
{
	switch (m) {
	case DP_OFF:	return "off";
	case DP_TC:	return "tc";
	case DP_NATIVE:	return "native";
	}
	return "?";
}

const char *dataplane_why_name(enum dataplane_why w)
{
	static const char *const names[DP_WHY_MAX] = {
		[DP_WHY_NONE] = "",
		[DP_WHY_ASKED] = "asked",
		[DP_WHY_NO_ETHERNET] = "no-ethernet",
		[DP_WHY_BARE] = "bare",
		[DP_WHY_VLAN] = "vlan",
		[DP_WHY_VLAN_ABOVE] = "vlan-above",
		[DP_WHY_BOND] = "bond",
		[DP_WHY_VETH] = "veth",
		[DP_WHY_FOREIGN_XDP] = "foreign-xdp",
		[DP_WHY_DRIVER] = "driver",
		[DP_WHY_NO_XMIT] = "no-xmit",
		[DP_WHY_SHAPER] = "shaper",
		[DP_WHY_FOREIGN_TC] = "foreign-tc",
		[DP_WHY_TC_REFUSED] = "tc-refused",
		[DP_WHY_BRIDGE_VLANS] = "bridge-vlans",
		[DP_WHY_BRIDGE_TC] = "bridge-tc",
		[DP_WHY_TOO_MANY] = "too-many",
	};

	return w < DP_WHY_MAX ? names[w] : "?";
}

/* Queues that only order or thin out; every other kind may hold back. */
static bool shapes(const char *qdisc)
{
	static const char *const plain[] = {"", "noqueue", "pfifo_fast",
		"pfifo", "bfifo", "mq", "fq", "fq_codel", "noop"};

	for (size_t i = 0; i < ARRAY_LEN(plain); i++)
		if (!strcmp(qdisc, plain[i]))
			return false;
	return true;
}

/*
 * Drivers with ndo_xdp_xmit in Linux 6.1, by its source; later ones (6.3) are
 * asked themselves.
 */
static bool known_xmit(const char *driver)
{
	static const char *const known[] = {"virtio_net", "igb", "igc", "ixgbe",
		"i40e", "ice", "mlx5_core", "mvneta", "fsl_enetc", "veth",
		"tun"};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (!strcmp(driver, known[i]))
			return true;
	return false;
}

/* A bridge's own queue and hooks, which lie between its ports and the routing:
 * from port to port they are gone past at tc, too. */
static bool must_see_all(const struct dataplane_device *bridge)
{
	return bridge->filters_in || bridge->filters_out ||
	       shapes(bridge->qdisc);
}

static bool is(const struct dataplane_device *d, const char *kind)
{
	return !strcmp(d->kind, kind);
}

static enum dataplane_mode best_of(const struct dataplane_device *d,
	bool force, enum dataplane_why *why)
{
	*why = DP_WHY_NONE;
	if (!d->ethernet && !d->bare)
		*why = DP_WHY_NO_ETHERNET;
	else if (d->filters_in)
		*why = DP_WHY_FOREIGN_TC;
	else if (d->bare)
		*why = DP_WHY_BARE;
	else if (is(d, "vlan"))
		*why = DP_WHY_VLAN;
	else if (is(d, "bond") || is(d, "team"))
		*why = DP_WHY_BOND;
	else if (d->vlan_above)
		*why = DP_WHY_VLAN_ABOVE;
	else if (d->foreign_xdp)
		*why = DP_WHY_FOREIGN_XDP;
	else if (!force && (is(d, "veth") || !strcmp(d->driver, "veth")))
		*why = DP_WHY_VETH;
	return *why == DP_WHY_NONE ? DP_NATIVE
		: *why == DP_WHY_NO_ETHERNET || *why == DP_WHY_FOREIGN_TC
			? DP_OFF : DP_TC;
}

static const struct dataplane_device *by_index(
	const struct dataplane_device *d, size_t n, int ifindex)
{
	for (size_t i = 0; ifindex && i < n; i++)
		if (d[i].ifindex == ifindex)
			return &d[i];
	return NULL;
}

static uint8_t side_of(const struct dataplane_port *p, size_t n, int l3)
{
	uint8_t most = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i].l3 == l3)
			return p[i].side;
		most = MAX2(most, p[i].side);
	}
	return most + 1;
}

size_t dataplane_plan(const struct dataplane_device *d, size_t n,
	enum dataplane_mode best, bool force,
	struct dataplane_port ret[DP_PORTS_MAX])
{
	size_t k = 0;

	for (size_t i = 0; i < n && k < DP_PORTS_MAX; i++) {
		const struct dataplane_device *m = by_index(d, n, d[i].master);
		const struct dataplane_device *l3 = m ? m : &d[i];
		struct dataplane_port *p = &ret[k];

		memset(p, 0, sizeof(*p));
		memcpy(p->name, d[i].name, sizeof(p->name));
		p->ifindex = d[i].ifindex;
		p->l3 = l3->ifindex;
		p->l3_mac = l3->mac;
		p->mtu = MIN2(d[i].mtu, l3->mtu);
		p->bare = d[i].bare;
		p->wan = l3->wan;
		p->bridged = m;
		p->bridge = is(&d[i], "bridge");
		p->mode = p->bridge ? DP_OFF : best_of(&d[i], force, &p->why);
		if (m && (m->vlan_filtering || must_see_all(m))) {
			p->mode = DP_OFF;
			p->why = m->vlan_filtering ? DP_WHY_BRIDGE_VLANS
						   : DP_WHY_BRIDGE_TC;
		}
		if (p->mode > best) {
			p->mode = best;
			p->why = DP_WHY_ASKED;
		}
		p->side = side_of(ret, k, p->l3);
		k++;
	}
	return k;
}

void dataplane_finish(struct dataplane_port *p, size_t n,
	const struct dataplane_device *d, size_t dn)
{
	bool all_out = true;

	for (size_t i = 0; i < n; i++) {
		const struct dataplane_device *dev = by_index(d, dn,
			p[i].ifindex);
		/* XDP would go past them, tc does not */
		bool shaped = dev &&
			(shapes(dev->qdisc) || dev->filters_out);
		bool xmit = dev && (dev->xmit < 0 ? known_xmit(dev->driver)
						   : dev->xmit > 0);

		if (p[i].bridge || p[i].mode == DP_OFF)
			continue;
		p[i].xdp_out = p[i].mode == DP_NATIVE && xmit && !shaped;
		if (p[i].mode == DP_NATIVE && !p[i].xdp_out)
			p[i].why = shaped ? DP_WHY_SHAPER : DP_WHY_NO_XMIT;
		all_out &= p[i].xdp_out;
	}
	for (size_t i = 0; i < n; i++)
		p[i].tc_in = p[i].mode == DP_TC ||
			(p[i].mode == DP_NATIVE && !all_out);
}

static void fill(struct lease_port *to, const struct dataplane_port *p)
{
	*to = (struct lease_port){.ifindex = (uint32_t)p->ifindex,
		.l3 = (uint32_t)p->l3, .side = p->side, .mtu = p->mtu,
		.flags = (uint8_t)((p->xdp_out ? PORT_XDP_OUT : 0) |
			(p->mode != DP_OFF ? PORT_TC_OUT : 0) |
			(p->wan ? PORT_WAN : 0) | (p->bare ? PORT_BARE : 0) |
			(p->bridged ? PORT_BRIDGED : 0))};
	memcpy(to->mac, p->l3_mac.b, sizeof(to->mac));
	to->id4 = (uint64_t)LEASE_META(0, 4, p->side) << 32;
	to->id6 = (uint64_t)LEASE_META(0, 6, p->side) << 32;
}

static bool try_mult(const struct dataplane_port *p, size_t n, uint32_t mult)
{
	uint64_t taken = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t bit = 1ull << ((uint32_t)p[i].ifindex * mult >> 26);

		if (taken & bit)
			return false;
		taken |= bit;
	}
	return true;
}

int dataplane_rows(const struct dataplane_port *p, size_t n,
	struct lease_conf *ret)
{
	uint32_t mult = 2654435761u;

	for (int i = 0; !try_mult(p, n, mult); i++) {
		if (i == 1 << 20)
			return -ENOSPC;
		mult = mult * 1664525 + 1013904223;
		mult |= 1;
	}
	memset(ret->ports, 0, sizeof(ret->ports));
	memset(ret->l3, 0, sizeof(ret->l3));
	ret->mult = mult;
	for (size_t i = 0; i < n; i++) {
		fill(&ret->ports[(uint32_t)p[i].ifindex * mult >> 26], &p[i]);
		ret->l3[p[i].side & (LEASE_PORTS - 1)] = (uint32_t)p[i].l3;
	}
	return 0;
}

uint32_t dataplane_sets(uint64_t memory)
{
	enum { SETS_MIN = 8192, SETS_MAX = 131072 }; /* 2 and 32 MiB */
	uint32_t sets = SETS_MIN;

	/* a 256th of the memory, two slots a flow in mind */
	while (sets < SETS_MAX &&
		2ull * sets * sizeof(struct lease_set) <= memory / 256)
		sets *= 2;
	return sets;
}
