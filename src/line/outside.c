// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All evidence together. Each stranger outside (name servers, an HTTPS server
 * that one of them named, STUN, routers on the way) is heard by a step in a
 * process of its own; what it tells is cleaned here.
 */
#include "line/outside.h"
#include "line/step.h"

#include <errno.h>
#include <net/if.h>

enum { STUN_MS = 6000, NAMES_MS = 5500 };

static void run_names(void *arg, void *told)
{
	names_look(arg, told);
}

static void run_stun(void *arg, void *told)
{
	stun_look(arg, told);
}

static void run_hops(void *arg, void *told)
{
	hops_look(arg, told);
}

/* ---- what a process that was taken over may not smuggle in ---- */

static void take_names(const struct names_told *t, struct line_evidence *e)
{
	struct hb46pp *h = &e->hb;

	e->names = t->names;
	*h = t->hb;
	step_clean(e->names.reverse, sizeof(e->names.reverse));
	step_clean(h->url, sizeof(h->url));
	step_clean(h->enabler, sizeof(h->enabler));
	step_clean(h->service, sizeof(h->service));
	step_clean(h->isp, sizeof(h->isp));
	step_clean(h->aftr, sizeof(h->aftr));
	h->order_n = MIN2(h->order_n, (size_t)HB_METHODS_MAX);
}

static void take_hops(const struct line_hops *t, struct line_evidence *e)
{
	e->hops = *t;
	e->hops.n = MIN2(e->hops.n, (size_t)LINE_HOPS_MAX);
}

/* ---- all of it ---- */

struct early {
	struct stun_ask ask4, ask6;
	struct hops_ask ask_hops;
	struct step stun4, stun6, hops;
};

static void start_early(const struct line_want *w, struct early *s)
{
	msec_t until = clock_ms() + STUN_MS;

	s->ask_hops = (struct hops_ask){w->stun, w->ifname, until};
	step_start(&s->hops, &(struct step_work){.run = run_hops,
		.arg = &s->ask_hops, .n = sizeof(struct line_hops)}, until);
	if (!w->stun)
		return;
	s->ask4 = (struct stun_ask){w->stun, w->ifname, FAM_4, until};
	s->ask6 = (struct stun_ask){w->stun, w->ifname, FAM_6, until};
	step_start(&s->stun4, &(struct step_work){.run = run_stun,
		.arg = &s->ask4, .n = sizeof(struct line_stun)}, until);
	step_start(&s->stun6, &(struct step_work){.run = run_stun,
		.arg = &s->ask6, .n = sizeof(struct line_stun)}, until);
}

static void finish_early(const struct line_want *w, struct early *s,
	struct line_evidence *e)
{
	struct line_hops h;

	if (step_finish(&s->hops, &h) == 0)
		take_hops(&h, e);
	else
		e->outside_died = true;
	if (!w->stun)
		return;
	if (step_finish(&s->stun4, &e->stun4))
		e->outside_died = true;
	if (step_finish(&s->stun6, &e->stun6))
		e->outside_died = true;
}

/* Needs to know the servers and our address outside: comes last. */
static void look_names(const struct line_want *w, struct line_evidence *e)
{
	static struct names_told t;
	msec_t until = clock_ms() + NAMES_MS;
	struct names_ask ask = {e, w->ca, until};
	struct step s;

	(void)hb46pp_open(); /* what hears strangers opens no program */
	step_start(&s, &(struct step_work){.run = run_names, .arg = &ask,
		.n = sizeof(t)}, until);
	if (step_finish(&s, &t) == 0)
		take_names(&t, e);
	else
		e->outside_died = true;
}

int line_look(const struct line_want *w, struct line_evidence *ret)
{
	msec_t began = clock_ms();
	struct early s;
	int rc;

	if (!if_nametoindex(w->ifname))
		return -ENODEV;
	if (!w->local_only)
		start_early(w, &s);
	rc = line_gather(w->ifname, w->at, w->quiet, w->most, ret);
	if (!w->local_only) {
		finish_early(w, &s, ret);
		look_names(w, ret);
	}
	ret->took = clock_ms() - began;
	return rc == -EPERM ? 0 : rc;
}
