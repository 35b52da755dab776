// SPDX-License-Identifier: GPL-2.0-or-later
/* Answers to the IKE probe. First byte: port 500 or 4500; the SPI is put right,
 * or the fuzzer would never get past it. */
#include "probe/probe.h"
#include "wire/ikev2.h"

#define MUST(x) do { if (!(x)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const uint8_t rnd[40] = {9, 1};
	static uint8_t buf[65536], out[IKE_SEND_MAX];
	struct ike_want w = {.peer = {.fam = FAM_4, .port = IKE_PORT},
		.self = {.fam = FAM_4}};
	static struct ike_probe start;
	struct ike_probe q;
	size_t at = 0;

	if (!n || n >= sizeof(buf))
		return 0;
	if (!start.spi_i)
		MUST(!ike_probe_init(&start, &w, rnd));
	q = start;
	if (*p & 1) {
		q.want.peer.port = IKE_NATT_PORT;
		at = 4;
	}
	memcpy(buf, p + 1, n - 1);
	if (n - 1 >= at + 8) {
		memset(buf, 0, at);
		put_be32(buf + at, (uint32_t)(q.spi_i >> 32));
		put_be32(buf + at + 4, (uint32_t)q.spi_i);
	}
	if (ike_probe_answer(&q, buf, n - 1)) {
		MUST(!q.over && q.rounds == 1);
		MUST(ike_probe_request(&q, out, sizeof(out)) > 0);
	}
	MUST(q.a.natd_self_n <= IKE_NATD_MAX && q.a.natd_peer_n <= IKE_NATD_MAX);
	MUST(q.a.vendor_n <= IKE_VENDOR_MAX && q.a.received == 1);
	return 0;
}
