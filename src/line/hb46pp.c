// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * HB46PP (v6pc/v6mig-prov): the TXT that names a provisioning server and the
 * JSON that it answers. Both come from strangers: every string is shortened
 * and made printable before it is kept.
 */
#include "line/outside.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>

/* ---- the TXT record ---- */

/*
 * How many bytes at s steer a terminal or turn its text round: C0, DEL, C1, and
 * the marks of writing direction (U+202A to 202E, U+2066 to 2069). 0: none.
 */
static size_t steers(const char *s, size_t n)
{
	const uint8_t *p = (const uint8_t *)s;

	if (p[0] < 0x20 || p[0] == 0x7f)
		return 1;
	if (n > 1 && p[0] == 0xc2 && p[1] < 0xa0)
		return 2;
	if (n > 2 && p[0] == 0xe2 && ((p[1] == 0x80 && p[2] >= 0xaa &&
		p[2] <= 0xae) || (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9)))
		return 3;
	return 0;
}

/* UTF-8 stays; what steers becomes '?'. */
static void keep(char *to, size_t cap, const char *s, size_t n)
{
	size_t k = 0, i = 0;

	while (i < n && k + 1 < cap) {
		size_t bad = steers(s + i, n - i);

		to[k++] = bad ? '?' : s[i];
		i += bad ? bad : 1;
	}
	/* the last character of a shortened one may be half there */
	while (i < n && k && ((unsigned char)to[k - 1] & 0xc0) == 0x80)
		k--;
	if (i < n && k && (unsigned char)to[k - 1] >= 0xc0)
		k--;
	to[k] = '\0';
}

static bool host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

/* What stands between "//" and the path: HOST, [ADDRESS], either :PORT. */
static bool take_host(const char *s, struct hb46pp_txt *t)
{
	size_t n = strcspn(s, "/?#"), k;
	const char *end = s + n, *h = s, *p;

	if (*s == '[') {
		h = s + 1;
		k = strspn(h, "0123456789abcdefABCDEF:.");
		p = h + k + 1;
		if (h[k] != ']')
			return false;
	} else {
		for (k = 0; host_char(h[k]); k++)
			;
		p = h + k;
	}
	if (!k || k >= sizeof(t->host) || p > end)
		return false;
	memcpy(t->host, h, k);
	t->host[k] = '\0';
	t->port = t->https ? 443 : 80;
	if (*p == ':' && p < end) {
		char *stop;
		unsigned long v = strtoul(p + 1, &stop, 10);

		if (stop == p + 1 || !v || v > UINT16_MAX)
			return false;
		t->port = (uint16_t)v;
		p = stop;
	}
	return p == end;
}

static bool take_url(const char *s, size_t n, struct hb46pp_txt *t)
{
	if (n >= sizeof(t->url))
		return false;
	for (size_t i = 0; i < n; i++)
		if (s[i] <= 0x20 || s[i] > 0x7e || strchr("\"'\\<>`{}|^@#", s[i]))
			return false;
	memcpy(t->url, s, n);
	t->url[n] = '\0';
	t->https = !strncmp(t->url, "https://", 8);
	if (!t->https && strncmp(t->url, "http://", 7))
		return false;
	return take_host(strstr(t->url, "//") + 2, t);
}

int hb46pp_txt_parse(const char *s, size_t n, struct hb46pp_txt *ret)
{
	struct hb46pp_txt t = {.check = true};
	bool version = false, url = false, check = false;
	size_t i = 0;

	while (i < n) {
		size_t k = 0;

		while (i < n && s[i] == ' ')
			i++;
		while (i + k < n && s[i + k] != ' ')
			k++;
		if (k == 9 && !memcmp(s + i, "v=v6mig-1", 9))
			version = true;
		else if (k > 4 && !memcmp(s + i, "url=", 4) && !url)
			url = take_url(s + i + 4, k - 4, &t);
		else if (k == 3 && !memcmp(s + i, "t=", 2)) {
			check = s[i + 2] == 'a' || s[i + 2] == 'b';
			t.check = s[i + 2] != 'a';
		}
		i += k;
	}
	/* http must say t=a (3.1) */
	if (!version || !url || !check || (!t.https && t.check))
		return -EBADMSG;
	*ret = t;
	return 0;
}

/* ---- the JSON ---- */

static void take_text(const json_t *j, const char *key, char *buf, size_t cap)
{
	const json_t *v = json_object_get(j, key);

	if (json_is_string(v))
		keep(buf, cap, json_string_value(v), json_string_length(v));
}

static enum line_v4 method(const char *s)
{
	static const struct {
		const char *word;
		enum line_v4 kind;
	} rows[] = {{"map_e", V4_MAPE}, {"lw4o6", V4_MAPE},
		{"dslite", V4_DSLITE}, {"ipip", V4_IPIP}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcmp(s, rows[i].word))
			return rows[i].kind;
	return V4_UNKNOWN; /* map_t, 464xlat, or not of the protocol */
}

static void take_order(const json_t *j, struct hb46pp *h)
{
	const json_t *list = json_object_get(j, "order");
	size_t n = json_array_size(list);

	for (size_t i = 0; i < n && h->order_n < HB_METHODS_MAX; i++) {
		const char *s = json_string_value(json_array_get(list, i));

		if (s)
			h->order[h->order_n++] = method(s);
	}
}

static bool prefix_of(const json_t *j, const char *key, enum family fam,
	struct addr *a, uint8_t *len)
{
	const char *s = json_string_value(json_object_get(j, key));
	struct addrmask m;
	int n;

	if (!s || strlen(s) > 64 || addrmask_parse(s, &m) || m.fam != fam)
		return false;
	n = mask_to_len(fam, &m.mask);
	if (n < 0)
		return false;
	*a = m.value;
	*len = (uint8_t)n;
	return true;
}

static bool number_of(const json_t *j, const char *key, json_int_t most,
	uint8_t *ret)
{
	const json_t *v = json_object_get(j, key);
	json_int_t n = json_is_integer(v) ? json_integer_value(v) : -1;

	if (n < 0 || n > most)
		return false;
	*ret = (uint8_t)n;
	return true;
}

static void take_rule(const json_t *j, const struct addr *ce, struct hb46pp *h)
{
	struct mape_rule r = {0};
	struct mape m;

	if (!prefix_of(j, "ipv6", FAM_6, &r.prefix6, &r.prefix6_len) ||
		!prefix_of(j, "ipv4", FAM_4, &r.prefix4, &r.prefix4_len) ||
		!number_of(j, "ea_length", 48, &r.ea_len) ||
		!number_of(j, "psid_offset", 15, &r.offset))
		return;
	h->rule_n++;
	if (h->has_rule || mape_of_rule(&r, ce, &m))
		return;
	h->has_rule = true;
	h->rule = r;
}

static void take_mape(const json_t *j, const struct addr *ce, struct hb46pp *h)
{
	const json_t *m = json_object_get(j, "map_e");
	const json_t *rules = json_object_get(m, "rules");
	size_t n = json_array_size(rules);
	uint8_t len;

	h->has_br = prefix_of(m, "br", FAM_6, &h->br, &len) && len == 128;
	for (size_t i = 0; i < n && i < HB_RULES_MAX; i++)
		take_rule(json_array_get(rules, i), ce, h);
}

int hb46pp_json_parse(const char *s, size_t n, const struct addr *ce,
	struct hb46pp *ret)
{
	struct hb46pp h = *ret;
	json_t *j = n <= HB_BODY_MAX ? json_loadb(s, n, 0, NULL) : NULL;
	const json_t *ttl;

	if (!json_is_object(j) || !json_is_array(json_object_get(j, "order"))) {
		json_decref(j);
		return -EBADMSG;
	}
	take_text(j, "enabler_name", h.enabler, sizeof(h.enabler));
	take_text(j, "service_name", h.service, sizeof(h.service));
	take_text(j, "isp_name", h.isp, sizeof(h.isp));
	take_text(json_object_get(j, "dslite"), "aftr", h.aftr, sizeof(h.aftr));
	ttl = json_object_get(j, "ttl");
	if (json_is_integer(ttl) && json_integer_value(ttl) >= 0)
		h.ttl_s = (uint32_t)MIN2(json_integer_value(ttl), 604800);
	take_order(j, &h);
	take_mape(j, ce, &h);
	h.has_ipip = prefix_of(json_array_get(json_object_get(j, "ipip"), 0),
		"ipv4", FAM_4, &h.ipip4, &h.ipip4_len);
	json_decref(j);
	*ret = h;
	return 0;
}
