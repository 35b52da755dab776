// SPDX-License-Identifier: GPL-2.0-or-later
/* What listen knows, as JSON for the command. */
#include "listen.h"
#include "dataplane/dataplane.h"

#include <jansson.h>
#include <stdio.h>

static uint64_t asked_of(const struct listen_show *l, const struct addr *a)
{
	struct asked key = {.addr = *a}, *found = l->asked_n
		? bsearch(&key, l->asked, l->asked_n, sizeof(key), asked_cmp)
		: NULL;

	return found ? found->times : 0;
}

static json_t *host_json(const struct listen_show *l, const struct np_host *h)
{
	char a[ADDR_STR], m[MAC_STR];
	json_t *sets = json_array();

	if (h->in_known)
		json_array_append_new(sets, json_string("known"));
	if (h->in_pinned)
		json_array_append_new(sets, json_string("pinned"));
	if (h->in_wanhosts)
		json_array_append_new(sets, json_string("wanhosts"));
	return json_pack("{s:s, s:s?, s:s, s:s, s:s, s:b, s:b, s:I, s:I, s:I, s:I, s:o}",
		"address", addr_format(FAM_6, &h->addr, a), "mac",
		h->has_mac ? mac_format(&h->mac, m) : NULL, "port",
		listen_port_name(l->in, h->port), "state", host_state_name(h->state),
		"evidence", evidence_name(h->evidence), "proven", h->proven,
		"pinned", h->pinned, "age_s", (json_int_t)(h->age / 1000),
		"heard_s", (json_int_t)(h->heard_ago / 1000), "asked_s",
		(json_int_t)(h->asked_ago < 0 ? -1 : h->asked_ago / 1000),
		"asked", (json_int_t)(h->asked + asked_of(l, &h->addr)),
		"sets", sets);
}

struct listing {
	const struct listen_show *l;
	json_t *hosts;
};

static void list_host(void *arg, const struct np_host *h)
{
	struct listing *x = arg;

	json_array_append_new(x->hosts, host_json(x->l, h));
}

/* What the filter in front of the socket dropped, under the same names. */
static uint64_t filter_refused(const struct listen_show *l, enum nd_verdict v)
{
	static const struct {
		enum nd_verdict v;
		enum nd_map_count c;
	} rows[] = {
		{ND_BAD_SHORT, ND_C_SHORT}, {ND_BAD_EXTHDR, ND_C_EXTHDR},
		{ND_BAD_FRAGMENT, ND_C_FRAGMENT},
		{ND_BAD_HOPLIMIT, ND_C_HOPLIMIT}, {ND_BAD_CODE, ND_C_CODE},
		{ND_BAD_LENGTH, ND_C_LENGTH}, {ND_BAD_SUM, ND_C_SUM},
		{ND_BAD_TARGET, ND_C_TARGET},
	};

	for (size_t i = 0; l->counts && i < ARRAY_LEN(rows); i++)
		if (rows[i].v == v)
			return l->counts[rows[i].c];
	return 0;
}

static void filter_json(const struct listen_show *l, json_t *o)
{
	static const struct {
		const char *name;
		enum nd_map_count c;
	} rows[] = {
		{"filter-answered", ND_C_ANSWERED}, {"filter-left-to-us", ND_C_UP},
		{"filter-unknown-over-budget", ND_C_OVER_STRANGER},
		{"filter-asked-over-budget", ND_C_OVER_ASKED},
		{"filter-own-over-budget", ND_C_OVER_OURS},
		{"filter-other-over-budget", ND_C_OVER_OTHER},
	};

	for (size_t i = 0; l->counts && i < ARRAY_LEN(rows); i++)
		json_object_set_new(o, rows[i].name,
			json_integer((json_int_t)l->counts[rows[i].c]));
}

static json_t *counters_json(const struct listen_show *l)
{
	json_t *o = json_object();
	char name[64];

	for (int i = 0; i < NP_COUNT_MAX; i++)
		json_object_set_new(o, np_count_name((enum np_count)i),
			json_integer((json_int_t)np_counter(l->np,
				(enum np_count)i)));
	for (int i = ND_BAD_SHORT; i < ND_VERDICT_MAX; i++) {
		snprintf(name, sizeof(name), "refused-%s",
			nd_verdict_name((enum nd_verdict)i));
		json_object_set_new(o, name, json_integer((json_int_t)
			(np_refused(l->np, (enum nd_verdict)i) +
				filter_refused(l, (enum nd_verdict)i))));
	}
	filter_json(l, o);
	return o;
}

static json_t *base_json(const struct listen_show *l)
{
	struct addr ll, prefix[8];
	char s[ADDR_STR];
	int64_t rest;
	bool up = np_router(l->np, l->now, &ll, &rest);
	size_t n = np_prefixes(l->np, prefix, ARRAY_LEN(prefix));
	json_t *p = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(p,
			json_string(addr_format(FAM_6, &prefix[i], s)));
	return json_pack("{s:i, s:b, s:b, s:s?, s:o}", "schema", 1, "proxy",
		listen_proxies(l->in), "loop", np_loop(l->np, NP_WAN),
		"router", up ? addr_format(FAM_6, &ll, s) : NULL, "prefixes", p);
}

static json_t *answer_host(const struct listen_show *l, const char *s)
{
	json_t *o = base_json(l);
	struct np_host h;
	enum family f;
	struct addr a;
	bool good = !addr_parse(s, &f, &a) && f == FAM_6;

	json_object_set_new(o, "in_prefix",
		json_boolean(good && np_in_prefix(l->np, &a)));
	if (good && np_lookup(l->np, l->now, &a, &h))
		json_object_set_new(o, "host", host_json(l, &h));
	return o;
}

static json_t *answer_hosts(const struct listen_show *l)
{
	json_t *o = base_json(l);
	struct listing x = {l, json_array()};

	np_each(l->np, l->now, list_host, &x);
	json_object_set_new(o, "hosts", x.hosts);
	json_object_set_new(o, "counters", counters_json(l));
	return o;
}

char *listen_answer(const struct listen_show *l, const char *question)
{
	json_t *o = strncmp(question, "host ", 5)
			    ? answer_hosts(l) : answer_host(l, question + 5);
	char *s = json_dumps(o, JSON_SORT_KEYS | JSON_INDENT(1));

	json_decref(o);
	return s ? s : xstrdup("{}");
}
