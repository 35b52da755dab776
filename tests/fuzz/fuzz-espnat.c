// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any events in any order to espnat, and any text as its file of bindings.
 * Limits hold, copies go to devices only, every change is undone at the end.
 */
#include "base/rd.h"
#include "espnat/espnat.h"

#define MUST(x) do { if (!(x)) abort(); } while (0)

static long balance[ESPNAT_CHANGE_MAX];

static void on_change(void *arg, const struct espnat_change *c)
{
	(void)arg;
	balance[c->kind]++;
}

static void check(const struct espnat_verdict *v)
{
	MUST(v->n <= ESPNAT_COPIES_MAX);
	for (unsigned i = 0; i < v->n; i++)
		MUST((v->to[i] & 0xffffff00) == 0xc0a80100);
}

static void one(struct espnat *e, struct rd *r, msec_t now)
{
	uint8_t op = rd_u8(r), who = rd_u8(r), x = rd_u8(r);
	uint32_t host = 0xc0a80100 | (who & 15), peer = 1 + (who >> 4);
	struct ike_head h = {.spi_i = x & 15, .spi_r = x >> 4,
		.exchange = (uint8_t)(32 + (op >> 4) % 6), .flags = rd_u8(r),
		.msgid = op >> 6};
	struct espnat_verdict v = {0};

	switch (op % 10) {
	case 0: espnat_ike_out(e, now, host, peer, &h); break;
	case 1: espnat_ike_in(e, now, peer, &h, &v); break;
	case 2: espnat_esp_out(e, now, host, peer, x, h.flags); break;
	case 3:
	case 4: espnat_esp_in(e, now, peer, x, h.flags, &v); break;
	case 5: espnat_seen_in(e, now, peer, x, h.flags); break;
	case 6: espnat_seen_out(e, now, host, peer, x, h.flags); break;
	case 7: espnat_tick(e, now); break;
	case 8: espnat_esp_copied(e, now, peer, x, h.flags); break;
	default:
		if (h.flags == 7)
			espnat_lost(e, now);
		break;
	}
	check(&v);
}

static void undone(void)
{
	for (int k = 0; k < ESPNAT_CHANGE_MAX; k += 2)
		MUST(balance[k] == balance[k + 1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct espnat_limits l = {.peers = 8, .in = 64,
		.in_per_pair = 8, .cells = 16, .rate = 50, .burst = 20,
		.first = 10};
	static const struct hash_key key = {{1, 2}};
	struct text t = TEXT_INIT;
	struct rd r = rd_of(data, n);
	struct espnat_stats st;
	struct espnat *e;
	msec_t now = 1000;

	memset(balance, 0, sizeof(balance));
	e = espnat_new(&l, &key, on_change, NULL);
	if (n && data[0] == 'i') {
		(void)espnat_restore(e, now, (const char *)data, n);
	} else {
		while (rd_left(&r) >= 5) {
			now += (msec_t)rd_u8(&r) * rd_u8(&r) / 4;
			one(e, &r, now);
		}
	}
	espnat_save(e, now, &t);
	espnat_flush(e);
	espnat_stats_get(e, &st);
	MUST(!st.in && !st.open && !st.peers);
	undone();
	(void)espnat_restore(e, now, text_str(&t), t.len);
	espnat_flush(e);
	undone();
	espnat_free(e);
	text_done(&t);
	return 0;
}
