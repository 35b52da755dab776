/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kadomori observe, kadomori pin: facts as JSON, kept on this machine. */
#ifndef KADOMORI_CMD_OBSERVE_H
#define KADOMORI_CMD_OBSERVE_H

#include <jansson.h>
#include "intent/intent.h"
#include "observe/observe.h"

enum { FACTS_MAX = OBS_HOSTS_MAX };

/* What was observed, as it is kept. */
struct facts_seen {
	char source[128];	/* interface or file, for people */
	struct observe_counts c;
	struct obs_device *d;	/* heap */
	size_t n;
};
void facts_seen_done(struct facts_seen *f);

/* observe-json.c: the devices of o (all that observe_is_device() names). */
json_t *seen_json(const struct observe *o, const char *source);
json_t *facts_json(const struct facts_seen *f);
/* 0, or -EINVAL: not what facts_json() writes. */
int facts_of_json(const json_t *j, struct facts_seen *ret);
/* The file of facts: STATE/observe.json. Caller frees. */
char *facts_path(const char *state);
/* 0, -ENOENT, -EINVAL or another -errno. */
int facts_load(const char *path, struct facts_seen *ret);
/* Atomically, readable by root only. 0 or -errno. */
int facts_save(const char *path, const struct facts_seen *f);

/* observe-show.c: the report for people. in may be NULL: no names of devices. */
void facts_show(const struct facts_seen *f, const struct intent *in);
/* The configuration's name for an observed device, or NULL. */
const struct device *facts_device(const struct intent *in,
	const struct obs_device *d);
/* "2026-11-26 10:40:21" in local time. */
enum { WHEN_STR = 32 };
char *when_text(int64_t ms, char buf[WHEN_STR]);

/* observe-live.c */
struct watch_want {
	const char *ifname[OBS_OWN_MAX];
	size_t if_n;
	const char *file;	/* NULL: live; "-": standard input */
	unsigned seconds;	/* 0: until interrupted */
	struct observe_want o;
	const struct facts_seen *seed; /* or NULL */
	const char *save;	/* path to save to as it goes on, or NULL */
};
/*
 * Watch or read, in a process without rights. 0 and *ret; -EPERM; -ENODEV with
 * the interface's name in *what; -EBADMSG: the file is damaged (what was read
 * until there is in *ret).
 */
int observe_watch(const struct watch_want *w, struct facts_seen *ret,
	const char **what);

#endif
