/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A table of packets and what must become of them (tests/packets/NAME.tbl):
 *
 *	conf			the household's words, up to "end"
 *	wan wan0
 *	end
 *	lan6 2404:7a80:1:1::/64	facts: lan6, seg6, lan4, wan4, known
 *	let CASA 2404:...	$CASA stands for it from here on
 *	pass esp to $CASA
 *	drop tcp to $CASA port 22|80 flags s|sa
 *	pass icmpv6 type 2 to $CASA related after esp from $CASA to $PEER in lan out wan
 *
 * a|b makes one packet for each. "after PACKET" goes through the gateway
 * before; an "established" packet without it answers its own reverse.
 */
#ifndef KADOMORI_TESTS_TABLE_H
#define KADOMORI_TESTS_TABLE_H

#include "policy/policy.h"

struct table_row {
	bool pass;
	char *words;
	unsigned line;
	struct packet p;
	bool has_before;
	struct packet before;
};

struct table {
	struct intent *in;
	struct facts f;
	struct policy *pol;
	struct table_row *rows;
	size_t row_n, row_cap;
};

/* Reads and compiles; a mistake ends the program with file and line. */
void table_load(const char *path, struct table *ret);
void table_done(struct table *t);

#endif
