// SPDX-License-Identifier: GPL-2.0-or-later
/* The IPsec part of kadomori status: who talks to whom, and how we know. */
#include "status.h"
#include "base/tr.h"

#include <stdio.h>

static const char *str(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static long long num(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static const char *how_words(const char *how)
{
	static const struct {
		const char *how, *words;
	} rows[] = {
		{"open", N_("not decided: copies to each candidate")},
		{"only", N_("no other device can own it")},
		{"excluded", N_("the others' SAs are all accounted for")},
		{"answers", N_("this device answers it, the others never do")},
		{"restored", N_("known from before the restart")},
		{"shared", N_("two devices chose the same SPI: copies to both")},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcmp(rows[i].how, how))
			return _(rows[i].words);
	return how;
}

/* How sure: what is bound by proof and has lasted; by proof, but young or from
 * a file; by how devices behaved; not at all. */
static const char *sure_words(const json_t *s)
{
	const char *how = str(s, "how");

	if (!strcmp(how, "open") || !strcmp(how, "shared"))
		return "";
	if (!json_is_true(json_object_get(s, "firm")))
		return _(" (on trial)");
	return strcmp(how, "answers") ? _(" (sure)") : _(" (very likely)");
}

/* The configured name of an address, or the address. */
static const char *name_of(const json_t *devices, const char *host)
{
	size_t i;
	json_t *d;

	json_array_foreach(devices, i, d)
		if (!strcmp(str(d, "ipv4"), host))
			return str(d, "name");
	return host;
}

static void print_ike(const json_t *devices, const json_t *k)
{
	printf(_("  IKE %s  %s - %s: %lld out, %lld in, for %lld s, silent %lld s\n"),
		str(k, "spi_i"), name_of(devices, str(k, "host")),
		str(k, "peer"), num(k, "out"), num(k, "in"), num(k, "age_s"),
		num(k, "idle_s"));
}

static void print_out(const json_t *devices, const json_t *o)
{
	printf(_("  ESP %s  %s -> %s: %lld packets, for %lld s, silent %lld s\n"),
		str(o, "spi"), name_of(devices, str(o, "host")),
		str(o, "peer"), num(o, "packets"), num(o, "age_s"),
		num(o, "idle_s"));
}

static void print_in(const json_t *devices, const json_t *s)
{
	size_t i;
	json_t *h;

	printf("  ESP %s  ", str(s, "spi"));
	json_array_foreach(json_object_get(s, "hosts"), i, h)
		printf("%s%s", i ? ", " : "",
			name_of(devices, json_string_value(h)));
	printf(_(" <- %s: %lld packets, for %lld s, silent %lld s; %s%s\n"),
		str(s, "peer"), num(s, "packets"), num(s, "age_s"),
		num(s, "idle_s"), how_words(str(s, "how")),
		sure_words(s));
}

void status_print_ipsec(const json_t *status)
{
	const json_t *v = json_object_get(status, "ipsec");
	const json_t *devices = json_object_get(status, "devices");
	const json_t *ike = json_object_get(v, "ike");
	const json_t *in = json_object_get(v, "in");
	const json_t *out = json_object_get(v, "out");
	const json_t *c = json_object_get(v, "counters");
	size_t i;
	json_t *x;

	if (!json_array_size(ike) && !json_array_size(out))
		return;
	puts(_("IPsec behind the one IPv4 address:"));
	json_array_foreach(ike, i, x)
		print_ike(devices, x);
	json_array_foreach(out, i, x)
		print_out(devices, x);
	json_array_foreach(in, i, x)
		print_in(devices, x);
	printf(_("  dropped: %lld nobody's, %lld over the limit; copies: %lld\n"),
		num(c, "stranger"), num(c, "budget") + num(c, "crowd"),
		num(c, "copies"));
}
