// SPDX-License-Identifier: GPL-2.0-or-later
#include "shield.h"
#include "daemon.h"
#include "base/log.h"
#include "dataplane/dataplane.h"

#include <errno.h>
#include <stdio.h>

_Static_assert((int)SHIELD_ANSWER == (int)ND_ANSWER, "one meaning");
_Static_assert((int)SHIELD_TELL == (int)ND_TELL, "one meaning");
_Static_assert((int)SHIELD_ASKED == (int)ND_ASKED, "one meaning");
_Static_assert((int)SHIELD_OURS == (int)ND_OURS, "one meaning");
_Static_assert((int)SHIELD_HEARD == (int)ND_HEARD, "one meaning");
enum { ALL_FLAGS = SHIELD_ANSWER | SHIELD_TELL | SHIELD_ASKED | SHIELD_OURS |
	SHIELD_HEARD, VALID_MAX_S = 24 * 3600 };

struct shield {
	struct nd_filter *f;	/* NULL: without */
	char state[160];
};

static void say_refused(struct shield *s, int rc)
{
	snprintf(s->state, sizeof(s->state), "%s", strerror(-rc));
	log_warn(_("the kernel refuses the NDP filter (%s): the proxy works without it, only a flood costs more"),
		s->state);
}

struct shield *shield_new(int ifindex)
{
	struct shield *s = xcalloc(1, sizeof(*s));
	int rc;

	snprintf(s->state, sizeof(s->state), "off");
	if (ndp_filter_wanted()) {
		rc = nd_filter_new(&s->f);
		if (rc)
			say_refused(s, rc);
	}
	/* a predecessor's would answer from a table that nobody keeps */
	if (!s->f)
		nd_filter_detach(ifindex);
	return s;
}

void shield_free(struct shield *s)
{
	if (!s)
		return;
	nd_filter_free(s->f);
	free(s);
}

static int set(struct shield *s, const struct act_msg *m)
{
	bool global = (m->addr.b[0] & 0xe0) == 0x20; /* 2000::/3 */

	if (m->value & ~(uint32_t)ALL_FLAGS || m->valid_s > VALID_MAX_S ||
		m->addr.b[0] == 0xff || (m->value & SHIELD_ANSWER && !global))
		return -EINVAL;
	return nd_filter_set(s->f, &m->addr, m->value, m->valid_s);
}

static int port(struct shield *s, const struct act_msg *m)
{
	if (m->port != NP_WAN || m->mac.b[0] & 1 ||
		(m->value && !addr_is_linklocal(&m->addr)))
		return -EINVAL;
	return nd_filter_port(s->f, m->value, &m->mac, &m->addr);
}

int shield_do(struct shield *s, const struct act_msg *m)
{
	if (!s->f)
		return 0;
	return m->what == ACT_SHIELD ? set(s, m) : port(s, m);
}

void shield_ready(struct shield *s, int ifindex)
{
	int rc;

	if (!s->f || ifindex <= 0)
		return;
	rc = nd_filter_attach(s->f, ifindex);
	if (rc)
		say_refused(s, rc);
	else
		snprintf(s->state, sizeof(s->state), "on");
}

void shield_sweep(struct shield *s, int ifindex)
{
	nd_filter_detach(ifindex);
	snprintf(s->state, sizeof(s->state), "off");
}

void shield_generation(struct shield *s)
{
	if (s->f)
		nd_filter_generation(s->f);
}

void shield_forget_old(struct shield *s)
{
	if (s->f)
		nd_filter_forget_old(s->f);
}

struct askeds {
	struct asked *v;
	size_t n, max;
};

static void on_asked(void *arg, const struct addr *a, uint64_t times)
{
	struct askeds *x = arg;

	if (x->n < x->max)
		x->v[x->n++] = (struct asked){*a, times};
}

int asked_cmp(const void *a, const void *b)
{
	return addr_cmp(&((const struct asked *)a)->addr,
		&((const struct asked *)b)->addr);
}

size_t shield_asked(struct shield *s, struct asked *v, size_t max)
{
	struct askeds x = {v, 0, max};

	if (!s->f)
		return 0;
	nd_filter_asked(s->f, on_asked, &x);
	qsort(v, x.n, sizeof(*v), asked_cmp);
	return x.n;
}

const volatile uint64_t *shield_counts(const struct shield *s)
{
	return s->f ? nd_filter_counts(s->f) : NULL;
}

const char *shield_state(const struct shield *s)
{
	return s->state;
}
