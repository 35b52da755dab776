/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel: doors to Linux without opinions. Functions return 0 or -errno and
 * stay silent; what nft itself said comes back as text.
 */
#ifndef KADOMORI_KERNEL_H
#define KADOMORI_KERNEL_H

#include "base/addr.h"

/* ---- nftables (libnftables, GPL-2) ---- */

/*
 * Run nft commands as one transaction. On failure nothing changed, -EINVAL
 * (or -EPERM) comes back and *said holds nft's own words; caller frees it.
 */
int kernel_nft_run(const char *commands, char **said);
/* As above without changing anything ("nft -c"). */
int kernel_nft_check(const char *commands, char **said);
/* From here on this process (not its children) keeps libnftables' socket: to
 * close it waits for a worker of the kernel's, on a busy machine for seconds. */
void kernel_nft_keep(void);
/* "list table inet kadomori" and the like. *ret is the listing, caller frees;
 * -ENOENT when there is no such table. */
int kernel_nft_list(const char *what, char **ret);
/* The same of n things at once, one after the other, with counters as they
 * stand. All or none. */
int kernel_nft_list_counted(const char *const *what, size_t n, char **ret);
/*
 * How nft would list this text: loaded in a network namespace of its own,
 * made for the purpose, and listed there. Needs root.
 */
int kernel_nft_canonical(const char *commands, const char *what, char **ret,
	char **said);

/* The same rules twice: as JSON, and as text with "# handle N". */
struct nft_listing {
	char *json, *handles;
};
void nft_listing_done(struct nft_listing *l);
/*
 * What is loaded ("ruleset", "table inet kadomori"), or, with commands, how
 * they would be listed: in a network namespace of its own, also without root
 * where the kernel lets users have one. 0, -ENOENT, -EPERM or -EINVAL with
 * nft's own words in *said (caller frees).
 */
int kernel_nft_listing(const char *commands, const char *what,
	struct nft_listing *ret, char **said);

/* Single members of sets in a table of family inet, by bare netlink: tens of
 * microseconds. One transaction: all or none. 0 or -errno. */
enum { KERNEL_ELEMENTS_MAX = 512 };
struct kernel_element {
	const char *set;
	bool add;
	struct addr addr;
};
int kernel_nfnl_open(void);
int kernel_nft_elements(int fd, const char *table,
	const struct kernel_element *v, size_t n);
/* The same for any key (parts padded to 4 bytes, as on the wire) and maps with
 * a value of 2 bytes (a number, the host's order) or 4 (an address, as on the
 * wire), in a table of any family (NFPROTO_*). */
struct kernel_map_element {
	const char *set;
	bool add;
	uint8_t key[16], value[4];
	size_t key_len, value_len; /* value_len 0: a set */
};
int kernel_nft_map(int fd, uint8_t family, const char *table,
	const struct kernel_map_element *v, size_t n);

/* Is there a table of family inet with that name? Asks for its head alone: to
 * list it costs milliseconds, and the socket that libnftables closes after it
 * waits for all that was deleted lately. 1, 0 or -errno. */
int kernel_nft_has_table(int fd, const char *table);

/*
 * Who talks: members of a dynamic set of "iif . ether saddr . ip6 saddr" in
 * table inet TABLE that were refreshed within the last fresh_ms (the set's
 * timeout is timeout_ms). fn gets interface, MAC and address. 0 or -errno.
 */
int kernel_nft_talkers(int fd, const char *table, const char *set,
	uint64_t timeout_ms, uint64_t fresh_ms,
	void (*fn)(void *, int ifindex, const struct mac *, const struct addr *),
	void *arg);

/* ---- Neighbour Discovery on Ethernet (AF_PACKET) ---- */

/*
 * A raw socket on one interface that gets ICMPv6 133..137 in whatever form,
 * with extension headers too (those only with hop limit 255), and not its own
 * frames. Solicited-node groups come in through ALLMULTI. The descriptor works
 * on in a process without rights. fd or -errno.
 */
int kernel_nd_open(const char *ifname);
enum { KERNEL_ND_BATCH = 64, KERNEL_ND_FRAME = 1518 };
struct kernel_frames {
	uint8_t b[KERNEL_ND_BATCH][KERNEL_ND_FRAME];
	size_t len[KERNEL_ND_BATCH];
	unsigned n;
};
/* What has come, without waiting; f->n may be 0. 0 or -errno. */
int kernel_nd_recv(int fd, struct kernel_frames *f);
/* Send all of f, empty it. What the link does not take is lost, as on a wire. */
void kernel_nd_send(int fd, struct kernel_frames *f);

/* ---- rtnetlink ---- */

/* Our mark on routes, neighbours and addresses (rtm_protocol and the like). */
enum { KERNEL_PROTOCOL = 107 };

enum kernel_event_kind { KERNEL_LINK, KERNEL_ADDR, KERNEL_NEIGH };
struct kernel_event {
	enum kernel_event_kind kind;
	bool gone;		/* deleted */
	int ifindex;
	/* KERNEL_LINK */
	bool running, ethernet;
	uint32_t mtu;
	/* KERNEL_ADDR: addr, len, tentative; KERNEL_NEIGH: addr, reachable,
	 * failed */
	struct addr addr;
	unsigned len;
	uint32_t valid_s, preferred_s;	/* KERNEL_ADDR; UINT32_MAX: for ever */
	bool tentative, reachable, failed, ours;
	bool has_mac;
	struct mac mac;
};
typedef void (*kernel_event_fn)(void *arg, const struct kernel_event *e);

/* IPv6 only. events: hears of changes; else a socket for questions. fd or
 * -errno. Both work on in a process without rights. */
int kernel_rtnl_open(bool events);
/* What has come. 0, or -ENOBUFS: something was lost, ask for all again. */
int kernel_rtnl_read(int fd, kernel_event_fn fn, void *arg);
/* All of a kind. 0 or -errno. */
int kernel_rtnl_dump(int fd, enum kernel_event_kind what, kernel_event_fn fn,
	void *arg);

/* Changes; 0 or -errno, -EEXIST and -ESRCH where nothing had to change count
 * as 0. Lifetimes in seconds. */
int kernel_neigh_set(int fd, int ifindex, const struct addr *a,
	const struct mac *mac, bool permanent);
int kernel_neigh_del(int fd, int ifindex, const struct addr *a);
/* gate NULL: on-link. */
int kernel_route_set(int fd, int ifindex, const struct addr *a, unsigned len,
	const struct addr *gate);
int kernel_route_del(int fd, int ifindex, const struct addr *a, unsigned len);
/* A route of whatever origin to exactly this prefix out of ifindex. */
int kernel_route_del_any(int fd, int ifindex, const struct addr *a,
	unsigned len);
int kernel_addr_set(int fd, int ifindex, const struct addr *a, unsigned len,
	uint32_t valid_s, uint32_t preferred_s);
int kernel_addr_del(int fd, int ifindex, const struct addr *a, unsigned len);
/* Take away what bears our mark: routes, neighbours, addresses; not what keep
 * says true to (NULL: everything goes). */
enum kernel_mark_kind { KERNEL_MARK_NEIGH, KERNEL_MARK_ROUTE, KERNEL_MARK_ADDR };
struct kernel_mark {
	enum kernel_mark_kind kind;
	int ifindex;
	struct addr addr;
	unsigned len;		/* ROUTE, ADDR */
};
int kernel_rtnl_sweep(int fd, bool (*keep)(void *, const struct kernel_mark *),
	void *arg);

/* ---- multicast membership ---- */

/* A socket that can hold some two hundred memberships. fd or -errno. */
int kernel_mld_open(void);
/* Join or leave the solicited-node group of a. 0 or -errno. */
int kernel_mld(int fd, int ifindex, const struct addr *group, bool join);

/* ---- sysctl ---- */

/* Write /proc/sys/<path>. */
int kernel_sysctl_write(const char *path, const char *value);
/* Read up to n-1 characters, newline cut. */
int kernel_sysctl_read(const char *path, char *buf, size_t n);

/* Forwarding of both families on or off. The order is the caller's. */
int kernel_forwarding(bool on);

/* ---- nflog, raw IPv4 ---- */

/*
 * A socket that hears the packets of "log group N", each at once. It may be
 * handed to a process without rights. Descriptor or -errno.
 */
int kernel_nflog_open(uint16_t group);
/* out: heard at postrouting. prefix: the rule's, "" where it has none. p: the
 * packet from its IP header, n bytes. */
typedef void (*kernel_nflog_fn)(void *arg, bool out, const char *prefix,
	const uint8_t *p, size_t n);
/* All that is waiting (at most 256 messages). 0; -ENOBUFS: some were lost. */
int kernel_nflog_read(int fd, kernel_nflog_fn fn, void *arg);

/* Send whole IPv4 packets, the source as the caller wrote it, with a mark. */
int kernel_raw4_open(uint32_t mark);
/* to in host order, for routing. 0, or -errno (-EMSGSIZE: fragment it). */
int kernel_raw4_send(int fd, uint32_t to, const void *p, size_t n);

/* ---- devices, for the fast path ---- */

struct kernel_link {
	char name[16], kind[16], qdisc[16]; /* kind: "" for real ones */
	int ifindex, master, lower;	    /* 0: none */
	struct mac mac;
	uint32_t mtu;
	bool ethernet, bare; /* bare: IP without a header: PPP, tunnels */
	uint8_t xdp;			    /* XDP_ATTACHED_*: 0 nothing */
	bool vlan_filtering;		    /* a bridge that looks at tags */
};
/* All devices of this network namespace. 0 or -errno; caller frees. */
int kernel_links(struct kernel_link **ret, size_t *n);
/* What the bridges have learnt: mac is behind port ifindex. */
struct kernel_fdb {
	struct mac mac;
	int ifindex;
};
int kernel_fdb(struct kernel_fdb **ret, size_t *n);
/*
 * How many tc filters stand at the device's clsact (or ingress) hook, those of
 * BPF programs named in but (NULL-terminated) not counted.
 */
int kernel_tc_filters(int ifindex, bool ingress, const char *const *but);
/* The driver's name by ethtool; "" and -errno where it does not tell. */
int kernel_driver(const char *ifname, char *buf, size_t n);
/* Received VLAN tags stay in the packet from now on. 0 or -errno. */
int kernel_rx_vlan_off(const char *ifname);
/* May XDP send out of it? 1, 0, or -ENOENT: this kernel does not tell. */
int kernel_xdp_xmit(int ifindex);

/* ---- conntrack ---- */

struct kernel_flow {
	enum family fam;
	uint8_t proto;
	struct addr src, dst;
	uint16_t sport, dport; /* host order */
};
/* This TCP flow's segments are no longer held against a window; f is its tuple
 * in either direction. fd: kernel_nfnl_open(). 0 or -errno. */
int kernel_ct_liberal(int fd, const struct kernel_flow *f);

#endif
