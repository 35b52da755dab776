// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The smallest change that mends a finding. The brand proposes; each proposal is
 * applied to a copy, the copy is read and judged anew, and only what mends the
 * finding, takes nothing from the device and opens nothing else is shown. Then
 * every line that can be left out is left out.
 */
#include "audit.h"
#include "command.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 6, TRIALS_MAX = 200 };

struct mending {
	const struct audit_asked *k;
	struct audit_request rq;
	const struct brand *b;
	const struct audit *before;	/* of the text as it is */
	struct request settings;
	unsigned trials;
	bool patient;	/* what the device loses is given back afterwards */
};

/* A changed text, judged. */
struct trial {
	char *text;
	struct pipeline *pl;
	struct audit *a;
};

static void trial_done(struct trial *t)
{
	free(t->text);
	pipeline_free(t->pl);
	audit_free(t->a);
	*t = (struct trial){0};
}

static bool try(struct mending *x, const char *text, const struct mend *m,
	struct trial *t)
{
	struct read_options o = x->k->read;
	struct audit_request rq = x->rq;
	const struct brand *b;

	*t = (struct trial){0};
	if (++x->trials > TRIALS_MAX)
		return false;
	o.quiet = true;
	o.brand = brand_id(x->b);
	t->text = mend_apply(text, m);
	if (!read_text("", t->text, &o, &t->pl, &b)) {
		rq.pl = t->pl;
		if (!audit_run(&rq, &t->a))
			return true;
	}
	trial_done(t);
	return false;
}

static const struct finding *find(const struct audit *a, const char *id)
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

static bool is_loss(const char *id)
{
	return !strncmp(id, "need-", 5) || !strncmp(id, "replies-", 8) ||
	       !strcmp(id, "esp-untracked") || !strcmp(id, "ptb-blocked");
}

/* What the device has lost since; NULL: nothing. */
static const struct finding *loss(const struct mending *x,
	const struct audit *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (is_loss(a->v[i].id) && !find(x->before, a->v[i].id))
			return &a->v[i];
	return NULL;
}

/* It stood open before as well, under a greater name ("everything is open"). */
static bool was_open(const struct mending *x, const struct finding *f)
{
	struct decision d;

	return f->has_packet && f->passes &&
	       !pipeline_ask(x->rq.pl, &f->packet, &d) &&
	       d.verdict == V_ACCEPT;
}

static bool passes(const struct pipeline *pl, const char *words)
{
	struct decision d;
	struct packet p;
	char *why = NULL;
	bool yes = !packet_parse(words, &p, &why) && !pipeline_ask(pl, &p, &d) &&
		   d.verdict == V_ACCEPT;

	free(why);
	return yes;
}

/* A home is more than its device: what it does all day goes on. */
static bool home_lives(const struct mending *x, const struct pipeline *now)
{
	static const char *const daily[] = {
		"tcp from 2600:1f18::1 port 443 to 2404:7a80:1:1::77 port 50000 flags a established",
		"udp from 2600:1f18::1 port 443 to 2404:7a80:1:1::77 port 50000 established",
		"tcp from 151.101.1.1 port 443 to 192.168.1.77 port 50000 flags a established",
		"udp from 151.101.1.1 port 443 to 192.168.1.77 port 50000 established",
		"tcp from 2404:7a80:1:1::77 to 2600:1f18::1 port 443 in lan out wan",
		"tcp from 192.168.1.77 to 151.101.1.1 port 443 in lan out wan",
		"udp from fe80::1 port 547 to fe80::2 port 546 out self",
		"icmpv6 from fe80::1 to fe80::2 type 135 out self",
		"icmpv6 from fe80::1 to ff02::1 type 134 out self"};

	for (size_t i = 0; i < ARRAY_LEN(daily); i++)
		if (passes(x->rq.pl, daily[i]) && !passes(now, daily[i]))
			return false;
	return true;
}

/* Nothing is worse than before. */
static bool harmless(const struct mending *x, const struct trial *t)
{
	const struct audit *a = t->a;

	if (!home_lives(x, t->pl))
		return false;
	if (not_understood(a) > not_understood(x->before) ||
		a->device_unsure > x->before->device_unsure)
		return false;
	if (!x->patient && (a->device_works < x->before->device_works ||
		loss(x, a)))
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i].severity != SEV_NOTE && !is_loss(a->v[i].id) &&
			!find(x->before, a->v[i].id) &&
			!was_open(x, &a->v[i]))
			return false;
	return true;
}

/* The packet that was shown now goes the other way; a line is gone. */
static bool turned(const struct trial *t, const struct finding *f)
{
	struct decision d;

	if (!f->has_packet)
		return !find(t->a, f->id);
	return !pipeline_ask(t->pl, &f->packet, &d) &&
	       (d.verdict == V_ACCEPT) != f->passes;
}

static bool helps(struct mending *x, const struct trial *t,
	const struct finding *f)
{
	const struct finding *now = find(t->a, f->id);

	/* by IPv4 it is not enough to pass: it must reach the device */
	if (!strncmp(f->id, "need-", 5))
		return !now && harmless(x, t);
	return harmless(x, t) && (!now || turned(t, f));
}

static bool accepted(struct mending *x, const char *text,
	const struct mend *m, const struct finding *f, struct trial *t)
{
	if (!try(x, text, m, t))
		return false;
	if (helps(x, t, f))
		return true;
	trial_done(t);
	return false;
}

/* Leave out each edit in turn; what still mends stays out. */
static void shrink(struct mending *x, const char *text, struct mend *m,
	const struct finding *f, struct trial *best)
{
	for (size_t i = m->n; !m->whole && i-- > 0 && m->n > 1;) {
		struct mend_edit e = m->v[i];
		struct trial t;

		memmove(&m->v[i], &m->v[i + 1], (m->n - i - 1) * sizeof(e));
		m->n--;
		if (accepted(x, text, m, f, &t)) {
			trial_done(best);
			*best = t;
			free(e.text);
			continue;
		}
		memmove(&m->v[i + 1], &m->v[i], (m->n - i) * sizeof(e));
		m->v[i] = e;
		m->n++;
	}
}

/* One change that helps against f, told in out. */
static bool by_advice(struct mending *x, const char *text,
	const struct finding *f, const struct finding *of, struct text *out,
	struct trial *best)
{
	struct mend_ask ask = {.brand = x->b, .text = text, .id = of->id,
		.line = of->line_no, .before = of->before,
		.line_text = of->line,
		.packet = of->has_packet ? &of->packet : NULL,
		.rq = &x->settings};
	struct mends m;
	bool good = false;

	routers_mends(&ask, &m);
	for (size_t i = 0; i < m.n && !good; i++) {
		good = accepted(x, text, &m.v[i], f, best);
		if (!good)
			continue;
		shrink(x, text, &m.v[i], f, best);
		mend_words(text, &m.v[i], out);
	}
	mends_done(&m);
	return good;
}

/* A line that is there but too late is moved rather than written again. */
static bool one_step(struct mending *x, const char *text,
	const struct finding *f, struct text *out, struct trial *best)
{
	const struct finding *late = is_loss(f->id)
		? find(x->before, "rule-order") : NULL;

	return (late && by_advice(x, text, f, late, out, best)) ||
	       by_advice(x, text, f, f, out, best);
}

/*
 * Several lines may do the same harm: one after the other. A patient one then
 * gives back what the device lost by it. NULL: no way known.
 */
static char *steps(struct mending *x, const char *text,
	const struct finding *f)
{
	struct trial at = {0}, next;
	struct text out = TEXT_INIT;
	const struct finding *now = f;

	for (int i = 0; now && i < ROUNDS_MAX; i++) {
		if (!one_step(x, at.text ? at.text : text, now, &out, &next))
			break;
		trial_done(&at);
		at = next;
		now = find(at.a, f->id);
		now = now ? now : loss(x, at.a);
	}
	trial_done(&at);
	if (!now)
		return text_take(&out);
	text_done(&out);
	return NULL;
}

static char *change(struct mending *x, const char *text,
	const struct finding *f)
{
	char *s;

	x->patient = false;
	s = steps(x, text, f);
	if (s || f->severity > SEV_HIGH)
		return s;
	x->patient = true;
	return steps(x, text, f);
}

/* The device as an intent, for the settings' own lines. */
static struct intent *intent_of(const struct audit_asked *k)
{
	cleanup(intent_freep) struct intent *in = intent_new();
	struct complaints c = {0};
	struct text t = TEXT_INIT;
	int rc;

	text_add(&t, "wan wan0\nlan lan0\n");
	if (k->mac || k->id || k->ipv4)
		text_add(&t, "device casa rakuten-casa");
	if (k->mac)
		text_addf(&t, " mac %s", k->mac);
	if (k->id)
		text_addf(&t, " id %s", k->id);
	if (k->ipv4)
		text_addf(&t, " ipv4 %s", k->ipv4);
	text_addc(&t, '\n');
	rc = intent_parse(in, "", text_str(&t), false, &c);
	complaints_done(&c);
	text_done(&t);
	return rc ? NULL : take(in);
}

static bool mendable(const struct audit *a, const struct finding *f)
{
	static const char *const no[] = {"not-understood", "perhaps-open",
		"need-unsure", "line-ipv4"};

	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		if (!strcmp(no[i], f->id))
			return false;
	/* perhaps it is just what the household wants */
	return a->device_asked || strcmp(f->id, "ipsec-any");
}

void audit_mend(const struct audit_asked *k, const struct audit_request *rq,
	const struct brand *b, const char *words, struct audit *a)
{
	cleanup(intent_freep) struct intent *in = intent_of(k);
	struct mending x = {.k = k, .rq = *rq, .b = b, .before = a};
	size_t n;

	if (!in)
		return;
	x.rq.brief = true;
	x.settings = (struct request){.in = in, .line = rq->line,
		.wan = k->read.wan, .lan = k->read.lan};
	x.settings.model = brand_models(b, &n);
	if (rq->line == LINE_AUTO)
		x.settings.line = !rq->has6 ? LINE_DHCP4
			: rq->pl->ndproxy ? LINE_FLETS_RA : LINE_FLETS_PD;
	if (k->prefix && !addrmask_parse(k->prefix, &x.settings.prefix))
		x.settings.has_prefix = x.settings.prefix.fam == FAM_6;
	for (size_t i = 0; i < a->n; i++) {
		x.trials = 0;
		if (mendable(a, &a->v[i]))
			a->v[i].change = change(&x, words, &a->v[i]);
	}
}
