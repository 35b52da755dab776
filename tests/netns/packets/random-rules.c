// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Does the kernel agree? Random nftables rule sets are loaded, listed by the
 * kernel, read back and turned into a set; then packets of the set and packets
 * outside it are sent through the gateway. Each must do what the set says.
 *
 *	random-rules [SEED [RULESETS]]
 */
#include "../../lib/random.h"
#include "../../lib/stage.h"
#include "base/text.h"
#include "kernel/kernel.h"
#include "proof/proof.h"
#include "routers/routers.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ASKED = 6, PACKETS_MAX = 2 * ASKED };

/* ---- rule sets ---- */

static const char *one_of(const char *const *v, size_t n)
{
	return v[random_below((uint32_t)n)];
}
#define ONE_OF(...) \
	one_of((const char *const[]){__VA_ARGS__}, \
		ARRAY_LEN(((const char *const[]){__VA_ARGS__})))

/* nft refuses what contradicts itself: one family and one protocol a rule. */
struct draft {
	const char *fam, *proto;
};

static void addresses(struct text *t, const struct draft *d)
{
	bool six = !strcmp(d->fam, "ip6");
	const char *not = ONE_OF("", "", "!= ");

	if (six && random_below(3) == 0)
		text_addf(t, "ip6 daddr & ::ffff:ffff:ffff:ffff %s ::50 ",
			ONE_OF("==", "!="));
	else if (six)
		text_addf(t, "ip6 daddr %s%s ", not, ONE_OF("2404:7a80:1:1::/64",
			"2404:7a80:1:1::50", "2404:7a80:1:1::40/122",
			"2404:7a80:1:1::10-2404:7a80:1:1::60",
			"{ 2404:7a80:1:1::50, 2404:7a80:1:1::80 }"));
	else
		text_addf(t, "ip daddr %s%s ", not, ONE_OF("192.168.10.9",
			"192.168.10.0/24", "192.168.10.5-192.168.10.20",
			"{ 192.168.10.9, 192.168.10.30 }"));
	if (random_below(3))
		return;
	text_addf(t, "%s saddr %s%s ", d->fam, not, six
		? ONE_OF("2600:1f18::/32", "2600:1f18::bad", "2600::/12")
		: ONE_OF("151.101.0.0/16", "151.101.1.1"));
}

static void protocol(struct text *t, const struct draft *d)
{
	if (!strcmp(d->proto, "udp"))
		text_addf(t, "udp dport %s ", ONE_OF("500", "{ 500, 4500 }",
			"!= 500", "400-600", "53"));
	else if (!strcmp(d->proto, "tcp"))
		text_addf(t, "tcp dport %s ", ONE_OF("22", "{ 22, 80, 443 }",
			"!= 22", "1-1023", "8080"));
	else
		text_addf(t, "meta l4proto %s ", ONE_OF("esp", "{ tcp, udp }",
			"!= udp", "ipv6-icmp"));
}

static void sides(struct text *t)
{
	if (random_below(2))
		text_addf(t, "iifname %s ", ONE_OF("\"wan0\"", "\"lan0\"",
			"!= \"lan0\"", "{ \"wan0\", \"lan0\" }"));
	else
		text_addf(t, "oifname %s ", ONE_OF("\"lan0\"", "!= \"lan0\"",
			"\"wan0\""));
}

static void rule(struct text *t, unsigned chain)
{
	struct draft d = {ONE_OF("ip6", "ip6", "ip"), ONE_OF("udp", "tcp", "")};

	text_add(t, "\t\t");
	if (random_below(8) == 0) {
		text_addf(t, "%s\n", ONE_OF(
			"tcp dport vmap { 22 : accept, 80 : drop, 443 : return }",
			"meta l4proto vmap { esp : accept, icmp : drop }",
			"ip6 daddr . udp dport { 2404:7a80:1:1::50 . 500, 2404:7a80:1:1::80 . 53 } accept",
			"meta l4proto . th dport { tcp . 22, udp . 500 } drop"));
		return;
	}
	if (random_below(4) == 0)
		text_addf(t, "ct state %s ", ONE_OF("new", "established,related",
			"invalid", "!= new"));
	if (random_below(3) == 0)
		sides(t);
	if (random_below(2))
		addresses(t, &d);
	if (random_below(2))
		protocol(t, &d);
	text_addf(t, "%s\n", chain == 2
		? ONE_OF("accept", "drop", "return", "counter")
		: ONE_OF("accept", "drop", "accept", "drop", "jump c2",
			"goto c2", "return"));
}

static void chain(struct text *t, unsigned i, const char *head)
{
	text_addf(t, "\tchain c%u {\n%s", i, head);
	for (uint32_t n = random_below(7); n > 0; n--)
		rule(t, i);
	text_add(t, "\t}\n");
}

/* One or two tables: all of them must accept. */
static char *rule_set(void)
{
	struct text t = TEXT_INIT;

	for (uint32_t k = 0; k <= random_below(2); k++) {
		cleanup(freep) char *head = xasprintf("\t\ttype filter hook forward priority %u; policy %s;\n",
			k, ONE_OF("accept", "drop"));

		text_addf(&t, "table inet t%u {\n", k);
		chain(&t, 2, "");
		chain(&t, 1, head);
		text_add(&t, "}\n");
	}
	return text_take(&t);
}

/* ---- packets ---- */

/* What can be sent here, new, and arrive: to the LAN from outside. */
static pset sendable(struct proof *pr)
{
	static const char *const words[] = {
		"udp ipv6 from 2600:1f18::/32 to 2404:7a80:1:1::/64",
		"tcp ipv6 from 2600:1f18::/32 to 2404:7a80:1:1::/64",
		"esp ipv6 from 2600:1f18::/32 to 2404:7a80:1:1::/64",
		"icmpv6 ipv6 from 2600:1f18::/32 to 2404:7a80:1:1::/64 type 128",
		"udp ipv4 from 151.101.0.0/16 to 192.168.10.0/24",
		"tcp ipv4 from 151.101.0.0/16 to 192.168.10.0/24",
		"esp ipv4 from 151.101.0.0/16 to 192.168.10.0/24"};
	pset r = PSET_NONE;

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct match m = {0};
		struct cond *c;
		char *why = NULL;

		match_parse(words[i], &m, &why);
		free(why);
		cond_num(match_cond(&m, F_IN, false), ROLE_WAN, ROLE_WAN);
		cond_num(match_cond(&m, F_OUT, false), ROLE_LAN, ROLE_LAN);
		cond_num(match_cond(&m, F_FRAG, false), FRAG_NONE, FRAG_NONE);
		cond_num(match_cond(&m, F_DNAT, false), 0, 0);
		cond_num(match_cond(&m, F_EXTHDR, true), 0, 255);
		if (words[i][0] == 't') {
			c = match_cond(&m, F_TCPFLAGS, false);
			c->flag_mask = 63;
			c->flag_value = TCP_SYN;
		}
		if (words[i][0] == 'e')
			cond_num(match_cond(&m, F_SPI, false), 256, UINT32_MAX);
		if (words[i][0] == 'i')
			cond_num(match_cond(&m, F_ICODE, false), 0, 0);
		r = proof_or(pr, r, proof_match(pr, &m, PROOF_SURELY));
		match_done(&m);
	}
	return r;
}

static bool same_flow(const struct packet *a, const struct packet *b)
{
	return a->fam == b->fam && a->proto == b->proto &&
	       !addr_cmp(&a->src, &b->src) && !addr_cmp(&a->dst, &b->dst) &&
	       a->sport == b->sport && a->dport == b->dport;
}

/* Another corner of the space each time. */
static size_t choose(struct proof *pr, pset s, struct packet *v, size_t n)
{
	static const char *const corners[ASKED] = {"any", "esp", "udp port 500",
		"tcp port 22", "any ipv4", "any to 2404:7a80:1:1::50"};
	size_t first = n;

	for (size_t i = 0; i < ASKED; i++) {
		struct match m = {0};
		char *why = NULL;
		struct packet p;
		bool again = false;

		match_parse(corners[i], &m, &why);
		free(why);
		if (proof_witness(pr, proof_and(pr, s, proof_match(pr, &m,
				PROOF_SURELY)), &p)) {
			for (size_t k = 0; k < n; k++)
				again |= same_flow(&v[k], &p);
			if (!again)
				v[n++] = p;
		}
		match_done(&m);
	}
	return n - first;
}

/* Until all that must come has come; a while for the others. */
static void collect(struct stage *st, uint64_t first, size_t pass, bool *came)
{
	size_t missing = pass;
	uint64_t mark;

	for (int ms = 0; ms < STAGE_WAIT_MS ||
	     (missing && ms < stage_wait(true)); ms += 5) {
		poll(NULL, 0, 5);
		while ((mark = stage_next(st, ROLE_LAN))) {
			if (mark < first || mark >= first + PACKETS_MAX)
				continue;
			missing -= mark < first + pass && !came[mark - first];
			came[mark - first] = true;
		}
	}
	if (missing)
		stage_missed();
}

static size_t judge(struct stage *st, const struct packet *v, size_t n,
	size_t pass, const char *rules)
{
	bool came[PACKETS_MAX] = {false};
	uint64_t first = st->mark + 1;
	size_t bad = 0;

	stage_flush_conntrack();
	stage_drain(st);
	for (size_t i = 0; i < n; i++)
		stage_send(st, &v[i], NULL, ++st->mark);
	collect(st, first, pass, came);
	for (size_t i = 0; i < n; i++) {
		char *w;

		if (came[i] == (i < pass))
			continue;
		w = packet_format(&v[i]);
		printf("DIFFERS: %s: set says %s, kernel %s\n%s", w, i < pass
			? "pass" : "drop", came[i] ? "pass" : "drop", rules);
		free(w);
		bad++;
	}
	return bad;
}

static size_t one_set(struct stage *st, size_t *pass, size_t *drop)
{
	cleanup(freep) char *rules = rule_set();
	cleanup(freep) char *flush = xasprintf("flush ruleset\n%s", rules);
	cleanup(pipeline_freep) struct pipeline *pl = NULL;
	struct read_hints h = {.wan = "wan0", .lan = "lan0"};
	struct packet v[PACKETS_MAX];
	struct nft_listing l = {0};
	struct proof *pr = proof_new();
	char *said = NULL;
	size_t yes, no, bad = 1;
	pset s, can;

	if (kernel_nft_run(flush, &said) ||
		kernel_nft_listing(NULL, "ruleset", &l, NULL)) {
		printf("nft refused a rule set: %s\n%s", said ? said : "", rules);
	} else {
		h.handles = l.handles;
		if (routers_read(routers_brand("nftables"), l.json, &h, &pl, &said) ||
			pl->unknown_n) {
			printf("not read back: %s\n%s", said ? said : "", rules);
		} else {
			proof_passes(pr, pl, PROOF_SURELY, &s);
			can = sendable(pr);
			yes = choose(pr, proof_and(pr, can, s), v, 0);
			no = choose(pr, proof_minus(pr, can, s), v, yes);
			bad = judge(st, v, yes + no, yes, rules);
			*pass += yes;
			*drop += no;
		}
	}
	nft_listing_done(&l);
	free(said);
	proof_free(pr);
	return bad;
}

int main(int argc, char **argv)
{
	unsigned long seed = argc > 1 ? strtoul(argv[1], NULL, 0) : 7;
	unsigned long sets = argc > 2 ? strtoul(argv[2], NULL, 0) : 200;
	struct stage st = {.mark = 0};
	size_t bad = 0, pass = 0, drop = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (geteuid()) {
		puts("skip: needs root for network namespaces");
		return 77;
	}
	random_seed(seed);
	stage_up(&st);
	stage_neighbours();
	stage_sh("ip route replace 2404:7a80:1:1::/64 via fe80::2 dev lan0 onlink; ip route replace 192.168.10.0/24 via 10.255.255.2 dev lan0 onlink");
	for (unsigned long i = 0; i < sets && bad < 5; i++)
		bad += one_set(&st, &pass, &drop);
	printf("seed %lu: %lu random rule sets, %zu packets of the set and %zu outside it sent: %zu differ\n",
		seed, sets, pass, drop, bad);
	return bad || !pass || !drop;
}
