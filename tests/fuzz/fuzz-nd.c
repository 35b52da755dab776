// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ND frames and RA bodies. The first byte says whether to repair hop limit and
 * checksum, so that the fuzzer reaches what lies behind them.
 */
#include "wire/nd.h"
#include "wire/ra.h"
#include "wire/sum.h"

#define MUST(x) do { if (!(x)) abort(); } while (0)

static void round_trip(const struct nd_msg *m)
{
	uint8_t buf[ND_FRAME_MAX];
	struct wr w = wr_of(buf, sizeof(buf));
	struct nd_msg again;

	if (m->type != ND_NS && m->type != ND_NA)
		return;
	MUST(nd_build(&w, m) == 0);
	MUST(nd_parse(buf, wr_len(&w), &again) == ND_GOOD);
	MUST(!memcmp(&again.target, &m->target, 16));
	MUST(again.has_sll == m->has_sll && again.has_tll == m->has_tll);
}

static void ra_round(const uint8_t *p, size_t n)
{
	uint8_t buf[RA_BODY_MAX];
	struct wr w = wr_of(buf, sizeof(buf));
	struct ra a, b;

	if (ra_parse(p, n, &a) < 0)
		return;
	MUST(ra_build(&w, &a) == 0);
	MUST(ra_parse(buf, wr_len(&w), &b) == 0);
	MUST(a.prefix_n == b.prefix_n && a.rdnss_n == b.rdnss_n);
	MUST(a.route_n == b.route_n && a.dnssl_n == b.dnssl_n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	uint8_t f[2048];
	struct nd_msg m;
	struct addr s, d;

	if (n < 1 || n > sizeof(f))
		return 0;
	n--;
	memcpy(f, data + 1, n);
	if ((data[0] & 1) && n >= 58) {
		memcpy(f + 12, "\x86\xdd\x60", 3);
		put_be16(f + 18, (uint16_t)(n - 54));
		f[20] = 58;
		f[21] = 255;
		f[54] = (uint8_t)(133 + f[54] % 5);
		f[55] = f[56] = f[57] = 0;
		memcpy(s.b, f + 22, 16);
		memcpy(d.b, f + 38, 16);
		sum_put(f + 54, n - 54, 2, FAM_6, &s, &d, 58);
	}
	if (nd_parse(f, n, &m) == ND_GOOD)
		round_trip(&m);
	ra_round(data, n);
	return 0;
}
