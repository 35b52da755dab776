/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of this room share. */
#ifndef KADOMORI_LAB_OWN_H
#define KADOMORI_LAB_OWN_H

#include "lab/lab.h"

/*
 * The line's /64 (RA) and the first /64 of the delegated /56 (PD), out of
 * ordinary space, as a house in Japan would see it.
 */
#define LAB_LAN6 "2409:11:4a0:2300::"

/* Shared by openiked in the guests and strongSwan in segw. */
#define LAB_PSK "a key that only the lab knows"

struct guest {
	pid_t pid;
	int fd; /* its command line */
	bool ready;
	unsigned sent; /* lines given to it */
	char line[4096]; /* read, not yet a whole line */
	size_t len;
};

struct lab {
	char *name, *dir;
	enum lab_line line;
	bool verbose, bridged;
	unsigned mtu;
	char *ns[LAB_NODE_MAX];
	pid_t *kids; /* started by this process, not yet reaped */
	size_t kid_n, kid_cap;
	pid_t line_radvd; /* on the line, 0: none */
	struct guest guest[LAB_NODE_MAX];
	pid_t peer[LAB_NODE_MAX]; /* charon, 0: none */
	/* what lab_addr_text() returned last */
	char text[LAB_NODE_MAX][2][ADDR_STR];
};

/* run.c */
int lab_ns_make(const struct lab *lab);
void lab_ns_remove(const struct lab *lab);
void lab_echo(const struct lab *lab, const char *where, const char *script);
/* A script where we are; NULL: remove the lab's folder. */
int lab_run_root(const struct lab *lab, const char *script);

/* topo.c: what lab_find() reads back */
int lab_state_save(const struct lab *lab);

/* line.c: the line's servers in an. 0 or -errno with *why. */
int lab_line_start(struct lab *lab, char **why);
/* RA with the house's /64 on the wire, whatever the line's kind. */
int lab_line_ra(struct lab *lab, char **why);
/* Write a file into the lab's folder. */
int lab_file(const struct lab *lab, const char *name, const char *fmt, ...)
	printf_like(3, 4);
/* Is a program installed? 0 or -EOPNOTSUPP with *why. */
int lab_lacks(const char *program, char **why);
/* radvd on an interface; prefix NULL: none; flags: further lines. Its pid. */
int lab_radvd(struct lab *lab, enum lab_node n, const char *ifname,
	const char *prefix, const char *flags, char **why);

/* tap.c: one frame; r stands at its Ethernet header. */
struct rd;
void lab_tap_frame(struct lab_tap *t, enum lab_dir dir, struct rd *r);

#endif
