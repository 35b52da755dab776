// SPDX-License-Identifier: GPL-2.0-or-later
/* The fast path's part of kadomori status: where, and why not elsewhere. */
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

static const char *words_of(const char *why)
{
	static const struct {
		const char *why, *words;
	} rows[] = {
		{"asked", N_("as the command line wants it")},
		{"no-ethernet", N_("a kind of link that the fast path does not know: the kernel forwards")},
		{"bare", N_("PPPoE or a tunnel, which has no Ethernet header: at tc")},
		{"vlan", N_("a VLAN: its tags are the kernel's, so at tc")},
		{"vlan-above", N_("a VLAN stands on it: its tags may not be in the packet, so at tc")},
		{"bond", N_("a bond: at tc")},
		{"veth", N_("veth hands over packets with unfinished checksums, so at tc")},
		{"foreign-xdp", N_("another XDP program sits there, so at tc")},
		{"driver", N_("the driver has no XDP, so at tc")},
		{"no-xmit", N_("XDP may not send out of it; packets towards it go at tc")},
		{"shaper", N_("a shaper or another program at tc stands there and sees every packet; towards it at tc")},
		{"foreign-tc", N_("another program's filters or programs at tc stand there and must see every packet")},
		{"tc-refused", N_("the kernel takes no tc program there")},
		{"bridge-vlans", N_("its bridge filters VLANs: the kernel forwards")},
		{"bridge-tc", N_("a shaper or another program at tc stands at its bridge and sees every packet: the kernel forwards")},
		{"too-many", N_("too many interfaces: the kernel forwards")},
		{"foreign", N_("another firewall's rules must see every packet")},
		{"kernel", N_("this kernel does not take it (6.1 or later is needed)")},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!strcmp(rows[i].why, why))
			return _(rows[i].words);
	return why;
}

static void print_port(const json_t *p)
{
	const char *mode = str(p, "mode"), *why = str(p, "why");

	printf("  %-12s %-7s", str(p, "name"),
		!strcmp(mode, "off") ? _("off") : mode);
	printf(_(" %lld packets came in fast"), num(p, "packets"));
	if (*why)
		printf("; %s", words_of(why));
	putchar('\n');
}

void status_print_fast(const json_t *status)
{
	const json_t *f = json_object_get(status, "fast_path");
	size_t i;
	json_t *p;

	if (!json_is_object(f))
		return;
	if (!json_is_true(json_object_get(f, "on"))) {
		printf(_("Fast path: off; %s"), words_of(str(f, "why")));
		printf(*str(f, "words") ? ": %.200s\n" : "%s\n",
			str(f, "words"));
		return;
	}
	printf(_("Fast path: %lld flows, %lld packets fast, %lld through the kernel\n"),
		num(f, "flows"), num(f, "fast_packets"),
		num(f, "missed") + num(f, "unusual") + num(f, "samples"));
	json_array_foreach(json_object_get(f, "ports"), i, p)
		print_port(p);
	if (num(f, "full") || num(f, "no_hop"))
		printf(_("  the table was full for %lld packets; they went through the kernel\n"),
			num(f, "full") + num(f, "no_hop"));
	if (num(f, "one_in") > 1)
		printf(_("  one flow in %lld is looked up now: most have too few packets to gain by it\n"),
			num(f, "one_in"));
}
