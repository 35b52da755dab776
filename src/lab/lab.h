/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lab: a home, its gateway, its line and the people outside, in network
 * namespaces. `kadomori lab try`, tests and benches stand on it.
 *
 *	casa  eth0 ─┐                      ┌─ acc0          net0 ─┬─ eth0 segw
 *	pc    eth0 ─┼─ lan ── lan0 gw wan0 ┤       an (line)      │
 *	casa2 eth0 ─┘ (switch)             └─ acc1                └─ eth0 atkin
 *	                                       │                 (attacker on the
 *	                          atkan eth0 ──┘                  Internet)
 *	              (attacker on the access network, on the very wire of wan0)
 *
 * an is the access network: its bridge `acc` is the wire of the line, its bridge
 * `net` the Internet; it routes between them and runs the line's servers
 * (radvd, Kea, dnsmasq). Nothing here leaves the machine. All prefixes are
 * ordinary global ones, because a conforming gateway drops the documentation
 * prefixes (RFC 6092 REC-3).
 *
 * Every lab has a name; its namespaces are kdl-NAME-casa, kdl-NAME-gw and so
 * on, its files are in /run/kadomori-lab/NAME/. Labs with different names live
 * beside each other. Everything needs root.
 *
 * A typical test:
 *
 *	struct lab *lab = NULL;
 *	char *why = NULL;
 *	int e = lab_up(&(struct lab_want){.line = LAB_FLETS_RA}, &lab, &why);
 *	if (e == -EOPNOTSUPP) { puts(why); return 77; }   // names what lacks
 *	...
 *	lab_run(lab, LAB_GW, "nft -f %s", file);
 *	int fd = lab_socket(lab, LAB_CASA, AF_INET6, SOCK_DGRAM, 0);
 *	...
 *	lab_down(lab);
 *
 * From a shell: `kadomori lab up --line flets-ra --name x`, then
 * `kadomori lab shell --name x gw COMMAND...`, `kadomori lab down --name x`.
 */
#ifndef KADOMORI_LAB_H
#define KADOMORI_LAB_H

#include <sys/types.h>
#include "base/addr.h"
#include "base/clock.h"

enum lab_line {
	LAB_FLETS_RA,	/* one /64 by RA, no delegation */
	LAB_FLETS_PD,	/* DHCPv6-PD, a /56; WAN has a link-local address only */
	LAB_DHCP4,	/* native global IPv4 by DHCP */
	LAB_PRIVATE4,	/* private IPv4 (RFC 6598) behind a carrier NAT */
};
#define LAB_LINE_MAX (LAB_PRIVATE4 + 1)
/* "flets-ra", "flets-pd", "dhcp4", "private4" */
const char *lab_line_name(enum lab_line l);
/* 0 and *ret, or -EINVAL. */
int lab_line_parse(const char *s, enum lab_line *ret);
/* The family that the line carries. */
enum family lab_line_family(enum lab_line l);

enum lab_node {
	LAB_CASA,	/* the device with IKE and ESP */
	LAB_PC,		/* a PC that nobody outside has business with */
	LAB_CASA2,	/* a second device */
	LAB_LAN,	/* the home's switch */
	LAB_GW,		/* wan0, lan0 */
	LAB_AN,		/* the access network's router and the line's servers */
	LAB_SEGW,	/* the security gateway: the devices' peer */
	LAB_ATKAN,	/* attacker on the access network, same wire as wan0 */
	LAB_ATKIN,	/* attacker on the Internet */
};
#define LAB_NODE_MAX (LAB_ATKIN + 1)
const char *lab_node_name(enum lab_node n);
int lab_node_parse(const char *s, enum lab_node *ret);

struct lab;

struct lab_want {
	enum lab_line line;
	const char *name;	/* NULL: the process id */
	bool verbose;		/* echo each command to stderr */
	bool bare;		/* links and addresses only, no line servers */
	unsigned mtu;		/* of the line; 0: 1500 */
};

/*
 * Build the lab and start the line's servers. Returns 0 and *ret (caller:
 * lab_down), -EPERM (not root), -EEXIST (a lab of that name is up),
 * -EOPNOTSUPP (a program or kernel feature lacks) or another -errno; then
 * *why is a sentence (caller frees) and nothing is left behind.
 */
int lab_up(const struct lab_want *w, struct lab **ret, char **why);
/* Take everything down and free lab; NULL is fine. */
void lab_down(struct lab *lab);
/* Free lab and leave it standing (`kadomori lab up`). */
void lab_leave(struct lab *lab);
/* Find a standing lab by name. 0 or -ENOENT. */
int lab_find(const char *name, bool verbose, struct lab **ret);
/* One step of waiting: sleep ms. */
void lab_sleep(msec_t ms);

/* --- what is where --------------------------------------------------- */

enum lab_line lab_line_of(const struct lab *lab);
const char *lab_name(const struct lab *lab);
/* The namespace's name, for `ip netns exec`. */
const char *lab_ns(const struct lab *lab, enum lab_node n);
/* Folder for files of this lab; removed by lab_down(). */
const char *lab_dir(const struct lab *lab);
/*
 * The global (v6, v4) address of a node. Home nodes on IPv4: their private
 * address, unless the house is bridged. LAB_GW is its address on the LAN for
 * IPv4, on the WAN for IPv6 (none: link-local). 0 or -EADDRNOTAVAIL.
 */
int lab_addr(const struct lab *lab, enum lab_node n, enum family fam,
	struct addr *ret);
/* Same as text (static buffer of the lab, one per node and family), "" if none. */
const char *lab_addr_text(const struct lab *lab, enum lab_node n,
	enum family fam);
/*
 * The address at which outsiders find a home node: its own for IPv6; for IPv4
 * the gateway's WAN address (known after the gateway started).
 */
int lab_outside_addr(const struct lab *lab, enum lab_node n, enum family fam,
	struct addr *ret);
/* MAC of a node's interface: fixed by the lab. eth0 of hosts; wan0 of gw. */
struct mac lab_mac(const struct lab *lab, enum lab_node n);
struct mac lab_mac_lan0(const struct lab *lab);
struct mac lab_mac_acc(const struct lab *lab); /* an, on the wire of the line */
struct mac lab_mac_net(const struct lab *lab); /* an, on the Internet */
/* The LAN's prefix as the line gives it (v6 lines), e.g. ".../64". */
struct addrmask lab_lan6(const struct lab *lab);

/* --- doing things in a node -------------------------------------------- */

/*
 * Run a shell script in the node's namespace and wait. Returns its exit status,
 * 128 + signal, or -errno. Each line is echoed with --verbose. Output of the
 * script goes to stderr.
 */
int lab_run(const struct lab *lab, enum lab_node n, const char *fmt, ...)
	printf_like(3, 4);
/* The same; stdout is appended to out (struct text). */
struct text;
int lab_output(const struct lab *lab, enum lab_node n, struct text *out,
	const char *fmt, ...) printf_like(4, 5);
/*
 * Start a program (shell line, "exec" is added) in the background; its output
 * goes to DIR/TAG.log. Killed by lab_down(). Returns its pid or -errno.
 */
pid_t lab_spawn(struct lab *lab, enum lab_node n, const char *tag,
	const char *fmt, ...) printf_like(4, 5);
/* Stop one that lab_spawn() started (SIGTERM, after 2 s SIGKILL) and reap it. */
void lab_stop(struct lab *lab, pid_t pid);
/*
 * socket(2) in the node's namespace; the caller's thread stays where it was.
 * Descriptor (close-on-exec) or -errno.
 */
int lab_socket(const struct lab *lab, enum lab_node n, int domain, int type,
	int protocol);
/*
 * AF_PACKET socket bound to an interface, non-blocking, with a receive buffer
 * of 64 MiB, seeing both directions. rx_only: arriving frames only.
 */
int lab_packet_socket(const struct lab *lab, enum lab_node n, const char *ifname,
	bool rx_only);
/* For whoever needs the whole process in a node (after fork). 0 or -errno. */
int lab_enter(const struct lab *lab, enum lab_node n);
/*
 * Wait until the script succeeds in the node (asked every 20 ms). 0 or
 * -ETIMEDOUT.
 */
int lab_wait(const struct lab *lab, enum lab_node n, msec_t ms, const char *fmt,
	...) printf_like(4, 5);

/* --- shooting and watching (shoot.c) ------------------------------------ */

/*
 * A frame carries a mark somewhere behind its headers: a magic word, the run it
 * belongs to and its number. Who watches finds frames by their mark, whatever
 * was rewritten on the way, and counts how often each number came by. So
 * "delivered" is what was seen on the wire in front of the victim, and "lost
 * before the gate" can be told from "stopped by the gate".
 *
 *	struct lab_watch *gate, *pc;
 *	lab_watch_new(lab, LAB_GW, "wan0", true, run, n, &gate);
 *	lab_watch_new(lab, LAB_PC, "eth0", true, run, n, &pc);
 *	struct lab_watch *all[] = {gate, pc};
 *	lab_shoot(lab, LAB_ATKIN, "eth0", frames, n, all, 2);
 *	lab_watch_settle(all, 2, 50);
 *	for (i = 0; i < n; i++)
 *		if (lab_watch_seen(pc, i)) ...
 */
enum { LAB_MARK_LEN = 12, LAB_FRAME_MAX = 1514 };

struct lab_frame {
	const uint8_t *p; /* from the Ethernet header on */
	size_t n;
};

struct lab_watch;

void lab_mark_put(uint8_t p[LAB_MARK_LEN], uint32_t run, uint32_t number);

/*
 * What a probe is made of. UDP, TCP (SYN), ICMP and ICMPv6 echo requests get
 * whole headers and right checksums; IPv6 extension header numbers a well-formed
 * header with nothing behind; every other protocol the mark as its first bytes
 * (so SPI of ESP = sport << 16 | dport when that is not 0).
 */
struct lab_probe {
	struct mac src_mac, dst_mac;
	enum family fam;
	struct addr src, dst;
	uint8_t proto;
	uint16_t sport, dport;
	uint8_t type, code;	/* ICMP, ICMPv6; type 0: echo request */
	uint8_t hops;		/* 0: 64 */
	uint32_t run, number;
};
/* Build into buf of cap bytes. Length, or -EMSGSIZE. */
int lab_probe_build(const struct lab_probe *p, uint8_t *buf, size_t cap);

/*
 * Watch an interface for frames of a run with numbers below n. rx_only: frames
 * that arrive there. 0 and *ret (caller: lab_watch_free), or -errno.
 */
int lab_watch_new(const struct lab *lab, enum lab_node node, const char *ifname,
	bool rx_only, uint32_t run, uint32_t n, struct lab_watch **ret);
void lab_watch_free(struct lab_watch *w);
/* Read what has come. Number of marked frames read now. */
size_t lab_watch_read(struct lab_watch *w);
/* Read all until nothing came for quiet_ms. */
void lab_watch_settle(struct lab_watch *const *w, size_t n, msec_t quiet_ms);
/* How often number came by (255: that or more). */
unsigned lab_watch_seen(const struct lab_watch *w, uint32_t number);
/* How many different numbers came by. */
size_t lab_watch_count(const struct lab_watch *w);
/* Frames that this watcher's socket lost: anything but 0 voids its word. */
size_t lab_watch_lost(struct lab_watch *w);
/* The bytes of the first frame with that number, as seen (NULL: not kept). */
const uint8_t *lab_watch_frame(const struct lab_watch *w, uint32_t number,
	size_t *len);
/* Keep the first bytes of up to max seen frames for lab_watch_frame(). */
void lab_watch_keep(struct lab_watch *w, size_t max);

/*
 * Send frames from a node, reading the watchers between bursts so that none
 * overflows. Frames with p == NULL are left out. 0 or -errno.
 */
int lab_shoot(const struct lab *lab, enum lab_node node, const char *ifname,
	const struct lab_frame *frames, size_t n, struct lab_watch *const *w,
	size_t wn);

/* --- real peers (peers.c) ------------------------------------------------ */

/*
 * strongSwan 6.0 (Debian 13's packages in a folder of their own) with native
 * ESP from user space, RSA certificates under a sub CA, IKE_AUTH in IP
 * fragments. Where a NAT is detected it encapsulates ESP in UDP/4500.
 */

/* Are they at hand? Fetches them once if not. 0, or -EOPNOTSUPP with *why. */
int lab_peers_need(char **why);
/* Start the peer of LAB_SEGW, LAB_CASA or LAB_CASA2. 0 or -errno with *why. */
int lab_peer_start(struct lab *lab, enum lab_node n, char **why);
void lab_peer_stop(struct lab *lab, enum lab_node n);

enum lab_peer_act {
	LAB_PEER_INITIATE,	/* IKE_SA and CHILD_SA, at most 12 s */
	LAB_PEER_REKEY_CHILD,
	LAB_PEER_REKEY_IKE,
	LAB_PEER_REKEY_GUESTS,	/* segw: every guest's CHILD_SA */
	LAB_PEER_END,
};
/* What a peer says: 0 good, else its exit status or -errno. */
int lab_peer_do(const struct lab *lab, enum lab_node n, enum lab_peer_act act);
/* "strongSwan 6.0" */
const char *lab_peer_name(void);
/* The security gateway's address inside the tunnel (IPv4). */
const char *lab_peer_inner(void);

/* --- guests (qemu.c) ------------------------------------------------------- */

/*
 * A home node as a QEMU machine with Debian's cloud kernel: the kernel's own
 * ESP, and openiked with NAT traversal off. About 160 MB each; always
 * emulated (TCG), which boots in about 6 s. Call after lab_house_gate().
 *
 *	lab_guest_start(lab, LAB_CASA, "10.64.8.11", &why);
 *	lab_guest_start(lab, LAB_CASA2, "10.64.8.12", &why);	// boots beside it
 *	lab_peer_start(lab, LAB_SEGW, &why);
 *	lab_guest_iked(lab, LAB_CASA, "10.64.8.11", 3600);
 *	lab_guest_run(lab, LAB_CASA, 20000, &out, "ping -c 5 %s", lab_peer_inner());
 */

/* Program, kernel and initramfs at hand? 0, or -EOPNOTSUPP with *why. */
int lab_guests_need(char **why);
/*
 * Start one and return at once. inner: its address inside the tunnel, out of
 * 10.64.8.0/24 (NULL: none). 0 or -errno with *why.
 */
int lab_guest_start(struct lab *lab, enum lab_node n, const char *inner,
	char **why);
/* Wait until it has booted (at most 120 s). 0 or -errno. */
int lab_guest_ready(struct lab *lab, enum lab_node n);
/*
 * One line for the guest's shell (busybox); waits for the end, at most ms.
 * Output is appended to out (may be NULL). Exit status, or -errno.
 */
struct text;
int lab_guest_run(struct lab *lab, enum lab_node n, msec_t ms, struct text *out,
	const char *fmt, ...) printf_like(5, 6);
/*
 * Start openiked -T in the guest: native ESP from inner to the security
 * gateway's lab_peer_inner(), keys renewed by the device every lifetime_s.
 */
int lab_guest_iked(struct lab *lab, enum lab_node n, const char *inner,
	unsigned lifetime_s);

/* --- the house (house.c) --------------------------------------------------- */

/*
 * What a gateway's operating system does before kadomorid: addresses on wan0
 * and lan0 (by DHCPv6-PD or DHCPv4 from the line's servers),
 * IPv4 addresses in the hosts. On LAB_FLETS_RA links only. RA on the LAN is
 * kadomorid's own work. Nothing is forwarded yet. 0 or -errno with *why.
 */
int lab_house_gate(struct lab *lab, char **why);
/* With kadomorid running: the hosts have addresses, and on LAB_FLETS_RA the
 * gate knows them. 0 or -errno with *why. */
int lab_house_settle(struct lab *lab, char **why);
/*
 * The same house behind an "IPv6 bridge": gw joins wan0 and lan0 on layer 2,
 * the hosts take their addresses from the line itself. (On a PD line a home
 * gateway of the carrier hands out the first /64; on an IPv4 line the hosts
 * stand at a hub.)
 */
int lab_house_bridge(struct lab *lab, char **why);
/* The kernel's proxy_ndp on wan0 for each host at home, to compare with. */
int lab_house_kernel_proxy(struct lab *lab);

/* --- what went over the wire (tap.c) ---------------------------------------- */

enum lab_dir { LAB_OUT, LAB_IN }; /* seen from the house */
enum { LAB_IKE_MAX = 64, LAB_SPI_MAX = 16, LAB_EARLY_MAX = 16 };
enum { IKE_SA_INIT = 34, IKE_AUTH = 35, IKE_CREATE_CHILD_SA = 36,
	IKE_INFORMATIONAL = 37 };

/* One IKE message as IP packets. */
struct lab_ike {
	enum lab_dir dir;
	uint8_t exchange;
	bool response;
	uint32_t msg_id;
	uint16_t port;		/* of the outside peer: 500 or 4500 */
	unsigned packets;	/* 1, or the number of fragments seen */
	unsigned size;		/* bytes of UDP data, over all fragments */
	unsigned largest;	/* largest IP packet */
	uint32_t frag_id;
	uint64_t spi_i;
};

struct lab_tap {
	int fd;
	void *ring;
	unsigned ring_at;
	struct lab_ike ike[LAB_IKE_MAX];
	size_t ike_n;
	struct lab_ike early[LAB_EARLY_MAX]; /* fragments before their first */
	size_t early_n;
	size_t esp[2], esp_udp[2];	/* packets, by direction */
	uint32_t spi[2][LAB_SPI_MAX];	/* in the order of their first packet */
	size_t spi_n[2];
	size_t other;
};

/*
 * Listen on a node's interface; out are the frames that leave there. Room for
 * 4,096 frames between two readings. 0 or -errno.
 */
int lab_tap_open(const struct lab *lab, enum lab_node n, const char *ifname,
	struct lab_tap *ret);
/* Read what has come. */
void lab_tap_read(struct lab_tap *t);
void lab_tap_close(struct lab_tap *t);
/* The last message of that kind, or NULL. */
const struct lab_ike *lab_tap_ike(const struct lab_tap *t, enum lab_dir dir,
	uint8_t exchange, bool response);

#endif
