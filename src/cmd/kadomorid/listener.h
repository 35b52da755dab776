/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KADOMORID_LISTENER_H
#define KADOMORID_LISTENER_H

#include "listen.h"

struct listener;
/* "ID TEXT", for whoever asked with that number. */
typedef void (*listener_answer_fn)(void *arg, const char *body, size_t len);
/* A listen has told all it knew; what listener_shield() says may be new. */
typedef void (*listener_ready_fn)(void *arg);

/* NULL when the line needs none. in is read anew at each start. */
struct listener *listener_new(struct event_base *base, const char *run,
	struct intent *const *in, listener_answer_fn answer,
	listener_ready_fn ready, void *arg);
/* sweep: take away routes and neighbours too. NULL is fine. */
void listener_free(struct listener *l, bool sweep);
/* The configuration changed. */
void listener_restart(struct listener *l);
/* Interfaces may have come or gone. NULL is fine. */
void listener_look(struct listener *l);
/* "ID QUESTION"; false: nobody is there to answer. */
bool listener_ask(struct listener *l, const char *question, size_t len);
/* Of the filter in front of listen's socket: "on", "off", why not; "" where
 * there is no proxy. */
const char *listener_shield(const struct listener *l);
/* rules and the members of our sets, one transaction. Caller frees. */
char *listener_with_sets(const struct listener *l, const char *rules);

#endif
