// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * IPsec of many devices behind one IPv4 address (TR-124 LAN.ALG.4). Conntrack
 * knows ESP by addresses only: without more, the second device's packets are
 * dropped at confirm and its answers go to the first. Here each device has a
 * conntrack zone of its own; what comes from outside is put into the right
 * one by (peer, SPI), IKE by the initiator's SPI, so that all keep port 500.
 *
 *	prerouting raw   zone: from inside by lanzone, from outside by espin,
 *	                 ikein, espicmp (filled by the daemon's learner)
 *	                 what is undecided: a copy to each that may own it
 *	prerouting -150  learn: what has no state goes to the learner, whole,
 *	                 and no further; the learner passes it on itself
 *	postrouting -150 heard: headers of what leaves, after policy: evidence
 *
 * A table of its own, never deleted on a reload: the bindings in its maps
 * outlive rules and daemon. Without the daemon: known SPIs go on, unknown ones
 * are dropped.
 */
#include "nft/nft.h"

enum {
	HOSTS_MAX = 4096,	/* LAN addresses with a zone; the rest share
				   zone 0 and one IPsec device a peer */
	SEQ_NEW = 8,		/* espnat/inside.h: FRESH */
	/* Undecided packets a second: of one SPI (a 100 Mbit/s port beside the
	 * right one stays usable), of all; what the learner hears of one SPI */
	OPEN_RATE = 8000, OPEN_ALL = 40000, OPEN_HEARD = 200,
	WHOLE = 1500,	/* longer ones were fragments: the learner cuts them */
	OUT_HEAD = 96,	/* of ESP that leaves the headers are enough */
};

static void add_ifaces(const struct pipeline *pl, enum role role,
	struct text *out)
{
	const char *sep = "";

	text_add(out, "{ ");
	for (size_t i = 0; i < pl->iface_n; i++) {
		if (pl->ifaces[i].role != role)
			continue;
		text_addf(out, "%s\"%s\"", sep, pl->ifaces[i].name);
		sep = ", ";
	}
	text_add(out, " }");
}

uint16_t nft_esp_zone(const struct addrmask *lan4, size_t n, uint32_t host)
{
	uint32_t base = 1;

	for (size_t i = 0; i < n; i++) {
		uint32_t size = ~addr_to4(&lan4[i].mask);
		uint32_t at = host - addr_to4(&lan4[i].value);

		if (at && at < size && base + at <= HOSTS_MAX)
			return (uint16_t)(base + at);
		base += MIN2(size, (uint32_t)HOSTS_MAX);
	}
	return 0;
}

uint32_t nft_esp_host(const struct addrmask *lan4, size_t n, uint16_t zone)
{
	uint32_t base = 1;

	for (size_t i = 0; zone && i < n; i++) {
		uint32_t size = ~addr_to4(&lan4[i].mask);

		if (zone > base && zone - base < size)
			return addr_to4(&lan4[i].value) + (zone - base);
		base += MIN2(size, (uint32_t)HOSTS_MAX);
	}
	return 0;
}

static void emit_hosts(const struct addrmask *lan4, size_t n, struct text *out)
{
	char buf[ADDR_STR];
	const char *sep = "";

	text_add(out, "\tmap lanzone {\n\t\ttypeof ip saddr : ct zone\n");
	if (n)
		text_add(out, "\t\telements = { ");
	for (size_t i = 0; i < n; i++) {
		uint32_t net = addr_to4(&lan4[i].value);

		for (uint32_t h = 1; h < HOSTS_MAX; h++) {
			uint16_t z = nft_esp_zone(lan4, n, net + h);
			struct addr a = addr_from4(net + h);

			if (!z || !addrmask_has(&lan4[i], FAM_4, &a))
				break;
			text_addf(out, "%s%s : %u", sep,
				addr_format(FAM_4, &a, buf), z);
			sep = ", ";
		}
	}
	text_add(out, n ? " }\n\t}\n" : "\t}\n");
}

static void emit_maps(struct text *out)
{
	text_add(out,
		"\tmap espin {\n\t\ttypeof ip saddr . esp spi : ct zone\n"
		"\t\tsize 4096\n\t\tcounter\n\t}\n"
		"\tmap ikein {\n\t\ttypeof @th,64,64 : ct zone\n\t\tsize 4096\n\t\tcounter\n\t}\n"
		"\tmap espicmp {\n\t\ttypeof @th,192,64 : ct zone\n\t\tsize 8192\n\t}\n"
		"\tset espout {\n\t\ttypeof ip saddr . ip daddr . esp spi\n"
		"\t\tsize 8192\n\t\tcounter\n\t}\n"
		"\tset peers {\n\t\ttype ipv4_addr\n\t\tsize 1024\n\t}\n"
		"\tset espopen {\n\t\ttypeof ip saddr . esp spi\n\t\tsize 4096\n\t\tcounter\n\t}\n");
	for (int i = 1; i <= NFT_ESP_COPIES; i++)
		text_addf(out, "\tmap espcopy%d {\n\t\ttypeof ip saddr . esp spi : ip daddr\n"
			"\t\tsize 4096\n\t}\n", i);
	for (size_t i = 0; i < 2; i++)
		text_addf(out, "\tset %s {\n\t\ttypeof ip saddr . esp spi\n\t\tsize 1024\n"
			"\t\tflags dynamic,timeout\n\t\ttimeout 10s\n\t}\n",
			i ? "openheard" : "openrate");
}

/*
 * Nobody knows yet whose it is: dup makes a copy for each that may be it, which
 * goes out by way of chain own, where it gets its address. The kernel does it
 * by itself, so that an undecided SPI is not as slow as a process; the learner
 * hears some of each SPI.
 */
static void emit_copies(struct text *out)
{
	text_addf(out, "\tchain copies {\n"
		"\t\tupdate @openheard { ip saddr . esp spi limit rate %d/second burst 50 packets } log prefix \"" NFT_ESP_COPIED "\" group %d snaplen %d\n"
		"\t\tupdate @openrate { ip saddr . esp spi limit rate over %d/second burst %d packets } counter drop\n"
		"\t\tlimit rate over %d/second burst %d packets counter drop\n",
		OPEN_HEARD, NFT_ESP_GROUP, OUT_HEAD, OPEN_RATE, OPEN_RATE / 10,
		OPEN_ALL, OPEN_ALL / 10);
	for (int i = 1; i <= NFT_ESP_COPIES; i++)
		text_addf(out, "\t\tmeta mark set 0x%x dup to ip saddr . esp spi map @espcopy%d\n",
			NFT_ESP_MARK + i, i);
	text_add(out, "\t\tdrop\n\t}\n\tchain address {\n");
	for (int i = 1; i <= NFT_ESP_COPIES; i++)
		text_addf(out, "\t\tmeta mark 0x%x ip daddr set ip saddr . esp spi map @espcopy%d\n",
			NFT_ESP_MARK + i, i);
	text_add(out, "\t}\n");
}

/* A mapping of that protocol (and port) to a device stands beside us. */
static bool mapped(const struct pipeline *pl, uint32_t proto, uint32_t port)
{
	for (size_t i = 0; i < pl->nat_in_n; i++) {
		const struct match *m = &pl->nat_in[i].match;
		bool p = false, d = !port;

		for (size_t j = 0; j < m->n; j++) {
			const struct cond *c = &m->conds[j];

			if (!c->num_n)
				continue;
			p |= c->f == F_PROTO && c->nums[0].lo == proto;
			d |= c->f == F_DPORT && c->nums[0].lo <= port &&
			     port <= c->nums[0].hi;
		}
		if (p && d)
			return true;
	}
	return false;
}

/*
 * IKE from outside: to port 500 or, translated, to any port of ours; whose it
 * is its initiator's SPI says, so that two devices may have the same port.
 */
#define IKE_BOTH "udp sport 500 udp dport 500"
static const char *ike_in(const struct pipeline *pl)
{
	return pl->keep_ike_port ? IKE_BOTH : "udp sport 500";
}

/* Everybody else's packets leave after a compare or two. */
enum { OURS = 3 };
static void ours(const struct pipeline *pl, const char *ret[OURS])
{
	ret[0] = "ip protocol esp";
	ret[1] = ike_in(pl);
	ret[2] = "icmp type { destination-unreachable, time-exceeded }";
}

static void emit_zone(const struct pipeline *pl, struct text *out)
{
	const char *what[OURS];

	ours(pl, what);
	text_add(out, "\tchain from_wan {\n");
	text_addf(out, "\t\tesp sequence 1-%d ip saddr @peers fib daddr type local limit rate 20000/second burst 2000 packets log group %d snaplen 65535 counter drop\n",
		SEQ_NEW, NFT_ESP_GROUP);
	text_addf(out, "\t\tmeta length <= %d ip saddr . esp spi @espopen fib daddr type local goto copies\n",
		WHOLE);
	text_add(out, "\t\tip protocol esp ct zone set ip saddr . esp spi map @espin\n");
	text_addf(out, "\t\t%s ct zone set @th,64,64 map @ikein\n", ike_in(pl));
	/* RFC 792: eight bytes are quoted, SPI and sequence number; of IKE only
	 * who quotes more (RFC 1812 4.3.2.3) says whose it was */
	text_add(out, "\t\ticmp type { destination-unreachable, time-exceeded } @th,64,8 0x45 @th,136,8 50 ct zone set @th,192,64 map @espicmp\n");
	text_add(out, "\t\ticmp type { destination-unreachable, time-exceeded } @th,64,8 0x45 @th,136,8 17 @th,240,16 500 ct zone set @th,288,64 map @ikein\n");
	text_add(out, "\t}\n\tchain from_lan {\n"
		"\t\tip protocol esp ct zone set ip saddr map @lanzone\n");
	text_add(out, "\t\tudp sport 500 udp dport 500 ct zone set ip saddr map @lanzone\n");
	text_add(out, "\t\ticmp type { destination-unreachable, time-exceeded } @th,64,8 0x45 @th,136,8 50 ct zone set ip saddr map @lanzone\n"
		"\t}\n\tchain zone {\n\t\ttype filter hook prerouting priority raw; policy accept;\n");
	for (size_t i = 0; i < OURS; i++) {
		text_add(out, "\t\tiifname ");
		add_ifaces(pl, ROLE_WAN, out);
		text_addf(out, " %s jump from_wan\n\t\tiifname ", what[i]);
		add_ifaces(pl, ROLE_LAN, out);
		text_addf(out, " %s jump from_lan\n", what[i]);
	}
	text_add(out, "\t}\n");
}

/*
 * To the learner goes what has no state; and, where no mapping stands beside
 * us, what is in no device's zone though a device began it (an entry from
 * before we came would give it to one) or talks to that peer. What the gateway
 * itself began with a peer of its own is its own.
 */
#define OF_PEERS "ip saddr @peers limit rate 20000/second burst 2000 packets"
/* the first answer may be faster than the set */
#define OF_STRANGERS "ip saddr != @peers limit rate 500/second burst 100 packets"

static void emit_hand_over(const char *what, const char *state,
	const char *of_strangers, struct text *out)
{
	text_addf(out,
		"\t\t%s %s " OF_PEERS " log group %d snaplen 65535 counter drop\n"
		"\t\t%s %s ip saddr @peers counter drop\n"
		"\t\t%s %s " OF_STRANGERS " log group %d snaplen 65535 counter drop\n"
		"\t\t%s %s counter drop\n",
		what, state, NFT_ESP_GROUP, what, state, what, of_strangers,
		NFT_ESP_GROUP, what, of_strangers);
}

static void emit_to_learner(const char *what, const char *zoned,
	struct text *out)
{
	emit_hand_over(what, "ct state new", "ct state new", out);
	emit_hand_over(zoned, "ct zone 0",
		"ct zone 0 ct original ip saddr @lans", out);
}

/*
 * Beside a mapping: strangers, and whoever begins a new IKE SA, are the
 * mapping's, by way of policy; peers that a device talks to are the learner's.
 */
static void emit_beside_map(const char *what, struct text *out)
{
	text_addf(out, "\t\t%s ct state new ip saddr @peers limit rate 20000/second burst 2000 packets log group %d snaplen 65535 counter drop\n"
		"\t\t%s ct state new ip saddr @peers counter drop\n",
		what, NFT_ESP_GROUP, what);
}

static void emit_learn_of(const struct pipeline *pl, const char *what,
	uint32_t proto, uint32_t port, struct text *out)
{
	cleanup(freep) char *going_on = NULL;

	if (!mapped(pl, proto, port)) {
		emit_to_learner(what, port ? IKE_BOTH : what, out);
		return;
	}
	/* RFC 7296 3.1: in the first message the responder's SPI is zero */
	going_on = xasprintf("%s%s", what, port ? " @th,128,64 != 0" : "");
	emit_beside_map(going_on, out);
}

static void emit_learn(const struct pipeline *pl, struct text *out)
{
	static const char *const states[] = {"ct state new", "ct zone 0"};
	const char *what[OURS];

	ours(pl, what);
	text_add(out, "\tchain unknown {\n\t\tfib daddr type != local return\n");
	emit_learn_of(pl, "ip protocol esp", PROTO_ESP, 0, out);
	emit_learn_of(pl, ike_in(pl), PROTO_UDP, 500, out);
	text_add(out, "\t}\n\tchain learn {\n\t\ttype filter hook prerouting priority mangle; policy accept;\n");
	for (size_t i = 0; i < 2 * ARRAY_LEN(states); i++) { /* ESP, IKE */
		text_add(out, "\t\tiifname ");
		add_ifaces(pl, ROLE_WAN, out);
		text_addf(out, " %s %s jump unknown\n",
			i == 3 ? IKE_BOTH : what[i / 2], states[i % 2]);
	}
	text_add(out, "\t}\n");
}

static void emit_heard(const struct pipeline *pl, struct text *out)
{
	text_addf(out, "\tchain leaves {\n"
		"\t\tip saddr != @lans return\n"
		"\t\tip saddr . ip daddr . esp spi @espout return\n"
		"\t\tip protocol esp limit rate 5000/second burst 1000 packets log group %d snaplen %d\n"
		"\t\tudp dport 500 limit rate 1000/second burst 200 packets log group %d snaplen 65535\n"
		"\t}\n", NFT_ESP_GROUP, OUT_HEAD, NFT_ESP_GROUP);
	text_add(out, "\tchain heard {\n\t\ttype filter hook postrouting priority mangle; policy accept;\n");
	for (size_t i = 0; i < 2; i++) {
		text_add(out, "\t\toifname ");
		add_ifaces(pl, ROLE_WAN, out);
		text_addf(out, " %s jump leaves\n",
			i ? "udp dport 500" : "ip protocol esp");
	}
	text_addf(out, "\t}\n"
		"\tchain own {\n\t\ttype filter hook output priority raw; policy accept;\n"
		"\t\tmeta mark 0x%x notrack\n"
		"\t\tmeta mark 0x%x-0x%x jump address\n\t}\n", NFT_ESP_MARK,
		NFT_ESP_MARK + 1, NFT_ESP_MARK + NFT_ESP_COPIES);
}

/* Each device's IKE gets a port of its own outside, as the household wants. */
static void emit_translate(const struct pipeline *pl, struct text *out)
{
	if (pl->keep_ike_port)
		return;
	text_add(out, "\tchain translate {\n\t\ttype nat hook postrouting priority srcnat - 1; policy accept;\n"
		"\t\toifname ");
	add_ifaces(pl, ROLE_WAN, out);
	text_add(out, " udp sport 500 udp dport 500 ip saddr @lans masquerade to :1024-65535 fully-random\n\t}\n");
}

/* RFC 3715 2.1 a: AH covers the address that is translated; it cannot arrive. */
static void emit_ah(const struct pipeline *pl, struct text *out)
{
	text_add(out, "\tchain no_ah {\n\t\ttype filter hook forward priority filter - 1; policy accept;\n"
		"\t\toifname ");
	add_ifaces(pl, ROLE_WAN, out);
	text_add(out, " ip protocol ah ip saddr @lans limit rate 1/minute burst 2 packets log prefix \"kadomori: AH cannot pass address translation: \"\n"
		"\t\toifname ");
	add_ifaces(pl, ROLE_WAN, out);
	text_add(out, " ip protocol ah ip saddr @lans counter drop comment \"rfc3715 ah\"\n\t}\n");
}

static void emit_lans(const struct addrmask *lan4, size_t n, struct text *out)
{
	char buf[ADDRMASK_STR];

	text_add(out, "\tset lans {\n\t\ttype ipv4_addr\n\t\tflags interval\n\t\tauto-merge\n");
	if (n)
		text_add(out, "\t\telements = { ");
	for (size_t i = 0; i < n; i++)
		text_addf(out, "%s%s", i ? ", " : "",
			addrmask_format(&lan4[i], buf));
	text_add(out, n ? " }\n\t}\n" : "\t}\n");
}

void nft_emit_esp(const struct policy *pol, const struct addrmask *lan4,
	size_t n, struct text *out)
{
	const struct pipeline *pl = pol->pipe;

	if (!pl->masquerade || !pl->many_ipsec)
		return;
	text_add(out, "add table " NFT_ESP_TABLE "\n"
		"add map " NFT_ESP_TABLE " lanzone { typeof ip saddr : ct zone; }\n"
		"flush map " NFT_ESP_TABLE " lanzone\n"
		"add set " NFT_ESP_TABLE " lans { type ipv4_addr; flags interval; auto-merge; }\n"
		"flush set " NFT_ESP_TABLE " lans\n"
		"flush table " NFT_ESP_TABLE "\n"
		"table " NFT_ESP_TABLE " {\n");
	emit_hosts(lan4, n, out);
	emit_lans(lan4, n, out);
	emit_maps(out);
	emit_copies(out);
	emit_zone(pl, out);
	emit_learn(pl, out);
	emit_heard(pl, out);
	emit_translate(pl, out);
	emit_ah(pl, out);
	text_add(out, "}\n");
}
