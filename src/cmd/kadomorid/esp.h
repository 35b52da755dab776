/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IPsec of many devices behind one IPv4 address, the daemon's part:
 *
 *	kernel ──nflog──▶ learn (no rights) ──changes──▶ apply ──▶ nft maps
 *	                    └──raw socket: packets passed on to devices
 *
 * esp.c is apply's half, learn.c the process.
 */
#ifndef KADOMORID_ESP_H
#define KADOMORID_ESP_H

#include "policy/policy.h"

struct event_base;
struct settings;
struct ipc;

struct esp;
typedef void (*esp_status_fn)(void *arg, const char *json);
/* A binding that was written into the maps; NULL: all are gone. */
struct espnat_change;
typedef void (*esp_binding_fn)(void *arg, const struct espnat_change *c);
/* Adds what passed without the kernel's counters (fast_esp_counts). */
typedef void (*esp_fast_fn)(void *arg, struct text *out);
struct esp *esp_new(struct event_base *base, const struct settings *s,
	esp_status_fn status, esp_binding_fn binding, esp_fast_fn fast,
	void *arg);
/* The learner ends; its bindings are written. */
void esp_free(struct esp *e);
/* decide's table (NULL or "": none, the learner ends). Loads, starts. */
void esp_table(struct esp *e, const char *rules, const struct facts *f);
/* The addresses changed: another one outside forgets everything. */
void esp_facts(struct esp *e, const struct facts *f);

/* What apply tells learn at its start and when it changes. */
struct esp_hello {
	uint32_t wan4;
	uint32_t flush; /* 1: forget all */
};

/* learn.c. Never returns. */
_Noreturn void learn_run(int ipc_fd, int nflog_fd, int raw_fd);

#endif
