// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * DNS (RFC 1035 4.1) between a device and whom it asks: the names, and the
 * addresses they had, which tie a name to a peer. Over TCP (RFC 7766) a message
 * is put together from segments that come in order; others are left.
 */
#include "observe/own.h"

enum { QR = 0x80, RCODE = 0x0f, TYPE_A = 1, TYPE_AAAA = 28, CLASS_IN = 1,
	LABEL_MAX = 63, JUMPS_MAX = 32, RECORDS_MAX = 64, TCP_HEAD = 2 };

/* Letters for a terminal; DNS itself allows any byte (RFC 2181 11). */
static char shown(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
		c == '_' ? (char)c : '?';
}

/* A name at r; pointers only lead back (RFC 1035 4.1.4). False: damaged. */
static bool name_read(struct rd msg, struct rd *r, char out[OBS_NAME_LEN])
{
	struct rd at = *r;
	bool jumped = false;
	size_t n = 0;

	for (int jumps = 0; jumps < JUMPS_MAX;) {
		uint8_t len = rd_u8(&at);
		struct rd label;

		if (len >= 0xc0) {
			uint16_t to = (uint16_t)((len & 0x3f) << 8 | rd_u8(&at));

			if (!jumped)
				*r = at;
			jumped = true;
			jumps++;
			if (!rd_ok(&at) || to >= rd_left(&msg))
				return false;
			at = msg;
			rd_skip(&at, to);
			continue;
		}
		if (!rd_ok(&at) || len > LABEL_MAX)
			return false;
		if (!len)
			break;
		label = rd_sub(&at, len);
		if (!rd_ok(&label) || n + len + 2 > OBS_NAME_LEN)
			return false;
		if (n)
			out[n++] = '.';
		while (rd_left(&label))
			out[n++] = shown(rd_u8(&label));
	}
	out[n] = '\0';
	if (!jumped)
		*r = at;
	return rd_ok(&at);
}

static struct obs_name *name_of(struct obs_device *d, const char *s)
{
	struct obs_name *n;

	for (size_t i = 0; i < d->name_n; i++)
		if (!strcmp(d->name[i].name, s))
			return &d->name[i];
	if (d->name_n >= OBS_NAMES_MAX) {
		d->lost++;
		return NULL;
	}
	n = &d->name[d->name_n++];
	*n = (struct obs_name){.rcode = -1};
	strcpy(n->name, s); /* both OBS_NAME_LEN */
	return n;
}

static void answer_add(struct obs_name *n, enum family fam, struct rd r)
{
	struct addr a = {{0}};

	rd_copy(&r, fam == FAM_6 ? a.b : a.b + 12, fam == FAM_6 ? 16 : 4);
	if (!rd_ok(&r))
		return;
	for (size_t i = 0; i < n->answer_n; i++)
		if (n->answer[i].fam == fam && !addr_cmp(&n->answer[i].addr, &a))
			return;
	if (n->answer_n >= OBS_ANSWERS_MAX)
		return;
	n->answer[n->answer_n].fam = fam;
	n->answer[n->answer_n++].addr = a;
}

/* Records behind aliases belong to the name that was asked. */
static void answers(struct rd msg, struct rd *r, unsigned count,
	struct obs_name *n)
{
	char owner[OBS_NAME_LEN];

	for (unsigned i = 0; i < count && i < RECORDS_MAX; i++) {
		uint16_t type, class;
		struct rd data;

		if (!name_read(msg, r, owner))
			return;
		type = rd_be16(r);
		class = rd_be16(r);
		rd_skip(r, 4);
		data = rd_sub(r, rd_be16(r));
		if (!rd_ok(&data))
			return;
		if (class == CLASS_IN && type == TYPE_A)
			answer_add(n, FAM_4, data);
		else if (class == CLASS_IN && type == TYPE_AAAA)
			answer_add(n, FAM_6, data);
	}
}

static void question_note(struct observe *o, size_t h, const struct look *l,
	uint16_t id)
{
	o->question[o->question_at++ % QUESTION_MAX] = (struct question){
		.waits = true, .host = (uint8_t)h, .fam = l->fam,
		.other = l->other, .self_port = l->self_port, .id = id};
}

/* Was it asked for? A first answer ends the waiting, as it does the asker's. */
static bool question_end(struct observe *o, size_t h, const struct look *l,
	uint16_t id)
{
	for (size_t i = 0; i < QUESTION_MAX; i++) {
		struct question *q = &o->question[i];

		if (!q->waits || q->host != h || q->fam != l->fam || q->id != id ||
			q->self_port != l->self_port ||
			addr_cmp(&q->other, &l->other))
			continue;
		q->waits = false;
		return true;
	}
	return false;
}

void look_dns(struct observe *o, size_t h, const struct look *l, struct rd r,
	bool tcp)
{
	struct obs_device *d = &o->host[h]->d;
	char name[OBS_NAME_LEN];
	struct obs_name *n;
	struct rd msg = r;
	uint16_t asked, answered, id = rd_be16(&r);
	uint8_t flags, code;

	flags = rd_u8(&r);
	code = rd_u8(&r);
	asked = rd_be16(&r);
	answered = rd_be16(&r);
	rd_skip(&r, 4);
	/* the device asks; a query towards it or an answer of it is no fact */
	if (!rd_ok(&r) || asked != 1 || !(flags & QR) != (l->dir == OBS_OUT) ||
		!name_read(msg, &r, name) || !*name)
		return;
	if (!tcp && !(flags & QR))
		question_note(o, h, l, id);
	else if (!tcp && !question_end(o, h, l, id))
		return;
	rd_skip(&r, 4);
	if (!rd_ok(&r))
		return;
	n = name_of(d, name);
	if (!n)
		return;
	n->tcp |= tcp;
	if (!(flags & QR)) {
		n->asked++;
		return;
	}
	n->rcode = code & RCODE;
	answers(msg, &r, answered, n);
}

/* --- over TCP -------------------------------------------------------------- */

static struct stream *stream_of(struct observe *o, size_t h,
	const struct look *l, bool make)
{
	struct stream *s;

	for (size_t i = 0; i < STREAM_MAX; i++) {
		s = &o->stream[i];
		if (s->used && s->host == h && s->fam == l->fam &&
			s->dir == l->dir && s->self_port == l->self_port &&
			!addr_cmp(&s->other, &l->other))
			return s;
	}
	if (!make)
		return NULL;
	s = &o->stream[o->stream_at++ % STREAM_MAX];
	*s = (struct stream){.used = true, .host = (uint8_t)h, .fam = l->fam,
		.other = l->other, .self_port = l->self_port, .dir = l->dir};
	return s;
}

static void stream_messages(struct observe *o, size_t h, const struct look *l,
	struct stream *s)
{
	for (;;) {
		struct rd r = rd_of(s->b, s->n);
		size_t len = rd_be16(&r);
		struct rd msg = rd_sub(&r, len);

		if (!rd_ok(&msg)) {
			/* can never be whole: leave the stream */
			s->used = len + TCP_HEAD <= STREAM_BYTES;
			return;
		}
		look_dns(o, h, l, msg, true);
		s->n -= len + TCP_HEAD;
		memmove(s->b, s->b + len + TCP_HEAD, s->n);
	}
}

void look_dns_tcp(struct observe *o, size_t h, const struct look *l,
	uint32_t seq, bool syn, struct rd r)
{
	struct stream *s = stream_of(o, h, l, syn);
	size_t n = rd_left(&r);

	if (!s)
		return;
	if (syn) {
		s->next = seq + 1;
		s->n = 0;
		return;
	}
	if (seq != s->next || !n)
		return;
	if (s->n + n > STREAM_BYTES) {
		s->used = false;
		return;
	}
	rd_copy(&r, s->b + s->n, n);
	s->n += n;
	s->next += (uint32_t)n;
	stream_messages(o, h, l, s);
}
