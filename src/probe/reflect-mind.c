// SPDX-License-Identifier: GPL-2.0-or-later
#include "probe/probe.h"

#include <nettle/hmac.h>
#include <nettle/memops.h>

enum { REASON_TAKEN, REASON_KIND, REASON_SIZE, REASON_DELAY,
	REASON_FULL = REFLECT_FULL, REASON_PORT };

static bool same_home(const struct endpoint *a, const struct endpoint *b)
{
	return a->fam == b->fam && !addr_cmp(&a->addr, &b->addr);
}

/* IPv4 address or IPv6 /56: one household. */
static struct addr household(const struct endpoint *e)
{
	struct addr mask = mask_of_len(e->fam, e->fam == FAM_4 ? 32 : 56);

	return addr_and(&e->addr, &mask);
}

/* A token bucket per household; households that share one wait for each other. */
static bool within_rate(struct reflect_mind *m, msec_t now,
	const struct endpoint *from)
{
	struct addr h = household(from);
	size_t i = hash_bytes(&m->hash, h.b, sizeof(h.b)) % REFLECT_BUCKETS;
	msec_t more = (now - m->bucket[i].at) * REFLECT_PER_S / 1000;

	if (!m->bucket[i].at) {
		m->bucket[i].left = REFLECT_BURST;
		m->bucket[i].at = now;
	} else if (more > 0) {
		m->bucket[i].left = (int)MIN2(m->bucket[i].left + more,
			(msec_t)REFLECT_BURST);
		m->bucket[i].at = now;
	}
	if (m->bucket[i].left <= 0)
		return false;
	m->bucket[i].left--;
	return true;
}

static void cookie_make(const struct reflect_mind *m, msec_t epoch,
	const struct endpoint *from, const uint8_t *nonce,
	uint8_t ret[REFLECT_COOKIE])
{
	struct hmac_sha256_ctx c;
	uint8_t b[8 + 1 + 2 + 16];
	struct wr w = wr_of(b, sizeof(b));

	wr_be64(&w, (uint64_t)epoch);
	wr_u8(&w, (uint8_t)from->fam);
	wr_be16(&w, from->port);
	wr_copy(&w, from->addr.b, 16);
	hmac_sha256_set_key(&c, sizeof(m->secret), m->secret);
	hmac_sha256_update(&c, sizeof(b), b);
	hmac_sha256_update(&c, REFLECT_NONCE, nonce);
	hmac_sha256_digest(&c, REFLECT_COOKIE, ret);
}

static bool cookie_good(const struct reflect_mind *m, msec_t now,
	const struct endpoint *from, const struct reflect_msg *q)
{
	uint8_t c[REFLECT_COOKIE];

	for (int back = 0; back < 2; back++) {
		cookie_make(m, now / REFLECT_COOKIE_MS - back, from, q->nonce, c);
		if (memeql_sec(c, q->cookie, sizeof(c)))
			return true;
	}
	return false;
}

static struct reflect_session *session_find(struct reflect_mind *m, msec_t now,
	const struct endpoint *from, const uint8_t *nonce, size_t nonce_n)
{
	for (size_t i = 0; i < REFLECT_SESSIONS_MAX; i++) {
		struct reflect_session *s = &m->s[i];

		if (s->used && now >= s->until)
			s->used = false;
		if (s->used && same_home(&s->home, from) &&
			!memcmp(s->nonce, nonce, nonce_n))
			return s;
	}
	return NULL;
}

static struct reflect_session *session_new(struct reflect_mind *m, msec_t now,
	const struct endpoint *from, const uint8_t *nonce)
{
	struct addr mine = household(from);
	struct reflect_session *room = NULL;
	size_t here = 0;

	for (size_t i = 0; i < REFLECT_SESSIONS_MAX; i++) {
		struct reflect_session *s = &m->s[i];
		struct addr h = household(&s->home);

		if (!s->used)
			room = room ? room : s;
		else if (s->home.fam == from->fam && !addr_cmp(&h, &mine))
			here++;
	}
	if (!room || here >= REFLECT_SESSIONS_HOME)
		return NULL;
	memset(room, 0, sizeof(*room));
	room->used = true;
	room->home = *from;
	room->until = now + REFLECT_SESSION_MS;
	memcpy(room->nonce, nonce, REFLECT_NONCE);
	m->stats.sessions++;
	return room;
}

static uint8_t take_item(struct reflect_session *s, msec_t now,
	const struct reflect_item *t)
{
	struct reflect_job *j;

	if (!t->kind || t->kind >= REFLECT_KIND_MAX)
		return REASON_KIND;
	if (t->size > REFLECT_SIZE_MAX)
		return REASON_SIZE;
	if (t->delay_ms > REFLECT_DELAY_MAX)
		return REASON_DELAY;
	if (!t->port && (t->kind == REFLECT_TCP || t->kind == REFLECT_UDP))
		return REASON_PORT;
	if (s->job_n == REFLECT_JOBS_MAX || s->bytes + t->size > REFLECT_BYTES_MAX)
		return REASON_FULL;
	j = &s->job[s->job_n++];
	*j = (struct reflect_job){.item = *t, .due = now + t->delay_ms};
	s->bytes += t->size;
	s->until = MAX2(s->until, j->due + REFLECT_SESSION_MS);
	return REASON_TAKEN;
}

static bool on_hello(struct reflect_mind *m, msec_t now,
	const struct endpoint *from, const struct reflect_msg *q,
	struct reflect_msg *a)
{
	a->type = REFLECT_CHALLENGE;
	a->you = *from;
	a->has_alt = from->fam == FAM_4 ? m->has_alt4 : m->has_alt6;
	a->has_esp = m->has_esp;
	cookie_make(m, now / REFLECT_COOKIE_MS, from, q->nonce, a->cookie);
	return true;
}

/* A session whose number has risen; made if this is its first order. */
static struct reflect_session *proven(struct reflect_mind *m, msec_t now,
	const struct endpoint *from, const struct reflect_msg *q)
{
	struct reflect_session *s;

	if (!cookie_good(m, now, from, q)) {
		m->stats.refused_cookie++;
		return NULL;
	}
	s = session_find(m, now, from, q->nonce, REFLECT_NONCE);
	if (!s)
		s = session_new(m, now, from, q->nonce);
	if (!s) {
		m->stats.refused_full++;
		return NULL;
	}
	if (q->number <= s->number) {
		m->stats.refused_replay++;
		return NULL;
	}
	s->number = q->number;
	s->until = MAX2(s->until, now + REFLECT_SESSION_MS);
	return s;
}

static bool on_order(struct reflect_mind *m, msec_t now,
	const struct endpoint *from, const struct reflect_msg *q,
	struct reflect_msg *a)
{
	size_t full = m->stats.refused_full;
	struct reflect_session *s = proven(m, now, from, q);

	/* a proven home is told that there is no room */
	if (!s && full == m->stats.refused_full)
		return false;
	a->type = REFLECT_ACCEPT;
	a->number = q->number;
	a->item_n = q->item_n;
	for (size_t i = 0; i < q->item_n; i++)
		a->verdict[i] = s ? take_item(s, now, &q->item[i]) : REASON_FULL;
	return true;
}

static bool on_ask(struct reflect_mind *m, msec_t now,
	const struct endpoint *from, const struct reflect_msg *q,
	struct reflect_msg *a)
{
	struct reflect_session *s = proven(m, now, from, q);
	size_t from_job;

	if (!s)
		return false;
	a->type = REFLECT_REPORT;
	memcpy(a->seen, s->seen, sizeof(a->seen));
	a->seen_n = s->seen_n;
	/* the newest ones, if they are more than fit */
	from_job = s->job_n > ARRAY_LEN(a->done) ? s->job_n - ARRAY_LEN(a->done) : 0;
	for (size_t i = from_job; i < s->job_n; i++)
		a->done[a->done_n++] = (struct reflect_done){
			s->job[i].item.tag, s->job[i].state};
	return true;
}

size_t reflect_mind_input(struct reflect_mind *m, msec_t now,
	const struct endpoint *from, const uint8_t *b, size_t n, uint8_t *out,
	size_t cap)
{
	static struct reflect_msg q, a;
	bool answer = false;
	int len;

	m->stats.got++;
	if (reflect_parse(b, n, &m->key, &q) < 0) {
		m->stats.refused_key++;
		return 0;
	}
	if (!within_rate(m, now, from)) {
		m->stats.refused_rate++;
		return 0;
	}
	memset(&a, 0, sizeof(a));
	memcpy(a.nonce, q.nonce, REFLECT_NONCE);
	if (q.type == REFLECT_HELLO)
		answer = on_hello(m, now, from, &q, &a);
	else if (q.type == REFLECT_ORDER)
		answer = on_order(m, now, from, &q, &a);
	else if (q.type == REFLECT_ASK)
		answer = on_ask(m, now, from, &q, &a);
	len = answer ? reflect_build(&a, &m->key, out, MIN2(cap, n)) : 0;
	if (len <= 0)
		return 0;
	if (q.type == REFLECT_HELLO) {
		m->stats.before_in += n;
		m->stats.before_out += (size_t)len;
	}
	return (size_t)len;
}

struct reflect_job *reflect_mind_due(struct reflect_mind *m, msec_t now,
	struct endpoint *to, struct reflect_token *token)
{
	for (size_t i = 0; i < REFLECT_SESSIONS_MAX; i++) {
		struct reflect_session *s = &m->s[i];

		for (size_t k = 0; s->used && k < s->job_n; k++) {
			struct reflect_job *j = &s->job[k];

			if (j->handed || now < j->due)
				continue;
			j->handed = true;
			*to = s->home;
			to->port = j->item.port ? j->item.port
						: s->last_port[j->item.kind];
			token->kind = j->item.kind;
			token->tag = j->item.tag;
			memcpy(token->nonce, s->nonce, sizeof(token->nonce));
			m->stats.packets++;
			return j;
		}
	}
	return NULL;
}

msec_t reflect_mind_wait(const struct reflect_mind *m, msec_t now, msec_t max)
{
	for (size_t i = 0; i < REFLECT_SESSIONS_MAX; i++)
		for (size_t k = 0; m->s[i].used && k < m->s[i].job_n; k++) {
			const struct reflect_job *j = &m->s[i].job[k];

			if (!j->handed && j->due - now < max)
				max = MAX2(j->due - now, 0);
		}
	return max;
}

bool reflect_mind_saw(struct reflect_mind *m, msec_t now, uint8_t kind,
	const struct endpoint *from, const uint8_t *b, size_t n)
{
	struct reflect_session *s;
	struct reflect_token t;

	if (reflect_token_of(kind, b, n, &t) < 0)
		return false;
	s = session_find(m, now, from, t.nonce, sizeof(t.nonce));
	if (!s)
		return false;
	s->last_port[kind] = from->port;
	for (size_t i = 0; i < s->seen_n; i++)
		if (s->seen[i].kind == kind && s->seen[i].tag == t.tag) {
			s->seen[i].size = (uint16_t)MAX2(s->seen[i].size, n);
			return true;
		}
	if (s->seen_n < REFLECT_SEEN_MAX)
		s->seen[s->seen_n++] = (struct reflect_seen){kind, t.tag,
			(uint16_t)n, from->port};
	return true;
}
