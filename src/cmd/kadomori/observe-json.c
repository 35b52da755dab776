// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Facts to JSON and back. What is read back is checked like a stranger's: it
 * comes from a file, or from the process that looked at strangers' packets.
 */
#include "observe-cmd.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCHEMA = 1, FILE_MAX_BYTES = 16 << 20 };

void facts_seen_done(struct facts_seen *f)
{
	free(f->d);
	memset(f, 0, sizeof(*f));
}

/* --- writing ----------------------------------------------------------------- */

static json_t *addr_json(enum family fam, const struct addr *a)
{
	char buf[ADDR_STR];

	return json_string(addr_format(fam, a, buf));
}

static const char *dir_name(enum obs_dir d)
{
	return d == OBS_OUT ? "device" : "peer";
}

static json_t *both_json(const uint64_t n[2])
{
	return json_pack("{s:I, s:I}", "out", (json_int_t)n[OBS_OUT], "in",
		(json_int_t)n[OBS_IN]);
}

static json_t *kind_json(const struct obs_kind *k)
{
	return json_pack("{s:i, s:i, s:s, s:s, s:b, s:I, s:I, s:I, s:I, s:I, s:I}",
		"version", (int)k->version, "exchange", (int)k->exchange, "name",
		obs_exchange_name(k->version, k->exchange), "from",
		dir_name(k->dir), "response", (int)k->response, "messages",
		(json_int_t)k->n, "again", (json_int_t)k->again, "bytes_min",
		(json_int_t)k->min, "bytes_max", (json_int_t)k->max, "packets",
		(json_int_t)k->packets, "largest_packet", (json_int_t)k->largest);
}

static json_t *renewal_json(const struct obs_renewal *r)
{
	return json_pack("{s:I, s:s, s:s}", "at", (json_int_t)r->at, "what",
		obs_renewed_name(r->what), "by", dir_name(r->by));
}

static json_t *names_json(const struct obs_device *d, enum family fam,
	const struct addr *a)
{
	const char *names[OBS_NAMES_MAX];
	size_t n = obs_names_of(d, fam, a, names, OBS_NAMES_MAX);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(names[i]));
	return list;
}

static json_t *peer_json(const struct obs_device *d, const struct obs_peer *p)
{
	json_t *kinds = json_array(), *renewals = json_array(), *j;

	for (size_t i = 0; i < p->kind_n; i++)
		json_array_append_new(kinds, kind_json(&p->kind[i]));
	for (size_t i = 0; i < p->renewal_n; i++)
		json_array_append_new(renewals, renewal_json(&p->renewal[i]));
	j = json_pack("{s:o, s:o, s:o, s:{s:b, s:b}, s:{s:b, s:b}, s:b, s:b, s:b}",
		"address", addr_json(p->fam, &p->addr), "device_address",
		addr_json(p->fam, &p->self), "names",
		names_json(d, p->fam, &p->addr), "ike", "v1", (int)p->ikev1,
		"v2", (int)p->ikev2, "port", "500", (int)p->port500, "4500",
		(int)p->port4500, "device_starts", (int)p->device_starts,
		"peer_starts", (int)p->peer_starts, "answered", (int)p->answered);
	json_object_update_new(j, json_pack(
		"{s:{s:s, s:s}, s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:o, s:I, s:I, s:I}",
		"nat", "device", obs_nat_name(p->nat_device), "peer",
		obs_nat_name(p->nat_peer), "esp", both_json(p->esp), "esp_in_udp",
		both_json(p->esp_udp), "fragments", both_json(p->fragments),
		"keepalives", (json_int_t)p->keepalives, "keepalive_ms",
		(json_int_t)p->keepalive_ms, "woken_ms", (json_int_t)p->woken_ms,
		"exchanges", kinds, "renewals", renewals, "first",
		(json_int_t)p->first, "last", (json_int_t)p->last, "lost",
		(json_int_t)p->lost));
	return j;
}

static json_t *name_json(const struct obs_name *n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n->answer_n; i++)
		json_array_append_new(a, addr_json(n->answer[i].fam,
			&n->answer[i].addr));
	return json_pack("{s:s, s:I, s:b, s:i, s:o}", "name", n->name, "asked",
		(json_int_t)n->asked, "tcp", (int)n->tcp, "rcode", n->rcode,
		"addresses", a);
}

static json_t *other_json(const struct obs_device *d, const struct obs_other *t)
{
	const char *s = obs_service_name(t->proto, t->port);

	return json_pack("{s:o, s:o, s:i, s:i, s:s, s:s, s:b, s:o, s:I, s:I}",
		"address", addr_json(t->fam, &t->addr), "names",
		names_json(d, t->fam, &t->addr), "protocol", (int)t->proto, "port",
		(int)t->port, "service", s ? s : "", "begun_by",
		t->by == OBS_OUT ? "device" : "other", "answered",
		(int)t->answered, "packets", both_json(t->n), "first",
		(json_int_t)t->first, "last", (json_int_t)t->last);
}

static json_t *device_json(const struct obs_device *d)
{
	json_t *addrs = json_array(), *names = json_array();
	json_t *peers = json_array(), *others = json_array(), *j;
	char mac[MAC_STR];

	for (size_t i = 0; i < d->addr_n; i++)
		json_array_append_new(addrs, json_pack("{s:o, s:b}", "address",
			addr_json(d->addr[i].fam, &d->addr[i].addr), "eui64",
			(int)d->addr[i].eui64));
	for (size_t i = 0; i < d->name_n; i++)
		json_array_append_new(names, name_json(&d->name[i]));
	for (size_t i = 0; i < d->peer_n; i++)
		json_array_append_new(peers, peer_json(d, &d->peer[i]));
	for (size_t i = 0; i < d->other_n; i++)
		json_array_append_new(others, other_json(d, &d->other[i]));
	j = json_pack("{s:o, s:o, s:o, s:o, s:b, s:b, s:b, s:b, s:i, s:o, s:I, s:I, s:I}",
		"addresses", addrs, "names", names, "peers", peers, "others",
		others, "dhcp4", (int)d->dhcp4, "dhcp6", (int)d->dhcp6, "slaac",
		(int)d->slaac, "router", (int)d->router, "initiator",
		(int)d->initiator, "packets", both_json(d->packets), "first",
		(json_int_t)d->first, "last", (json_int_t)d->last, "lost",
		(json_int_t)d->lost);
	json_object_set_new(j, "mac", d->has_mac
		? json_string(mac_format(&d->mac, mac)) : json_null());
	return j;
}

static json_t *counts_json(const struct observe_counts *c)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "frames",
		(json_int_t)c->frames, "damaged", (json_int_t)c->damaged, "cut",
		(json_int_t)c->cut, "lost", (json_int_t)c->lost, "first",
		(json_int_t)c->first, "last", (json_int_t)c->last);
}

static json_t *whole_json(const char *source, const struct observe_counts *c,
	json_t *devices)
{
	return json_pack("{s:i, s:s, s:o, s:o}", "schema", SCHEMA, "source",
		source, "counts", counts_json(c), "devices", devices);
}

json_t *seen_json(const struct observe *o, const char *source)
{
	json_t *list = json_array();
	const struct obs_device *d;
	struct observe_counts c;

	for (size_t i = 0; (d = observe_device(o, i)); i++)
		if (observe_is_device(o, d))
			json_array_append_new(list, device_json(d));
	observe_counts(o, &c);
	return whole_json(source, &c, list);
}

json_t *facts_json(const struct facts_seen *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->n; i++)
		json_array_append_new(list, device_json(&f->d[i]));
	return whole_json(f->source, &f->c, list);
}

/* --- reading --------------------------------------------------------------------- */

/* Collects what is wrong, so that a reader is a list of fields. */
struct in {
	bool bad;
};

static int64_t number(struct in *in, const json_t *j, const char *key,
	int64_t lo, int64_t hi)
{
	const json_t *v = json_object_get(j, key);
	int64_t n = json_integer_value(v);

	if (!json_is_integer(v) || n < lo || n > hi) {
		in->bad = true;
		return lo;
	}
	return n;
}

static uint64_t count(struct in *in, const json_t *j, const char *key)
{
	return (uint64_t)number(in, j, key, 0, INT64_MAX);
}

static bool yes(struct in *in, const json_t *j, const char *key)
{
	const json_t *v = json_object_get(j, key);

	in->bad |= !json_is_boolean(v);
	return json_is_true(v);
}

static const char *string(struct in *in, const json_t *j, const char *key)
{
	const char *s = json_string_value(json_object_get(j, key));

	in->bad |= !s;
	return s ? s : "";
}

static void address(struct in *in, const json_t *v, enum family *fam,
	struct addr *ret)
{
	const char *s = json_string_value(v);

	if (!s || addr_parse(s, fam, ret) < 0)
		in->bad = true;
}

static void both(struct in *in, const json_t *j, const char *key, uint64_t n[2])
{
	const json_t *v = json_object_get(j, key);

	n[OBS_OUT] = count(in, v, "out");
	n[OBS_IN] = count(in, v, "in");
}

static enum obs_dir dir_of(struct in *in, const json_t *j, const char *key,
	const char *other)
{
	const char *s = string(in, j, key);

	in->bad |= strcmp(s, "device") && strcmp(s, other);
	return strcmp(s, "device") ? OBS_IN : OBS_OUT;
}

static enum obs_nat nat_of(struct in *in, const json_t *j, const char *key)
{
	const char *s = string(in, j, key);

	for (int i = 0; i <= OBS_NAT_REWRITTEN; i++)
		if (!strcmp(s, obs_nat_name((enum obs_nat)i)))
			return (enum obs_nat)i;
	in->bad = true;
	return OBS_NAT_UNKNOWN;
}

/* A list of at most max elements. */
static const json_t *list(struct in *in, const json_t *j, const char *key,
	size_t max, size_t *n)
{
	const json_t *v = json_object_get(j, key);

	*n = json_array_size(v);
	if (!json_is_array(v) || *n > max) {
		in->bad = true;
		*n = 0;
	}
	return v;
}

static void kind_read(struct in *in, const json_t *j, struct obs_kind *k)
{
	k->version = (uint8_t)number(in, j, "version", 1, 2);
	k->exchange = (uint8_t)number(in, j, "exchange", 0, 255);
	k->dir = dir_of(in, j, "from", "peer");
	k->response = yes(in, j, "response");
	k->n = (uint32_t)number(in, j, "messages", 0, UINT32_MAX);
	k->again = (uint32_t)number(in, j, "again", 0, UINT32_MAX);
	k->min = (uint32_t)number(in, j, "bytes_min", 0, UINT32_MAX);
	k->max = (uint32_t)number(in, j, "bytes_max", 0, UINT32_MAX);
	k->packets = (uint32_t)number(in, j, "packets", 0, UINT32_MAX);
	k->largest = (uint32_t)number(in, j, "largest_packet", 0, UINT32_MAX);
}

static void renewal_read(struct in *in, const json_t *j, struct obs_renewal *r)
{
	const char *s = string(in, j, "what");

	r->at = number(in, j, "at", 0, INT64_MAX);
	r->by = dir_of(in, j, "by", "peer");
	for (int i = 0; i <= OBS_RENEW_IKE; i++)
		if (!strcmp(s, obs_renewed_name((enum obs_renewed)i)))
			r->what = (enum obs_renewed)i;
}

static void peer_read(struct in *in, const json_t *j, struct obs_peer *p)
{
	const json_t *ike = json_object_get(j, "ike");
	const json_t *port = json_object_get(j, "port");
	const json_t *nat = json_object_get(j, "nat"), *v;
	enum family fam = FAM_NONE;

	address(in, json_object_get(j, "address"), &p->fam, &p->addr);
	address(in, json_object_get(j, "device_address"), &fam, &p->self);
	in->bad |= fam != p->fam;
	p->ikev1 = yes(in, ike, "v1");
	p->ikev2 = yes(in, ike, "v2");
	p->port500 = yes(in, port, "500");
	p->port4500 = yes(in, port, "4500");
	p->device_starts = yes(in, j, "device_starts");
	p->peer_starts = yes(in, j, "peer_starts");
	p->answered = yes(in, j, "answered");
	p->nat_device = nat_of(in, nat, "device");
	p->nat_peer = nat_of(in, nat, "peer");
	both(in, j, "esp", p->esp);
	both(in, j, "esp_in_udp", p->esp_udp);
	both(in, j, "fragments", p->fragments);
	p->keepalives = count(in, j, "keepalives");
	p->keepalive_ms = number(in, j, "keepalive_ms", 0, INT64_MAX);
	p->woken_ms = number(in, j, "woken_ms", 0, INT64_MAX);
	p->first = number(in, j, "first", 0, INT64_MAX);
	p->last = number(in, j, "last", 0, INT64_MAX);
	p->lost = count(in, j, "lost");
	v = list(in, j, "exchanges", OBS_KINDS_MAX, &p->kind_n);
	for (size_t i = 0; i < p->kind_n; i++)
		kind_read(in, json_array_get(v, i), &p->kind[i]);
	v = list(in, j, "renewals", OBS_RENEWALS_MAX, &p->renewal_n);
	for (size_t i = 0; i < p->renewal_n; i++)
		renewal_read(in, json_array_get(v, i), &p->renewal[i]);
}

static bool name_ok(const char *s)
{
	for (; *s; s++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-_.?", *s))
			return false;
	return true;
}

static void name_read(struct in *in, const json_t *j, struct obs_name *n)
{
	const char *s = string(in, j, "name");
	const json_t *v;

	in->bad |= !name_ok(s) || strlen(s) >= OBS_NAME_LEN;
	snprintf(n->name, sizeof(n->name), "%s", in->bad ? "" : s);
	n->asked = (uint32_t)number(in, j, "asked", 0, UINT32_MAX);
	n->tcp = yes(in, j, "tcp");
	n->rcode = (int)number(in, j, "rcode", -1, 15);
	v = list(in, j, "addresses", OBS_ANSWERS_MAX, &n->answer_n);
	for (size_t i = 0; i < n->answer_n; i++)
		address(in, json_array_get(v, i), &n->answer[i].fam,
			&n->answer[i].addr);
}

static void other_read(struct in *in, const json_t *j, struct obs_other *t)
{
	address(in, json_object_get(j, "address"), &t->fam, &t->addr);
	t->proto = (uint8_t)number(in, j, "protocol", 0, 255);
	t->port = (uint16_t)number(in, j, "port", 0, 65535);
	t->by = dir_of(in, j, "begun_by", "other");
	t->answered = yes(in, j, "answered");
	both(in, j, "packets", t->n);
	t->first = number(in, j, "first", 0, INT64_MAX);
	t->last = number(in, j, "last", 0, INT64_MAX);
}

static void addresses_read(struct in *in, const json_t *j, struct obs_device *d)
{
	const json_t *v = list(in, j, "addresses", OBS_ADDRS_MAX, &d->addr_n);

	for (size_t i = 0; i < d->addr_n; i++) {
		const json_t *a = json_array_get(v, i);

		address(in, json_object_get(a, "address"), &d->addr[i].fam,
			&d->addr[i].addr);
		d->addr[i].eui64 = yes(in, a, "eui64");
	}
}

static void device_read(struct in *in, const json_t *j, struct obs_device *d)
{
	const json_t *mac = json_object_get(j, "mac"), *v;

	d->has_mac = json_is_string(mac);
	if (d->has_mac && mac_parse(json_string_value(mac), &d->mac) < 0)
		in->bad = true;
	addresses_read(in, j, d);
	d->dhcp4 = yes(in, j, "dhcp4");
	d->dhcp6 = yes(in, j, "dhcp6");
	d->slaac = yes(in, j, "slaac");
	d->router = yes(in, j, "router");
	d->initiator = (uint8_t)number(in, j, "initiator", 0, OBS_STARTS);
	both(in, j, "packets", d->packets);
	d->first = number(in, j, "first", 0, INT64_MAX);
	d->last = number(in, j, "last", 0, INT64_MAX);
	d->lost = count(in, j, "lost");
	v = list(in, j, "names", OBS_NAMES_MAX, &d->name_n);
	for (size_t i = 0; i < d->name_n; i++)
		name_read(in, json_array_get(v, i), &d->name[i]);
	v = list(in, j, "peers", OBS_PEERS_MAX, &d->peer_n);
	for (size_t i = 0; i < d->peer_n; i++)
		peer_read(in, json_array_get(v, i), &d->peer[i]);
	v = list(in, j, "others", OBS_OTHERS_MAX, &d->other_n);
	for (size_t i = 0; i < d->other_n; i++)
		other_read(in, json_array_get(v, i), &d->other[i]);
}

int facts_of_json(const json_t *j, struct facts_seen *ret)
{
	struct facts_seen f = {0};
	struct in in = {0};
	const json_t *c = json_object_get(j, "counts"), *v;
	const char *source = string(&in, j, "source");

	for (const char *s = source; *s; s++)
		in.bad |= (unsigned char)*s < ' ' || *s == 0x7f;
	in.bad |= number(&in, j, "schema", SCHEMA, SCHEMA) != SCHEMA;
	snprintf(f.source, sizeof(f.source), "%s", in.bad ? "" : source);
	f.c.frames = count(&in, c, "frames");
	f.c.damaged = count(&in, c, "damaged");
	f.c.cut = count(&in, c, "cut");
	f.c.lost = count(&in, c, "lost");
	f.c.first = number(&in, c, "first", 0, INT64_MAX);
	f.c.last = number(&in, c, "last", 0, INT64_MAX);
	v = list(&in, j, "devices", FACTS_MAX, &f.n);
	f.d = xcalloc(f.n, sizeof(*f.d));
	for (size_t i = 0; i < f.n; i++)
		device_read(&in, json_array_get(v, i), &f.d[i]);
	if (in.bad) {
		facts_seen_done(&f);
		return -EINVAL;
	}
	*ret = f;
	return 0;
}

/* --- the file ---------------------------------------------------------------------- */

char *facts_path(const char *state)
{
	return xasprintf("%s/observe.json", state);
}

int facts_load(const char *path, struct facts_seen *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), e;
	struct stat st;
	json_t *j;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > FILE_MAX_BYTES) {
		close(fd);
		return -EINVAL;
	}
	j = json_loadfd(fd, JSON_REJECT_DUPLICATES, NULL);
	close(fd);
	e = j ? facts_of_json(j, ret) : -EINVAL;
	json_decref(j);
	return e;
}

static int folder_make(const char *path)
{
	char dir[PATH_MAX];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", path);
	slash = strrchr(dir, '/');
	if (!slash || slash == dir)
		return 0;
	*slash = '\0';
	return mkdir(dir, 0700) && errno != EEXIST ? -errno : 0;
}

int facts_save(const char *path, const struct facts_seen *f)
{
	cleanup(freep) char *fresh = xasprintf("%s.new", path);
	json_t *j;
	int fd, e = folder_make(path);

	if (e)
		return e;
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		0600);
	if (fd < 0)
		return -errno;
	j = facts_json(f);
	e = json_dumpfd(j, fd, JSON_SORT_KEYS | JSON_INDENT(1)) < 0 ||
		fsync(fd) < 0 ? -EIO : 0;
	json_decref(j);
	close(fd);
	if (e == 0 && rename(fresh, path) < 0)
		e = -errno;
	if (e)
		unlink(fresh);
	return e;
}
