// SPDX-License-Identifier: GPL-2.0-or-later
/* A capture file, and what its frames say: the first byte chooses whether the
 * rest is a file or frames of one link, cut at 0xfe 0xfe. */
#include "observe/observe.h"

#define MUST(x) do { if (!(x)) abort(); } while (0)

static void on_frame(void *arg, uint32_t linktype, int64_t ms, const uint8_t *p,
	size_t n, size_t wire_n)
{
	MUST(n <= CAPTURE_BLOCK_MAX && wire_n >= n);
	observe_frame(arg, linktype, ms, p, n, wire_n);
}

static void as_file(struct observe *o, const uint8_t *p, size_t n, size_t piece)
{
	struct capture *c = capture_new(on_frame, o);

	for (size_t at = 0; at < n; at += piece)
		if (capture_feed(c, p + at, MIN2(piece, n - at)) < 0)
			break;
	(void)capture_end(c);
	capture_free(c);
}

static void as_frames(struct observe *o, uint32_t link, const uint8_t *p, size_t n)
{
	size_t from = 0;

	for (size_t at = 0; at <= n; at++)
		if (at == n || (p[at] == 0xfe && at + 1 < n && p[at + 1] == 0xfe)) {
			observe_frame(o, link, (int64_t)at * 10, p + from,
				at - from, at - from);
			from = at + 2;
			at++;
		}
}

/* Redacting clears big tables: not each time. */
static void look(struct observe *o, bool redact)
{
	static struct obs_device copy[OBS_HOSTS_MAX];
	const struct obs_device *d;
	size_t n = 0;

	for (size_t i = 0; (d = observe_device(o, i)); i++) {
		MUST(d->addr_n <= OBS_ADDRS_MAX && d->name_n <= OBS_NAMES_MAX);
		MUST(d->peer_n <= OBS_PEERS_MAX && d->other_n <= OBS_OTHERS_MAX);
		for (size_t k = 0; k < d->name_n; k++) {
			MUST(strlen(d->name[k].name) < OBS_NAME_LEN);
			for (const char *s = d->name[k].name; *s; s++)
				MUST(strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.?", *s));
		}
		for (size_t k = 0; k < d->peer_n; k++)
			MUST(d->peer[k].kind_n <= OBS_KINDS_MAX &&
				d->peer[k].renewal_n <= OBS_RENEWALS_MAX);
		if (redact && observe_is_device(o, d))
			copy[n++] = *d;
	}
	if (redact)
		(void)obs_redact(copy, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint32_t links[] = {LINKTYPE_ETHERNET, LINKTYPE_RAW,
		LINKTYPE_SLL, LINKTYPE_SLL2};
	struct observe_want w = {0};
	struct observe *o;

	if (!n)
		return 0;
	o = observe_new(&w);
	if (*p & 0x80)
		as_frames(o, links[*p & 3], p + 1, n - 1);
	else
		as_file(o, p + 1, n - 1, (size_t)(*p & 0x3f) * 16 + 1);
	look(o, *p & 0x40);
	observe_free(o);
	return 0;
}
