// SPDX-License-Identifier: GPL-2.0-or-later
#include "ipc.h"
#include "base/rd.h"
#include "base/text.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

struct head {
	uint32_t type, len;
};

struct ipc {
	struct bufferevent *bev;
	ipc_fn got;
	ipc_gone_fn gone;
	void *arg;
};

/* One message if it is whole; false otherwise. */
static bool take_one(struct ipc *i, struct evbuffer *in)
{
	struct head h;
	char *body;

	if (evbuffer_copyout(in, &h, sizeof(h)) < (ssize_t)sizeof(h))
		return false;
	if (h.type < IPC_FACTS || h.type >= IPC_END_ || h.len > IPC_BYTES_MAX) {
		i->gone(i->arg);
		return false;
	}
	if (evbuffer_get_length(in) < sizeof(h) + h.len)
		return false;
	evbuffer_drain(in, sizeof(h));
	body = xmalloc((size_t)h.len + 1);
	evbuffer_remove(in, body, h.len);
	body[h.len] = '\0';
	i->got(i->arg, (enum ipc_type)h.type, body, h.len);
	free(body);
	return true;
}

static void on_read(struct bufferevent *bev, void *arg)
{
	while (take_one(arg, bufferevent_get_input(bev)))
		;
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct ipc *i = arg;

	(void)bev;
	if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR))
		i->gone(i->arg);
}

struct ipc *ipc_new(struct event_base *base, int fd, ipc_fn got,
	ipc_gone_fn gone, void *arg)
{
	struct ipc *i = xcalloc(1, sizeof(*i));

	evutil_make_socket_nonblocking(fd);
	i->bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	i->got = got;
	i->gone = gone;
	i->arg = arg;
	bufferevent_setcb(i->bev, on_read, NULL, on_event, i);
	bufferevent_enable(i->bev, EV_READ | EV_WRITE);
	return i;
}

void ipc_free(struct ipc *i)
{
	if (!i)
		return;
	bufferevent_free(i->bev);
	free(i);
}

void ipc_send(struct ipc *i, enum ipc_type t, const void *body, size_t len)
{
	struct head h = {(uint32_t)t, (uint32_t)len};

	bufferevent_write(i->bev, &h, sizeof(h));
	bufferevent_write(i->bev, body, len);
}

enum { FACTS_LIST_MAX = 8192 };

static void pack_masks(struct text *out, const struct addrmask *m, size_t n)
{
	uint32_t count = (uint32_t)n;

	text_addn(out, (const char *)&count, sizeof(count));
	text_addn(out, (const char *)m, n * sizeof(*m));
}

void facts_pack(const struct facts *f, struct text *out)
{
	uint32_t fixed[4] = {(uint32_t)f->line, f->has_wan4, f->ndproxy_gate,
		(uint32_t)f->known_n};

	text_addn(out, (const char *)fixed, sizeof(fixed));
	text_addn(out, (const char *)&f->wan4, sizeof(f->wan4));
	pack_masks(out, f->lan6, f->lan6_n);
	pack_masks(out, f->seg6, f->seg6_n);
	pack_masks(out, f->lan4, f->lan4_n);
	text_addn(out, (const char *)f->known, f->known_n * sizeof(*f->known));
}

static void unpack_masks(struct rd *r, struct addrmask **v, size_t *n,
	size_t *cap)
{
	uint32_t count = 0;

	rd_copy(r, &count, sizeof(count));
	if (count > FACTS_LIST_MAX)
		rd_skip(r, SIZE_MAX);
	for (uint32_t i = 0; rd_ok(r) && i < count; i++)
		rd_copy(r, GROW(*v, *n, *cap), sizeof(**v));
}

int facts_unpack(const void *p, size_t n, struct facts *ret)
{
	struct rd r = rd_of(p, n);
	struct facts f = {.lenient = true};
	uint32_t fixed[4];

	rd_copy(&r, fixed, sizeof(fixed));
	f.line = fixed[0] < LINE_KIND_MAX ? (enum line_kind)fixed[0] : LINE_AUTO;
	f.has_wan4 = fixed[1];
	f.ndproxy_gate = fixed[2];
	rd_copy(&r, &f.wan4, sizeof(f.wan4));
	unpack_masks(&r, &f.lan6, &f.lan6_n, &f.lan6_cap);
	unpack_masks(&r, &f.seg6, &f.seg6_n, &f.seg6_cap);
	unpack_masks(&r, &f.lan4, &f.lan4_n, &f.lan4_cap);
	for (uint32_t i = 0; rd_ok(&r) && i < fixed[3] && i < FACTS_LIST_MAX; i++)
		rd_copy(&r, GROW(f.known, f.known_n, f.known_cap),
			sizeof(*f.known));
	if (!rd_ok(&r) || rd_left(&r)) {
		facts_done(&f);
		return -EBADMSG;
	}
	*ret = f;
	return 0;
}
