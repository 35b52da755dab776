/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sender and the watcher themselves: all UDP ports from the attacker on the
 * Internet to the security gateway (two bridges and a router between, no
 * filter) arrive once each; with a rule that drops a hundred of them in the
 * router, exactly these are missed; all 256 protocols arrive; the marks of
 * another run are not taken for ours.
 */
#include <errno.h>
#include <stdio.h>
#include "lab/lab.h"

enum { PORTS = 65536, PROTOS = 256, FRAME = 128 };

static int failed;

static void check(bool good, const char *what, size_t seen)
{
	printf("%s - %s (%zu)\n", good ? "ok" : "FAIL", what, seen);
	failed += !good;
}

static uint8_t (*bytes)[FRAME];
static struct lab_frame frames[PORTS];

static void build(const struct lab *lab, enum family fam, bool protos,
	uint32_t run)
{
	struct lab_probe p = {.fam = fam, .src_mac = lab_mac(lab, LAB_ATKIN),
		.dst_mac = lab_mac_net(lab), .sport = 40000, .run = run};

	lab_addr(lab, LAB_ATKIN, fam, &p.src);
	lab_addr(lab, LAB_SEGW, fam, &p.dst);
	for (uint32_t i = 0; i < (protos ? PROTOS : PORTS); i++) {
		int n;

		p.number = i;
		p.proto = protos ? (uint8_t)i : 17;
		p.dport = (uint16_t)i;
		n = lab_probe_build(&p, bytes[i], FRAME);
		frames[i] = (struct lab_frame){n > 0 ? bytes[i] : NULL,
			n > 0 ? (size_t)n : 0};
	}
}

static void shoot(const struct lab *lab, size_t n, uint32_t run, uint32_t look,
	struct lab_watch **ret)
{
	int64_t t = clock_ns();

	if (lab_watch_new(lab, LAB_SEGW, "eth0", true, look, PORTS, ret) < 0)
		abort();
	lab_watch_keep(*ret, 1);
	if (lab_shoot(lab, LAB_ATKIN, "eth0", frames, n, ret, 1) < 0)
		abort();
	t = clock_ns() - t;
	lab_watch_settle(ret, 1, 50);
	printf("# run %u: %zu frames in %.0f ms\n", run, n, (double)t / 1e6);
	check(lab_watch_lost(*ret) == 0, "the watcher lost nothing",
		lab_watch_lost(*ret));
}

static void story(struct lab *lab, enum family fam)
{
	size_t len = 0, wrong = 0;
	struct lab_watch *w;

	build(lab, fam, false, 1);
	shoot(lab, PORTS, 1, 1, &w);
	check(lab_watch_count(w) == PORTS, "all UDP ports arrive",
		lab_watch_count(w));
	lab_watch_frame(w, 0, &len);
	check(len >= 14, "a frame is kept", len);
	lab_watch_free(w);

	lab_run(lab, LAB_AN, "nft 'table inet t { chain f { type filter hook "
		"forward priority 0; udp dport 1000-1099 drop; }; }'");
	shoot(lab, PORTS, 1, 1, &w);
	for (uint32_t i = 0; i < PORTS; i++)
		wrong += lab_watch_seen(w, i) != (i < 1000 || i > 1099);
	check(wrong == 0, "exactly the hundred dropped ones are missed", wrong);
	lab_watch_free(w);
	lab_run(lab, LAB_AN, "nft delete table inet t");

	shoot(lab, 1000, 1, 2, &w);
	check(lab_watch_count(w) == 0, "another run's marks are not ours",
		lab_watch_count(w));
	lab_watch_free(w);

	build(lab, fam, true, 3);
	shoot(lab, PROTOS, 3, 3, &w);
	check(lab_watch_count(w) == PROTOS, "all 256 protocols arrive",
		lab_watch_count(w));
	lab_watch_free(w);
}

int main(void)
{
	static const enum lab_line lines[] = {LAB_FLETS_RA, LAB_DHCP4};
	char *why = NULL;

	bytes = xcalloc(PORTS, FRAME);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct lab *lab = NULL;
		int e = lab_up(&(struct lab_want){.line = lines[i], .bare = true},
			&lab, &why);

		if (e == -EPERM || e == -EOPNOTSUPP) {
			printf("skip: %s\n", why);
			return 77;
		}
		if (e < 0) {
			printf("FAIL: %s\n", why);
			return 1;
		}
		story(lab, lab_line_family(lines[i]));
		lab_down(lab);
	}
	free(bytes);
	return failed ? 1 : 0;
}
