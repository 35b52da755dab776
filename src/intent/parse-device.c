// SPDX-License-Identifier: GPL-2.0-or-later
/* A device and its properties, on its line or in a block below it. */
#include "intent/own.h"
#include "base/tr.h"

static bool prop_mac(struct parser *ps, struct device *d)
{
	if (!lex_want(ps, _("a MAC address, such as 00:11:22:33:44:55")))
		return false;
	if (mac_parse(ps->word, &d->mac)) {
		lex_say(ps, _("\"%s\" is not a MAC address. It stands on the device's label: six pairs, such as 00:11:22:33:44:55"),
			ps->word);
		return false;
	}
	if (d->mac.b[0] & 1) {
		lex_say(ps, _("\"%s\" is a group address; a device's own MAC has an even first pair"),
			ps->word);
		return false;
	}
	d->has_mac = true;
	lex_next(ps);
	return true;
}

/* "::211:22ff:fe33:4455", optionally with its suffix mask. */
static bool prop_id(struct parser *ps, struct device *d)
{
	struct addr low64 = mask_suffix(FAM_6, 64);
	struct addrmask m;

	if (!lex_want(ps, _("the last half of the device's IPv6 address, such as ::211:22ff:fe33:4455")))
		return false;
	if (addrmask_parse(ps->word, &m) || m.fam != FAM_6) {
		lex_say(ps, _("\"%s\" is not an interface identifier. Write the last half of the IPv6 address, such as ::211:22ff:fe33:4455"),
			ps->word);
		return false;
	}
	if (!strchr(ps->word, '/')) {
		struct addr high = addr_not(&low64);
		struct addr prefix = addr_and(&m.value, &high);

		if (!addr_is_zero(&prefix)) {
			lex_say(ps, _("\"%s\" contains the prefix, which the line may change any day. Write only the last half: ::xxxx:xxxx:xxxx:xxxx"),
				ps->word);
			return false;
		}
		m.mask = low64;
	}
	if (addr_is_zero(&m.value)) {
		lex_say(ps, _("\"%s\" is no device's identifier"), ps->word);
		return false;
	}
	d->id = m;
	d->has_id = true;
	lex_next(ps);
	return true;
}

static bool prop_ipv4(struct parser *ps, struct device *d)
{
	enum family fam;

	if (!lex_want(ps, _("an IPv4 address, such as 192.168.10.9")))
		return false;
	if (addr_parse(ps->word, &fam, &d->ipv4) || fam != FAM_4) {
		lex_say(ps, _("\"%s\" is not an IPv4 address. Write for example 192.168.10.9"),
			ps->word);
		return false;
	}
	d->has_ipv4 = true;
	lex_next(ps);
	return true;
}

static bool prop_peer(struct parser *ps, struct device *d)
{
	struct addrmask m;
	size_t at_n, at_cap;

	do {
		if (!word_prefix(ps, &m))
			return false;
		if (d->peer_n >= PEERS_MAX) {
			lex_say(ps, _("too many peers at \"%s\" (64 at most)"),
				ps->word);
			return false;
		}
		at_n = d->peer_n;
		at_cap = d->peer_cap;
		*GROW(d->peers_at, at_n, at_cap) = ps->at;
		*GROW(d->peers, d->peer_n, d->peer_cap) = m;
		lex_next(ps);
	} while (word_is_prefix(ps));
	return true;
}

/* The current word names a property; false after a complaint. */
static bool property(struct parser *ps, struct device *d)
{
	static const char *const words[] = {"mac", "id", "ipv4", "peer",
		"isolated", "nat-t", "segment", NULL};
	int k = lex_choose(ps, words), yes;

	if (k < 0)
		return false;
	lex_next(ps);
	switch (k) {
	case 0:
		return prop_mac(ps, d);
	case 1:
		return prop_id(ps, d);
	case 2:
		return prop_ipv4(ps, d);
	case 3:
		return prop_peer(ps, d);
	case 4:
		yes = word_yes_no(ps);
		d->isolated = yes == 1;
		return yes >= 0;
	case 5:
		yes = word_yes_no(ps);
		d->nat_t = yes;
		return yes >= 0;
	}
	if (!word_ifname(ps))
		return false;
	free(d->segment);
	d->segment = xstrdup(ps->word);
	lex_next(ps);
	return true;
}

static void device_block(struct parser *ps, struct device *d)
{
	struct span open = ps->at;

	lex_next(ps);
	while (ps->tok != T_CLOSE && ps->tok != T_END) {
		if (ps->tok == T_NEWLINE) {
			lex_next(ps);
			continue;
		}
		if (ps->tok == T_OPEN || !property(ps, d)) {
			while (ps->tok != T_NEWLINE && ps->tok != T_END &&
				ps->tok != T_CLOSE)
				lex_next(ps);
		}
	}
	if (ps->tok == T_CLOSE) {
		lex_next(ps);
		return;
	}
	complain(ps->c, false, ps->in, &open,
		_("this \"{\" is never closed: a line with \"}\" is missing"));
}

static bool name_ok(const char *s)
{
	if (!*s || strlen(s) > 32)
		return false;
	for (; *s; s++)
		if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
			    (*s >= '0' && *s <= '9') || *s == '-' || *s == '_'))
			return false;
	return true;
}

static bool device_name(struct parser *ps, struct device *d)
{
	const struct device *old;

	if (!lex_want(ps, _("a name for the device, such as casa")))
		return false;
	if (!name_ok(ps->word)) {
		lex_say(ps, _("\"%s\" cannot be a name: use up to 32 letters, digits, - and _"),
			ps->word);
		return false;
	}
	old = intent_device(ps->in, ps->word);
	if (old) {
		complain(ps->c, false, ps->in, &ps->at,
			_("a device named \"%s\" is on line %u already: choose another name"),
			ps->word, old->at.line);
		return false;
	}
	d->name = xstrdup(ps->word);
	d->at = ps->at;
	lex_next(ps);
	return true;
}

static bool device_kind(struct parser *ps, struct device *d)
{
	const char *words[DEVICE_KIND_MAX + 1] = {0};
	int k;

	for (int i = 0; i < DEVICE_KIND_MAX; i++)
		words[i] = device_kind_name((enum device_kind)i);
	if (!lex_want(ps, _("the kind of device, such as rakuten-casa or ipsec")))
		return false;
	k = lex_choose(ps, words);
	if (k < 0)
		return false;
	d->kind = (enum device_kind)k;
	lex_next(ps);
	return true;
}

static void device_drop(struct device *d)
{
	free(d->name);
	free(d->segment);
	free(d->peers);
	free(d->peers_at);
}

/* MAC alone is enough: the common devices make their address from it. */
static void device_finish(struct parser *ps, struct device *d)
{
	if (d->has_mac && !d->has_id) {
		d->id.fam = FAM_6;
		d->id.value = mac_to_iid(&d->mac);
		d->id.mask = mask_suffix(FAM_6, 64);
	}
	if (!d->has_mac && !d->has_id && !d->has_ipv4)
		complain(ps->c, false, ps->in, &d->at,
			_("device \"%s\" cannot be recognised: give its mac (on its label), its id, or its ipv4"),
			d->name);
	if (d->segment && !d->isolated)
		d->isolated = true;
	if (d->isolated && !d->segment)
		complain(ps->c, false, ps->in, &d->at,
			_("device \"%s\" is to be isolated, but on which interface? Add: segment IFNAME"),
			d->name);
}

void parse_device(struct parser *ps)
{
	struct device d = {.nat_t = -1};
	bool good = device_name(ps, &d) && device_kind(ps, &d);

	while (good && lex_is_word(ps))
		good = property(ps, &d);
	if (ps->tok == T_OPEN && d.name)
		device_block(ps, &d);
	if (d.name && ps->in->device_n < DEVICES_MAX) {
		if (good)
			device_finish(ps, &d);
		*GROW(ps->in->devices, ps->in->device_n, ps->in->device_cap) = d;
		return;
	}
	if (d.name)
		lex_say(ps, _("too many devices (256 at most) at \"%s\""), d.name);
	device_drop(&d);
}
