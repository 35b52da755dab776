// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A change on trial: a copy of the text with it is read and judged anew. It is
 * accepted when the finding is gone, and nothing is worse than before.
 */
#include "audit-trial.h"
#include "command.h"

#include <stdlib.h>
#include <string.h>

enum { TRIALS_MAX = 200 };

void trial_done(struct trial *t)
{
	free(t->text);
	pipeline_free(t->pl);
	audit_free(t->a);
	*t = (struct trial){0};
}

const struct finding *trial_find(const struct audit *a, const char *id)
{
	for (size_t i = 0; i < a->n; i++)
		if (!strcmp(a->v[i].id, id))
			return &a->v[i];
	return NULL;
}

static size_t not_understood(const struct audit *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n; i++)
		n += !strcmp(a->v[i].id, "not-understood");
	return n;
}

bool trial_is_loss(const char *id)
{
	return !strncmp(id, "need-", 5) || !strncmp(id, "replies-", 8) ||
	       !strcmp(id, "esp-untracked") || !strcmp(id, "ptb-blocked");
}

const struct finding *trial_loss(const struct mending *x,
	const struct audit *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (trial_is_loss(a->v[i].id) && !trial_find(x->before, a->v[i].id))
			return &a->v[i];
	return NULL;
}

/* It stood open before as well, under a greater name ("everything is open"),
 * and went to the same host. */
static bool was_open(const struct mending *x, const struct pipeline *now,
	const struct finding *f)
{
	struct decision d, e;

	return f->has_packet && f->passes &&
	       !pipeline_ask(x->rq.pl, &f->packet, &d) &&
	       !pipeline_ask(now, &f->packet, &e) &&
	       d.verdict == V_ACCEPT && !addr_cmp(&d.after.dst, &e.after.dst);
}

/* As it should: not because a mapping hands it to the device. */
static bool passes(const struct pipeline *pl, const struct packet *p)
{
	struct decision d;

	return !pipeline_ask(pl, p, &d) && d.verdict == V_ACCEPT && !d.nat;
}

/* Words to packets, once. */
static void to_packets(const char *const *words, size_t n, struct packet *ret)
{
	for (size_t i = 0; i < n; i++) {
		char *why = NULL;

		if (packet_parse(words[i], &ret[i], &why))
			ret[i] = (struct packet){.fam = FAM_6};
		free(why);
	}
}

/* A line of its own, not one for everything. */
static bool has_line(const struct pipeline *pl, const struct packet *p)
{
	struct decision d;

	if (pipeline_ask(pl, p, &d) || !d.rule)
		return false;
	for (size_t i = 0; i < d.rule->match.n; i++)
		if (d.rule->match.conds[i].f == F_DPORT)
			return true;
	return false;
}

/*
 * What ended at the router is handed to a host of the home now: a mapping of more
 * than the device needs, be it that the filter stops it then.
 */
static bool steals(const struct mending *x, const struct pipeline *now)
{
	static const char *const words[] = {
		"tcp from 151.101.1.1 port 40000 to 119.104.5.6 port 22 out self",
		"udp from 151.101.1.1 port 40000 to 119.104.5.6 port 53 out self",
		"tcp from 151.101.1.1 port 40000 to 119.104.5.6 port 500 out self",
		"tcp from 151.101.1.1 port 40000 to 119.104.5.6 port 4500 out self",
		"icmp from 151.101.1.1 to 119.104.5.6 type 8 out self",
		"ah from 151.101.1.1 to 119.104.5.6 out self"};
	static struct packet p[ARRAY_LEN(words)];
	struct decision was, is;

	if (!p[0].fam)
		to_packets(words, ARRAY_LEN(words), p);
	for (size_t i = 0; i < ARRAY_LEN(p); i++)
		if (!pipeline_ask(x->rq.pl, &p[i], &was) &&
			!pipeline_ask(now, &p[i], &is) && !was.after.dnat &&
			is.after.dnat)
			return true;
	return false;
}

/*
 * Does the home need p at all? A line of settings, put right, speaks of one
 * family; what the other loses by it came by the slip.
 */
static bool lived_on(const struct mending *x, const struct finding *f,
	const struct packet *p)
{
	if (p->dport == 68 && brand_raw_dhcp(x->b) && !has_line(x->rq.pl, p))
		return false;
	return !x->copy || !f->has_packet || p->fam == f->packet.fam;
}

/* A home is more than its device: what it does all day goes on. */
static bool home_lives(const struct mending *x, const struct pipeline *now,
	const struct finding *f)
{
	static const char *const daily[] = {
		"tcp from 2600:1f18::1 port 443 to 2404:7a80:1:1::77 port 50000 flags a established",
		"udp from 2600:1f18::1 port 443 to 2404:7a80:1:1::77 port 50000 established",
		"tcp from 151.101.1.1 port 443 to 192.168.1.77 port 50000 flags a established",
		"udp from 151.101.1.1 port 443 to 192.168.1.77 port 50000 established",
		"tcp from 2404:7a80:1:1::77 to 2600:1f18::1 port 443 in lan out wan",
		"tcp from 192.168.1.77 to 151.101.1.1 port 443 in lan out wan",
		"icmp from 151.101.1.1 to 119.104.5.6 type 3 code 4 out self related",
		"icmpv6 from 2600:1f18::1 to 2404:7a80:1:1::77 type 2 related",
		"udp from 133.1.2.3 port 67 to 119.104.5.6 port 68 out self",
		"udp from fe80::1 port 547 to fe80::2 port 546 out self",
		"icmpv6 from fe80::1 to fe80::2 type 135 out self",
		"icmpv6 from fe80::1 to ff02::1 type 134 out self"};
	static struct packet p[ARRAY_LEN(daily)];

	if (!p[0].fam)
		to_packets(daily, ARRAY_LEN(daily), p);
	for (size_t i = 0; i < ARRAY_LEN(daily); i++)
		if (lived_on(x, f, &p[i]) && passes(x->rq.pl, &p[i]) &&
			!passes(now, &p[i]))
			return false;
	return true;
}

/* Nothing is worse than before. */
static bool harmless(const struct mending *x, const struct trial *t)
{
	const struct audit *a = t->a;

	if (not_understood(a) > not_understood(x->before) ||
		a->device_unsure > x->before->device_unsure)
		return false;
	if (!x->patient && (a->device_works < x->before->device_works ||
		trial_loss(x, a)))
		return false;
	for (size_t i = 0; i < a->n; i++)
		/* what the settings themselves leave open is a matter of theirs */
		if (a->v[i].severity != SEV_NOTE && !trial_is_loss(a->v[i].id) &&
			!(x->copy && a->v[i].severity > SEV_BROKEN) &&
			!trial_find(x->before, a->v[i].id) &&
			!was_open(x, t->pl, &a->v[i]))
			return false;
	return true;
}

/* The packet that was shown now goes the other way. */
static bool turned(const struct pipeline *pl, const struct finding *f)
{
	struct decision d;

	return !pipeline_ask(pl, &f->packet, &d) &&
	       (d.verdict == V_ACCEPT) != f->passes;
}

/* It has another fate, be it only another host that gets it. */
static bool moved(const struct mending *x, const struct pipeline *pl,
	const struct finding *f)
{
	struct decision was, is;

	return !pipeline_ask(x->rq.pl, &f->packet, &was) &&
	       !pipeline_ask(pl, &f->packet, &is) &&
	       (was.verdict != is.verdict || was.after.out != is.after.out ||
		       addr_cmp(&was.after.dst, &is.after.dst));
}

static bool is_need(const struct finding *f)
{
	return !strncmp(f->id, "need-", 5);
}

/* What single packets tell, before all are judged. */
static bool hopeful(struct mending *x, const struct pipeline *pl,
	const struct finding *f)
{
	static const char *const ipip[] = {
		"ipip from 2404:9200:225:100::64 to 2404:7a80:1:1::1 out self"};
	static struct packet carrier;

	if (!carrier.fam)
		to_packets(ipip, 1, &carrier);
	/* IPv4 itself comes by that line (MAP-E, DS-Lite) */
	if (!strcmp(f->id, "tunnel-wide") && !passes(pl, &carrier))
		return false;
	return home_lives(x, pl, f) && !steals(x, pl) &&
	       (is_need(f) || !f->has_packet || moved(x, pl, f));
}

/* By IPv4 it is not enough to pass: it must reach the device. */
static bool helps(struct mending *x, const struct trial *t,
	const struct finding *f)
{
	bool gone = !trial_find(t->a, f->id);

	if (!gone && (is_need(f) || !f->has_packet || !turned(t->pl, f)))
		return false;
	return harmless(x, t);
}

bool trial_judge(struct mending *x, struct trial *t, const struct finding *f)
{
	struct audit_request rq = x->rq;

	rq.pl = t->pl;
	rq.known = x->before;
	rq.wanted[0] = f->id;
	rq.wanted[1] = x->wanted;
	return ++x->trials <= TRIALS_MAX && hopeful(x, t->pl, f) &&
	       !audit_run(&rq, &t->a) && helps(x, t, f);
}

bool trial_accepted(struct mending *x, const char *text,
	const struct mend *m, const struct finding *f, struct trial *t)
{
	struct read_options o = x->k->read;
	const struct brand *b;

	o.quiet = true;
	o.brand = brand_id(x->b);
	*t = (struct trial){.text = mend_apply(text, m)};
	if (!read_text("", t->text, &o, &t->pl, &b) && trial_judge(x, t, f))
		return true;
	trial_done(t);
	return false;
}

/* What a line may be there for: the device's needs, ICMP, DHCP. */
static const char *const served[] = {
	"esp from 151.101.77.1 to 119.104.5.6 out self",
	"udp from 151.101.77.1 port 40000 to 119.104.5.6 port 500 out self",
	"udp from 151.101.77.1 port 40000 to 119.104.5.6 port 4500 out self",
	"udp from 151.101.77.1 port 67 to 119.104.5.6 port 68 out self",
	"icmp from 151.101.77.1 to 119.104.5.6 type 3 out self",
	"icmp from 151.101.77.1 to 119.104.5.6 type 8 out self",
	"icmp from 151.101.77.1 to 192.168.1.77 type 3",
	"icmpv6 from 2600:1f18::77 to 2404:7a80:1:1::77 type 1",
	"icmpv6 from 2600:1f18::77 to 2404:7a80:1:1::77 type 2",
	"icmpv6 from 2600:1f18::77 to 2404:7a80:1:1::77 type 3",
	"icmpv6 from 2600:1f18::77 to 2404:7a80:1:1::77 type 4",
	"icmpv6 from 2600:1f18::77 to 2404:7a80:1:1::77 type 128",
	"icmpv6 from fe80::1 to ff02::1 type 134 out self",
	"icmpv6 from fe80::1 to fe80::2 type 135 out self",
	"icmpv6 from 2600:1f18::77 to 2404:7a80:1:1::1 type 128 out self",
	"udp from fe80::1 port 547 to fe80::2 port 546 out self",
	"esp from 2600:1f18::77 to 2404:7a80:1:1::",
	"udp from 2600:1f18::77 port 40000 to 2404:7a80:1:1:: port 500",
	"udp from 2600:1f18::77 port 40000 to 2404:7a80:1:1:: port 4500"};

/* A line put in above moves it by one. */
static bool by_line(const struct decision *d, unsigned line, unsigned moved)
{
	unsigned at = d->origin ? d->origin->line : 0;
	unsigned nat = d->nat ? d->nat->origin.line : 0;

	return at == line || nat == line || (moved && (at == line + moved ||
		nat == line + moved));
}

/* Does m change the rule that f quotes? */
static bool touches(const struct mend *m, const struct finding *f)
{
	bool yes = false;

	for (size_t i = 0; i < m->n; i++) {
		yes |= m->v[i].replace && m->v[i].line == f->line_no;
		for (size_t k = 0; k < f->about_n; k++)
			yes |= m->v[i].replace && f->about[k].why == ABOUT_RULE &&
			       m->v[i].line == f->about[k].no;
	}
	return yes;
}

bool trial_serves(const struct mending *x, const struct mend *m,
	const struct pipeline *now, const struct finding *f)
{
	static struct packet packets[ARRAY_LEN(served)];
	unsigned moved = m->n && !m->v[0].replace && m->v[0].line <= f->line_no;
	bool other = !touches(m, f), any = false;

	if (!packets[0].fam)
		to_packets(served, ARRAY_LEN(served), packets);
	for (size_t i = 0; i < ARRAY_LEN(served) && !any; i++) {
		struct packet p = packets[i];
		struct decision d, e;

		if (p.fam == FAM_6 && p.out == ROLE_LAN && x->rq.has6 &&
			p.proto != PROTO_ICMPV6)
			p.dst = addr_or(&p.dst, &x->rq.device6.value);
		any = !pipeline_ask(x->rq.pl, &p, &d) &&
		      d.verdict == V_ACCEPT && by_line(&d, f->line_no, 0) &&
		      !pipeline_ask(now, &p, &e) && e.verdict == V_ACCEPT &&
		      (other || by_line(&e, f->line_no, moved));
	}
	return any;
}
