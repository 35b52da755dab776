/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames, clock and saved tables of any content into the machine. The first
 * byte says what follows: 0 a saved table; else records of port, two bytes of
 * milliseconds, two of length, bytes. Checksums are mended in half of the
 * frames, so that the fuzzer gets past them.
 */
#include "ndproxy/own.h"
#include "wire/sum.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void on_act(void *arg, const struct np_action *a)
{
	struct nd_msg m;

	(void)arg;
	/* what we send must be good, or an echo or solicitation of ours */
	if (a->what == ACT_SEND && a->frame[54] != 128 &&
		nd_parse(a->frame, a->frame_len, &m) != ND_GOOD)
		abort();
}

static void mend(uint8_t *f, size_t n)
{
	struct addr src, dst;

	if (n < 58)
		return;
	f[12] = 0x86;
	f[13] = 0xdd;
	f[14] = 0x60;
	put_be16(f + 18, (uint16_t)(n - 54));
	f[20] = 58;
	f[21] = 255;
	memcpy(&src, f + 22, 16);
	memcpy(&dst, f + 38, 16);
	f[55] = 0;
	put_be16(f + 56, 0);
	sum_put(f + 54, n - 54, 2, FAM_6, &src, &dst, 58);
}

static void frames(struct np *np, msec_t now, struct rd *r)
{
	uint8_t buf[1514];

	while (rd_left(r) >= 5) {
		uint8_t what = rd_u8(r);
		size_t n;

		now += rd_be16(r);
		n = rd_be16(r) % sizeof(buf);
		n = MIN2(n, rd_left(r));
		rd_copy(r, buf, n);
		if (what & 4)
			mend(buf, n);
		np_frame(np, now, what % 3, buf, n);
		np_tick(np, now);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct np_conf c = {.lan_n = 2, .proxy = true, .relay_dad = true,
		.shield = true};
	struct mac mac = {{2, 0, 0, 0, 0, 1}};
	struct addr ll = {{0xfe, 0x80, [15] = 1}};
	struct addr prefix = {{0x24, 0x04}};
	struct rd r = rd_of(p, n);
	struct np *np = np_new(&c, (struct hash_key){{1, 2}}, 1000, on_act,
		NULL);

	for (unsigned i = 0; i < 3; i++) {
		mac.b[5] = ll.b[15] = (uint8_t)(i + 1);
		np_port_up(np, 1000, i, &mac, &ll, 1500);
	}
	np_delegated(np, 1000, 0, &prefix, 86400, 3600);
	if (rd_u8(&r)) {
		frames(np, 1000, &r);
	} else {
		char *s = xstrndup((const char *)p, n);

		(void)np_restore(np, 5000, n ? s + 1 : s);
		free(s);
	}
	np_free(np);
	return 0;
}
