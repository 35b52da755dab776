/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words that `reflect` and `doctor` share about a reflector. */
#ifndef KADOMORI_CMD_REFLECT_RUN_H
#define KADOMORI_CMD_REFLECT_RUN_H

#include "probe/probe.h"

enum { IDLE_MS = 25 * 1000 }; /* more than a keep-alive's 20 s (TS 29.139) */

struct reflect_args {
	const char *host, *key_file;
	struct reflect_key key;
	enum family fam;
	uint16_t port;
	struct endpoint source;
	struct endpoint listen[REFLECT_PLACES_MAX];
	size_t listen_n;
	unsigned idle_ms;
	bool quick;
	uint16_t tcp[REFLECT_PORTS_MAX], udp[REFLECT_PORTS_MAX];
	size_t tcp_n, udp_n;
};

void reflect_args_init(struct reflect_args *a);
/*
 * One word; i is moved over its value. 1: taken, 0: not one of these, -1: its
 * value is no good.
 */
int reflect_args_take(struct reflect_args *a, int argc, char **argv, int *i);
/* All words, the host among them. */
bool reflect_args_read(int argc, char **argv, struct reflect_args *a);
/* 0, or -errno after a sentence on stderr. */
int reflect_key_read(const char *file, struct reflect_key *ret);
/* 0, or an EAI_ code. */
int reflect_args_want(const struct reflect_args *a, struct reflect_ask_want *ret);

#endif
