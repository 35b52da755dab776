// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The world: devices and peers that really have security associations. An SA
 * is one key; a packet that reaches a host without that key fails its check
 * there. The world knows the truth, the judge sees headers only.
 */
#include "passtest/passtest.h"

struct sa {
	uint32_t in, out, in_seq, out_seq;
	unsigned lost;
};

struct truth {
	uint32_t host, peer;
	uint64_t spi_i, spi_r;
	uint32_t msgid, peer_msgid;
	bool started;
	struct sa sa[SIM_SAS_MAX];
};

/* and strangers */
enum { TRUTHS = SIM_PAIRS_MAX + 8 };

struct sim {
	const struct judge *j;
	void *state;
	msec_t now;
	unsigned seed, flags;
	struct truth t[TRUTHS];
	unsigned n;
	uint32_t forged;
	struct sim_score score;
};

static uint32_t mix(uint32_t a, uint32_t b, uint32_t c)
{
	uint32_t h = a * 0x9e3779b1u ^ b * 0x85ebca77u ^ c * 0xc2b2ae3du;

	h ^= h >> 15;
	h *= 0x2c1b3c6du;
	h ^= h >> 12;
	h *= 0x297a2d39u;
	return (h ^ h >> 15) | 0x1000;
}

struct sim *sim_new(const struct judge *j, unsigned seed, unsigned flags)
{
	struct sim *s = xcalloc(1, sizeof(*s));

	s->j = j;
	s->seed = seed;
	s->flags = flags;
	s->now = 1000 * 1000;
	s->state = j->open();
	if (j->mode)
		j->mode(s->state, flags & SIM_RIGID, flags & SIM_FRAGMENTS);
	return s;
}

void sim_free(struct sim *s)
{
	if (!s)
		return;
	s->j->close(s->state);
	free(s);
}

static void new_spis(struct sim *s, struct truth *t)
{
	uint32_t who = s->flags & SIM_SAME_SPI ? 7 : t->host * 31 + t->peer;

	for (unsigned i = 0; i < SIM_SAS_MAX; i++) {
		t->sa[i].in = mix(who, i, s->seed);
		t->sa[i].out = mix(t->host + 5, t->peer * 17 + i, s->seed + 1);
	}
}

static struct truth *truth_of(struct sim *s, const struct sim_pair *p)
{
	struct truth *t;

	for (unsigned i = 0; i < s->n; i++)
		if (s->t[i].host == p->host && s->t[i].peer == p->peer)
			return &s->t[i];
	if (s->n == TRUTHS)
		abort();
	t = &s->t[s->n++];
	t->host = p->host;
	t->peer = p->peer;
	t->spi_i = (uint64_t)mix(p->host, p->peer, s->seed + 2) << 32 | p->host;
	t->spi_r = (uint64_t)mix(p->peer, p->host, s->seed + 3) << 32 | 1;
	t->msgid = 1;
	new_spis(s, t);
	return t;
}

static void ike_pass(struct sim *s, struct truth *t, bool out,
	const struct ike_head *h)
{
	struct espnat_verdict v;
	bool good = false;

	if (out) {
		s->j->ike_out(s->state, s->now, t->host, t->peer, h);
		return;
	}
	if (s->flags & SIM_RIGID && s->j->ike_rigid)
		s->j->ike_rigid(s->state, s->now, t->peer, t->host, h, &v);
	else
		s->j->ike_in(s->state, s->now, t->peer, t->host, h, &v);
	for (unsigned i = 0; i < v.n; i++)
		good |= v.to[i] == t->host;
	s->score.ike++;
	s->score.ike_good += good;
}

/* IKEv1: cookies are what SPIs are, quick mode has a number of its own. */
static void ike1(struct sim *s, struct truth *t, bool out, uint8_t exchange)
{
	struct ike_head h = {.spi_i = t->spi_i, .spi_r = t->started ? t->spi_r : 0,
		.version = 0x10, .exchange = exchange,
		.msgid = exchange == IKE1_QUICK ? mix(t->msgid, t->host, t->peer)
						: 0};

	t->started = true;
	ike_pass(s, t, out, &h);
}

static void ike(struct sim *s, struct truth *t, bool out, uint8_t exchange,
	bool response, bool from_peer)
{
	struct ike_head h = {.spi_i = t->spi_i,
		.spi_r = exchange == IKE_SA_INIT && !response ? 0 : t->spi_r,
		.version = 0x20, .exchange = exchange,
		.msgid = exchange == IKE_SA_INIT ? 0
			 : from_peer		? t->peer_msgid
						: t->msgid,
		.flags = (uint8_t)((out ? IKE_FLAG_INITIATOR : 0) |
			(response ? IKE_FLAG_RESPONSE : 0))};

	ike_pass(s, t, out, &h);
}

static void esp_in(struct sim *s, struct truth *t, struct sa *sa)
{
	struct espnat_verdict v;
	bool good = false;

	s->j->esp_in(s->state, s->now, t->peer, t->host, sa->in, ++sa->in_seq,
		&v);
	for (unsigned i = 0; i < v.n; i++)
		good |= v.to[i] == t->host;
	s->score.in++;
	s->score.in_good += good;
	s->score.in_wrong += !good && v.n;
	s->score.in_lost += !v.n;
	s->score.copies += good ? v.n - 1 : 0;
	sa->lost += !v.n;
	s->score.worst_lost = MAX2(s->score.worst_lost, sa->lost);
}

static void esp_out(struct sim *s, struct truth *t, struct sa *sa)
{
	s->score.out++;
	s->score.out_good += s->j->esp_out(s->state, s->now, t->host, t->peer,
		sa->out, ++sa->out_seq);
}

static void forged(struct sim *s, struct truth *t)
{
	struct espnat_verdict v;

	s->j->esp_in(s->state, s->now, t->peer, 0,
		mix(s->seed, (uint32_t)s->now, ++s->forged),
		1, &v);
	s->score.to_strangers += v.n > 0;
}

static void icmp(struct sim *s, struct truth *t, const struct sa *sa)
{
	s->score.icmp++;
	s->score.icmp_good += s->j->icmp(s->state, t->peer, sa->out) == t->host;
}

static void icmp_ike(struct sim *s, struct truth *t)
{
	s->score.icmp++;
	s->score.icmp_good += !s->j->icmp_ike ||
		s->j->icmp_ike(s->state, t->peer, t->host, t->spi_i) == t->host;
}

static void natt(struct sim *s, struct truth *t)
{
	s->score.natt++;
	s->score.natt_good += !s->j->natt ||
		s->j->natt(s->state, s->now, t->host, t->peer);
}

static void renew_ike(struct truth *t)
{
	t->spi_i ^= 0x5a5a5a5a00000000;
	t->spi_r ^= 0x3c3c3c3c00000000;
	t->msgid = t->peer_msgid = 0;
}

void sim_do(struct sim *s, const struct sim_pair *p, unsigned act)
{
	struct truth *t = truth_of(s, p);
	const struct sim_act *a = &p->act[act];
	struct sa *sa = &t->sa[a->sa % SIM_SAS_MAX];

	switch (a->step) {
	case SIM_INIT_OUT:
		if (t->started)
			renew_ike(t);
		t->started = true;
		ike(s, t, true, IKE_SA_INIT, false, false);
		return;
	case SIM_INIT_IN:   ike(s, t, false, IKE_SA_INIT, true, false); return;
	case SIM_AUTH_OUT:  ike(s, t, true, IKE_AUTH, false, false); return;
	case SIM_AUTH_IN:   ike(s, t, false, IKE_AUTH, true, false); return;
	case SIM_CHILD_OUT:
		t->msgid++;
		ike(s, t, true, IKE_CREATE_CHILD_SA, false, false);
		return;
	case SIM_CHILD_IN:
		ike(s, t, false, IKE_CREATE_CHILD_SA, true, false);
		return;
	case SIM_PCHILD_IN:
		ike(s, t, false, IKE_CREATE_CHILD_SA, false, true);
		return;
	case SIM_PCHILD_OUT:
		ike(s, t, true, IKE_CREATE_CHILD_SA, true, true);
		t->peer_msgid++;
		return;
	case SIM_IKE_NEW_IN:
		renew_ike(t);
		ike(s, t, false, IKE_INFORMATIONAL, false, true);
		return;
	case SIM_IN:	 esp_in(s, t, sa); return;
	case SIM_OUT:	 esp_out(s, t, sa); return;
	case SIM_FORGED: forged(s, t); return;
	case SIM_ICMP:	 icmp(s, t, sa); return;
	case SIM_ICMP_IKE: icmp_ike(s, t); return;
	case SIM_NATT:	 natt(s, t); return;
	case SIM_MAIN_OUT: ike1(s, t, true, IKE1_MAIN); return;
	case SIM_MAIN_IN: ike1(s, t, false, IKE1_MAIN); return;
	case SIM_AGGR_OUT: ike1(s, t, true, IKE1_AGGRESSIVE); return;
	case SIM_AGGR_IN: ike1(s, t, false, IKE1_AGGRESSIVE); return;
	case SIM_QUICK_OUT:
		t->msgid++;
		ike1(s, t, true, IKE1_QUICK);
		return;
	case SIM_QUICK_IN: ike1(s, t, false, IKE1_QUICK); return;
	}
}

/* Long times pass in seconds, so that timers run as they would. */
void sim_pass(struct sim *s, msec_t ms)
{
	if (s->j->pass)
		s->j->pass(s->state, ms);
	while (ms > 1000) {
		s->now += 1000;
		ms -= 1000;
		s->j->tick(s->state, s->now);
	}
	s->now += ms;
}

void sim_restart(struct sim *s, bool table)
{
	s->j->restart(s->state, s->now, table);
}

void sim_fix(struct sim *s, uint32_t host)
{
	if (s->j->fix)
		s->j->fix(s->state, host);
}

void sim_moved(struct sim *s)
{
	if (s->j->moved)
		s->j->moved(s->state, s->now);
	else
		s->j->restart(s->state, s->now, false);
}

const struct sim_score *sim_score(const struct sim *s)
{
	return &s->score;
}

void sim_score_add(struct sim_score *to, const struct sim_score *f)
{
	to->in += f->in;
	to->in_good += f->in_good;
	to->in_wrong += f->in_wrong;
	to->in_lost += f->in_lost;
	to->copies += f->copies;
	to->out += f->out;
	to->out_good += f->out_good;
	to->ike += f->ike;
	to->ike_good += f->ike_good;
	to->icmp += f->icmp;
	to->icmp_good += f->icmp_good;
	to->natt += f->natt;
	to->natt_good += f->natt_good;
	to->to_strangers += f->to_strangers;
	to->worst_lost = MAX2(to->worst_lost, f->worst_lost);
}

/* ---- orders ---- */

static uint32_t next_random(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	return *x ^= *x << 5;
}

struct order {
	const struct judge *j;
	const struct sim_pair *pairs;
	unsigned n, len;
	msec_t dt;
	uint64_t done[SIM_PAIRS_MAX];
	struct {
		uint8_t pair, act;
	} path[SIM_STEPS_MAX * 8];
	uint64_t max, count;
	struct sim_score sum;
};

static bool ready(const struct sim_pair *p, uint64_t done, unsigned act)
{
	return !(done >> act & 1) && !(p->act[act].needs & ~done);
}

static void play(struct order *o)
{
	struct sim *s = sim_new(o->j, (unsigned)o->count, 0);

	for (unsigned i = 0; i < o->len; i++) {
		sim_do(s, &o->pairs[o->path[i].pair], o->path[i].act);
		s->now += o->dt;
	}
	sim_score_add(&o->sum, &s->score);
	sim_free(s);
	o->count++;
}

static void descend(struct order *o)
{
	bool any = false;

	for (unsigned i = 0; i < o->n; i++) {
		for (unsigned a = 0; a < o->pairs[i].n; a++) {
			if (o->count >= o->max)
				return;
			if (!ready(&o->pairs[i], o->done[i], a))
				continue;
			any = true;
			o->path[o->len].pair = (uint8_t)i;
			o->path[o->len++].act = (uint8_t)a;
			o->done[i] |= 1ull << a;
			descend(o);
			o->done[i] &= ~(1ull << a);
			o->len--;
		}
	}
	if (!any)
		play(o);
}

uint64_t sim_all_orders(const struct judge *j, const struct sim_pair *pairs,
	unsigned n, msec_t dt, uint64_t max, struct sim_score *ret)
{
	struct order o = {.j = j, .pairs = pairs, .n = n, .dt = dt, .max = max};

	descend(&o);
	*ret = o.sum;
	return o.count;
}

/* One order into o->path: at each place any act that is ready. */
static void draw(struct order *o, uint32_t *x)
{
	memset(o->done, 0, sizeof(o->done));
	o->len = 0;
	for (;;) {
		unsigned n = 0, pick, pair[SIM_STEPS_MAX * 8], a[SIM_STEPS_MAX * 8];

		for (unsigned i = 0; i < o->n; i++)
			for (unsigned k = 0; k < o->pairs[i].n; k++)
				if (ready(&o->pairs[i], o->done[i], k)) {
					pair[n] = i;
					a[n++] = k;
				}
		if (!n)
			return;
		pick = next_random(x) % n;
		o->path[o->len].pair = (uint8_t)pair[pick];
		o->path[o->len++].act = (uint8_t)a[pick];
		o->done[pair[pick]] |= 1ull << a[pick];
	}
}

enum { SEEN_BITS = 21 };

/* Has this order been drawn before? Open addressing over 64-bit hashes. */
static bool seen_before(uint64_t *seen, const struct order *o)
{
	static const struct hash_key key = {{3, 4}};
	uint64_t h = hash_bytes(&key, o->path, o->len * sizeof(o->path[0])) | 1;
	size_t at = h & ((1u << SEEN_BITS) - 1);

	while (seen[at] && seen[at] != h)
		at = (at + 1) & ((1u << SEEN_BITS) - 1);
	if (seen[at])
		return true;
	seen[at] = h;
	return false;
}

uint64_t sim_drawn_orders(const struct judge *j, const struct sim_pair *pairs,
	unsigned n, msec_t dt, uint64_t max, struct sim_score *ret)
{
	struct order o = {.j = j, .pairs = pairs, .n = n, .dt = dt, .max = max};
	cleanup(freep) uint64_t *seen = xcalloc(1u << SEEN_BITS, sizeof(*seen));
	uint32_t x = 2463534242u;

	max = MIN2(max, 1u << (SEEN_BITS - 1));
	for (uint64_t i = 0; i < max * 8 && o.count < max; i++) {
		draw(&o, &x);
		if (!seen_before(seen, &o))
			play(&o);
	}
	*ret = o.sum;
	return o.count;
}

void sim_one_order(struct sim *s, const struct sim_pair *pairs, unsigned n,
	msec_t dt, unsigned seed)
{
	uint64_t done[SIM_PAIRS_MAX] = {0};
	uint32_t x = seed * 2654435761u | 1;
	unsigned left = 0;

	for (unsigned i = 0; i < n; i++)
		left += pairs[i].n;
	while (left) {
		unsigned i = next_random(&x) % n, a = 0, skip;

		/* near the front of what is ready, as networks are */
		skip = next_random(&x) % 3;
		for (unsigned k = 0; k < pairs[i].n; k++) {
			if (!ready(&pairs[i], done[i], k))
				continue;
			a = k + 1;
			if (!skip--)
				break;
		}
		if (!a)
			continue;
		sim_do(s, &pairs[i], a - 1);
		done[i] |= 1ull << (a - 1);
		left--;
		sim_pass(s, dt ? (msec_t)(next_random(&x) % (uint32_t)dt) : 0);
	}
}
