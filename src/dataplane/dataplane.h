/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dataplane: what BPF does for the gateway. Each program has its *.bpf.c, the
 * header both halves share and its loader.
 *
 * The fast path (lease.bpf.c, where it is explained): rows.c thinks (pure),
 * load.c loads and attaches. Nothing of it decides about packets: taken away,
 * the same ones pass, slower.
 */
#ifndef KADOMORI_DATAPLANE_H
#define KADOMORI_DATAPLANE_H

#include "dataplane/nd.h"
#include "base/addr.h"
#include "base/text.h"

struct lease_conf;

/* ---- rows.c: which device is served how ---- */

enum dataplane_mode { DP_OFF, DP_TC, DP_NATIVE };
const char *dataplane_mode_name(enum dataplane_mode m);

/* Why not better; each has a word for JSON and a sentence in cmd. */
enum dataplane_why {
	DP_WHY_NONE,
	DP_WHY_ASKED,		/* the user wants it so */
	DP_WHY_NO_ETHERNET,	/* a kind of link that is not known here */
	DP_WHY_BARE,		/* PPPoE, tunnels: tc on it */
	DP_WHY_VLAN,		/* a VLAN device: tc on it */
	DP_WHY_VLAN_ABOVE,	/* its tags may not be in the packet */
	DP_WHY_BOND,
	DP_WHY_VETH,		/* its checksums may be unfilled */
	DP_WHY_FOREIGN_XDP,	/* somebody else's program is there */
	DP_WHY_DRIVER,		/* the driver refuses XDP */
	DP_WHY_NO_XMIT,		/* in by XDP; out of it XDP may not send */
	DP_WHY_SHAPER,		/* the same, because a shaper must see all */
	DP_WHY_FOREIGN_TC,	/* somebody else's tc filters must see all */
	DP_WHY_TC_REFUSED,
	DP_WHY_BRIDGE_VLANS,	/* its bridge filters and tags by VLAN */
	DP_WHY_BRIDGE_TC,	/* what stands at its bridge must see all */
	DP_WHY_TOO_MANY,	/* more ports than LEASE_PORTS / 2 */
	DP_WHY_MAX
};
const char *dataplane_why_name(enum dataplane_why w);

/* What was seen of one device. */
struct dataplane_device {
	char name[16], kind[16], driver[32], qdisc[16];
	int ifindex, master;	/* master: the bridge, or 0 */
	struct mac mac;
	uint32_t mtu;
	bool ethernet, bare;	/* bare: IP without a link's header */
	bool wan, foreign_xdp, vlan_above;
	bool vlan_filtering;	/* of a bridge */
	bool filters_in, filters_out; /* somebody else's tc filters, or tcx */
	int xmit;		/* XDP may send out of it: 1, 0, -1 unknown */
};

/* What is done with it. */
struct dataplane_port {
	char name[16];
	int ifindex, l3;	/* l3: itself or its bridge */
	struct mac l3_mac;
	uint32_t mtu;
	uint8_t side;		/* of l3 */
	bool bare, wan, bridged, bridge; /* bridge: only a name for its ports */
	enum dataplane_mode mode;
	enum dataplane_why why;
	bool xdp_out, tc_in;
};
enum { DP_PORTS_MAX = 32 };

/*
 * Plan for n devices: the first wan, the lans, bridges and their ports. best
 * bounds the mode; force also takes veth natively (tests and benches, whose
 * senders fill their checksums in). Pure. Returns the number of ports.
 */
size_t dataplane_plan(const struct dataplane_device *d, size_t n,
	enum dataplane_mode best, bool force,
	struct dataplane_port ret[DP_PORTS_MAX]);
/* After attaching (modes may have fallen): who may send where, who needs tc. */
void dataplane_finish(struct dataplane_port *p, size_t n,
	const struct dataplane_device *d, size_t dn);
/* Rows of the map. 0; -ENOSPC: no hash without clashes was found. */
int dataplane_rows(const struct dataplane_port *p, size_t n,
	struct lease_conf *ret);
/* Sets of four slots for this much memory (bytes), a power of two. */
uint32_t dataplane_sets(uint64_t memory);

/* ---- load.c ---- */

struct dataplane;
/*
 * Load the programs. sets: 0 for what suits this machine. -errno: this kernel
 * cannot (why: its own words).
 */
int dataplane_open(uint32_t sets, struct dataplane **ret, struct text *why);
/* Detaches everything. */
void dataplane_free(struct dataplane *dp);
/*
 * Attach to these ports, modes fall where the kernel refuses; the ports of the
 * last call are left. xmit tells after attaching whether XDP may send there.
 */
typedef int (*dataplane_xmit_fn)(const struct dataplane_device *d);
int dataplane_attach(struct dataplane *dp, const struct dataplane_device *d,
	size_t n, enum dataplane_mode best, bool force, dataplane_xmit_fn xmit);
/*
 * How many programs of others hang at a device's tcx hook (6.6; the kernel sends
 * no news of them). but: our programs' names, up to NULL. 0 on older kernels.
 */
size_t dataplane_tcx_others(int ifindex, bool ingress, const char *const *but);
/* Is all that was attached still there? Somebody may remove a clsact. */
bool dataplane_whole(const struct dataplane *dp);
const struct dataplane_port *dataplane_ports(const struct dataplane *dp,
	size_t *n);

/* The daemon lives: without this every second all packets go slow. */
void dataplane_beat(struct dataplane *dp);
/* No packet goes fast until the next beat. */
void dataplane_hold(struct dataplane *dp);
/* Rules changed (after they are loaded): every flow is proven anew. */
void dataplane_policy_changed(struct dataplane *dp);
/* Addresses, routes, links changed: conntrack and FIB are asked anew. */
void dataplane_net_changed(struct dataplane *dp);
/* Our address outside (FAM_4), or NULL: for ESP. */
void dataplane_wan4(struct dataplane *dp, const struct addr *a);
/* Conntrack is liberal with all TCP: nothing is to be told to it. */
void dataplane_liberal(struct dataplane *dp, bool all);
/* A binding of the learner's (host order); in: of inbound SPIs. */
void dataplane_esp(struct dataplane *dp, uint32_t host, uint32_t peer,
	uint32_t spi, bool in, bool add);
void dataplane_esp_clear(struct dataplane *dp);
/* What went fast by each binding, but for its last second (host order). */
struct dataplane_esp {
	bool in;
	uint32_t host, peer, spi;
	uint64_t packets;
};
typedef void (*dataplane_esp_fn)(void *arg, const struct dataplane_esp *e);
void dataplane_esp_counts(struct dataplane *dp, dataplane_esp_fn fn, void *arg);
/* The bridges' tables: mac is behind port ifindex. All at once. */
struct dataplane_fdb {
	struct mac mac;
	int ifindex;
};
void dataplane_fdb(struct dataplane *dp, const struct dataplane_fdb *v,
	size_t n);

/* A TCP flow that may go fast once conntrack is told to be liberal with it. */
struct dataplane_flow {
	enum family fam;
	uint8_t proto;
	struct addr src, dst;
	uint16_t sport, dport;
};
typedef void (*dataplane_wish_fn)(void *arg, const struct dataplane_flow *f);
/* Readable when there are some. */
int dataplane_wish_fd(const struct dataplane *dp);
void dataplane_wishes(struct dataplane *dp, dataplane_wish_fn fn, void *arg);

/*
 * What the native program would do with a frame that came in there; nothing is
 * sent. 1: it goes fast, out holds it as it would leave (as many bytes as in);
 * 0: it goes up; -errno. For tests.
 */
int dataplane_run(struct dataplane *dp, int ifindex, const void *in, size_t n,
	void *out);

struct dataplane_status {
	uint64_t fast_packets, fast_bytes, missed, unusual, entered, proven,
		checks, gone, samples, full, nohop, toobig;
	uint64_t slots, leases;	/* slots, those in use now */
	uint64_t memory;	/* bytes, all maps */
	uint64_t touched;	/* bytes of the slots that are in use so far */
	uint32_t one_in;	/* so many flows one is looked up: 1, or up to
				 * 16 where looking does not pay */
	struct {
		uint64_t packets, bytes; /* that came in there and went fast */
	} side[64];
};
/* Did anything move since the last call? Cheap; status reads the whole table. */
bool dataplane_busy(struct dataplane *dp);
void dataplane_status(struct dataplane *dp, struct dataplane_status *ret);

/* The leases in use, for listing. */
struct dataplane_lease {
	struct dataplane_flow flow;
	uint32_t spi;
	int in, out;		/* ifindex; out 0: not proven yet */
	bool usable;
};
typedef void (*dataplane_lease_fn)(void *arg, const struct dataplane_lease *l);
void dataplane_list(struct dataplane *dp, dataplane_lease_fn fn, void *arg);

#endif
