/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * apply's hold on the NDP filter (dataplane/nd.h): loaded before listen starts,
 * filled by listen's messages, attached when listen has said all it knows. So a
 * successor's filter takes the place of its predecessor's complete.
 */
#ifndef KADOMORID_SHIELD_H
#define KADOMORID_SHIELD_H

#include "listen.h"

struct shield;

/* Never NULL. Without BPF, or when the kernel refuses, it does nothing and
 * says why. ifindex: of the WAN, whose old filter then goes. */
struct shield *shield_new(int ifindex);
void shield_free(struct shield *s);
/* ACT_SHIELD or ACT_SHIELD_PORT, judged as a stranger's. 0 or -errno. */
int shield_do(struct shield *s, const struct act_msg *m);
/* listen has told everything. */
void shield_ready(struct shield *s, int ifindex);
void shield_sweep(struct shield *s, int ifindex);
void shield_generation(struct shield *s);
void shield_forget_old(struct shield *s);
/* Answers by the filter, address by address, sorted; at most max. */
size_t shield_asked(struct shield *s, struct asked *v, size_t max);
/* NULL: there is no filter. */
const volatile uint64_t *shield_counts(const struct shield *s);
/* "on", "off" or why not; for status. */
const char *shield_state(const struct shield *s);

#endif
