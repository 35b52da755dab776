// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Somebody else's program at a device's tcx hook (6.6 and later): it counts what
 * it sees and lets it on, until standard input ends; then prints the count.
 *
 * usage: tcx DEVICE in|out
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int load(int map)
{
	const struct bpf_insn code[] = {
		{.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = BPF_REG_1,
			.src_reg = BPF_PSEUDO_MAP_VALUE, .imm = map},
		{0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2,
			.imm = 1},
		{.code = BPF_STX | BPF_ATOMIC | BPF_DW, .dst_reg = BPF_REG_1,
			.src_reg = BPF_REG_2, .imm = BPF_ADD},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0,
			.imm = -1}, /* TCX_NEXT */
		{.code = BPF_JMP | BPF_EXIT},
	};

	return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "somebody", "GPL", code,
		sizeof(code) / sizeof(*code), NULL);
}

int main(int argc, char **argv)
{
	enum { TCX_INGRESS = 46, TCX_EGRESS = 47 };
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "seen", 4, 8, 1, NULL);
	unsigned long long seen = 0;
	int prog, link, zero = 0;
	char c;

	if (argc != 3 || map < 0)
		return 1;
	prog = load(map);
	if (prog < 0) {
		perror("load");
		return 1;
	}
	link = bpf_link_create(prog, (int)if_nametoindex(argv[1]),
		(enum bpf_attach_type)(strcmp(argv[2], "in") ? TCX_EGRESS
							     : TCX_INGRESS),
		NULL);
	if (link < 0) {
		puts("no tcx");
		return 77;
	}
	while (read(0, &c, 1) > 0)
		;
	bpf_map_lookup_elem(map, &zero, &seen);
	printf("%llu\n", seen);
	return 0;
}
