// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The grammar of kadomori.conf: words on a line, '{ }' around a device's
 * properties, '#' to the end of the line. Every mistake is collected with its
 * place; reading goes on at the next line, so that one run tells all.
 */
#include "intent/intent.h"
#include "base/tr.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <sys/stat.h>

enum {
	WORD_MAX = 256,
	FILE_BYTES_MAX = 1 << 20,
	INCLUDE_DEPTH_MAX = 8,
	FILES_MAX = 64,
	DEVICES_MAX = 256,	/* a home has a handful; a hotel floor fits */
	STATEMENTS_MAX = 1024,	/* pinholes and mappings each */
	LANS_MAX = 16,
};

enum token { T_WORD, T_STRING, T_OPEN, T_CLOSE, T_NEWLINE, T_END };

struct parser {
	struct intent *in;
	struct complaints *c;
	const char *p;
	const char *line_start;
	unsigned file, line, depth;
	bool may_include;
	/* the current token */
	enum token tok;
	char word[WORD_MAX];
	struct span at;
};

static void next(struct parser *ps);

static void here(struct parser *ps, const char *start, const char *end)
{
	ps->at = (struct span){ps->file, ps->line,
		(unsigned)(start - ps->line_start) + 1,
		(unsigned)MAX2(end - start, 1)};
}

static void say(struct parser *ps, const char *fmt, const char *arg)
{
	cleanup(freep) char *safe = text_printable(arg, strlen(arg));
	struct text t = TEXT_INIT;

	text_addf(&t, fmt, safe);
	complain(ps->c, false, ps->in, &ps->at, "%s", text_str(&t));
	text_done(&t);
}

static void skip_line(struct parser *ps)
{
	while (ps->tok != T_NEWLINE && ps->tok != T_END)
		next(ps);
}

static bool word_char(char c)
{
	return c && !strchr(" \t\r\n{}#;\"", c);
}

static void read_string(struct parser *ps)
{
	const char *start = ps->p++;
	size_t n = 0;

	while (*ps->p && *ps->p != '"' && *ps->p != '\n') {
		if (n < WORD_MAX - 1)
			ps->word[n++] = *ps->p;
		ps->p++;
	}
	ps->word[n] = '\0';
	here(ps, start, ps->p);
	ps->tok = T_STRING;
	if (*ps->p == '"')
		ps->p++;
	else
		say(ps, _("the quotation mark is not closed on this line%s"), "");
}

static void next(struct parser *ps)
{
	const char *start;

	while (*ps->p == ' ' || *ps->p == '\t' || *ps->p == '\r')
		ps->p++;
	if (*ps->p == '#')
		ps->p += strcspn(ps->p, "\n");
	start = ps->p;
	here(ps, start, start + 1);
	switch (*start) {
	case '\0':
		ps->tok = T_END;
		return;
	case '\n':
		ps->tok = T_NEWLINE;
		ps->p++;
		ps->line++;
		ps->line_start = ps->p;
		return;
	case ';':
		ps->tok = T_NEWLINE;
		ps->p++;
		return;
	case '{':
	case '}':
		ps->tok = *start == '{' ? T_OPEN : T_CLOSE;
		ps->p++;
		return;
	case '"':
		read_string(ps);
		return;
	}
	while (word_char(*ps->p))
		ps->p++;
	here(ps, start, ps->p);
	snprintf(ps->word, sizeof(ps->word), "%.*s",
		(int)MIN2(ps->p - start, WORD_MAX - 1), start);
	ps->tok = T_WORD;
	if (ps->p - start >= WORD_MAX)
		say(ps, _("this word is too long: \"%.20s...\""), ps->word);
}

static bool is_word(const struct parser *ps)
{
	return ps->tok == T_WORD || ps->tok == T_STRING;
}

/* The current token must be a word; what says what was expected. */
static bool want(struct parser *ps, const char *what)
{
	if (is_word(ps))
		return true;
	say(ps, _("here the line ends, but %s is expected"), what);
	return false;
}

static void say_unknown(struct parser *ps, const char *const *words)
{
	const char *near = text_nearest(ps->word, words);
	cleanup(freep) char *safe = text_printable(ps->word, strlen(ps->word));
	struct text list = TEXT_INIT;

	for (size_t i = 0; words[i]; i++)
		text_addf(&list, "%s%s", i ? ", " : "", words[i]);
	if (near)
		complain(ps->c, false, ps->in, &ps->at,
			_("unknown word \"%s\". Did you mean \"%s\"? Possible here: %s"),
			safe, near, text_str(&list));
	else
		complain(ps->c, false, ps->in, &ps->at,
			_("unknown word \"%s\". Possible here: %s"), safe,
			text_str(&list));
	text_done(&list);
}

/* Index of the current word in the list, or -1 after a complaint. */
static int choose(struct parser *ps, const char *const *words)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(ps->word, words[i]))
			return i;
	say_unknown(ps, words);
	return -1;
}

static const char *const yes_no[] = {"no", "yes", NULL};

static bool ifname_ok(const char *s)
{
	return *s && strlen(s) < IFNAME_LEN && strcmp(s, ".") &&
	       strcmp(s, "..") && !strpbrk(s, "/ \t\"'*\\:");
}

static bool want_ifname(struct parser *ps)
{
	if (!want(ps, _("the name of an interface, such as eth0")))
		return false;
	if (ifname_ok(ps->word))
		return true;
	say(ps, _("\"%s\" cannot be the name of an interface (1 to 15 characters, no / : or blank). \"ip link\" lists the names"),
		ps->word);
	return false;
}

static void st_wan(struct parser *ps)
{
	if (!want_ifname(ps))
		return;
	if (ps->in->wan) {
		say(ps, _("a second \"wan\": there is one line to the outside. Remove this one (\"%s\") or the other"),
			ps->word);
		return;
	}
	ps->in->wan = xstrdup(ps->word);
	ps->in->wan_at = ps->at;
	next(ps);
}

static void st_lan(struct parser *ps)
{
	struct intent *in = ps->in;
	size_t at_n;

	if (!want_ifname(ps))
		return;
	for (; is_word(ps); next(ps)) {
		if (!want_ifname(ps))
			return;
		if (in->lan_n >= LANS_MAX) {
			say(ps, _("too many LAN interfaces at \"%s\" (16 at most)"),
				ps->word);
			return;
		}
		at_n = in->lan_n;
		*GROW(in->lans_at, at_n, in->lan_at_cap) = ps->at;
		*GROW(in->lans, in->lan_n, in->lan_cap) = xstrdup(ps->word);
	}
}

static void st_line(struct parser *ps)
{
	const char *words[LINE_KIND_MAX + 1] = {0};
	int k;

	for (int i = 0; i < LINE_KIND_MAX; i++)
		words[i] = line_kind_name((enum line_kind)i);
	if (!want(ps, _("the kind of line; if you do not know it, write auto")))
		return;
	k = choose(ps, words);
	if (k < 0)
		return;
	ps->in->line = (enum line_kind)k;
	ps->in->line_at = ps->at;
	next(ps);
}

static void st_profile(struct parser *ps)
{
	static const char *const words[] = {"standard", "strict", NULL};
	int k;

	if (!want(ps, _("standard or strict")))
		return;
	k = choose(ps, words);
	if (k < 0)
		return;
	ps->in->profile = k ? PROFILE_STRICT : PROFILE_STANDARD;
	ps->in->profile_at = ps->at;
	next(ps);
}

static int parse_yes_no(struct parser *ps)
{
	int k;

	if (!want(ps, _("yes or no")))
		return -1;
	k = choose(ps, yes_no);
	if (k >= 0)
		next(ps);
	return k;
}

static void st_echo(struct parser *ps)
{
	int k = parse_yes_no(ps);

	if (k >= 0) {
		ps->in->echo = k;
		ps->in->echo_set = true;
	}
}

static void st_language(struct parser *ps)
{
	static const char *const words[] = {"ja", "en", NULL};

	if (!want(ps, _("ja or en")) || choose(ps, words) < 0)
		return;
	memcpy(ps->in->language, ps->word, sizeof(ps->in->language));
	next(ps);
}

static void st_lan4(struct parser *ps)
{
	struct intent *in = ps->in;
	struct addrmask m;
	enum family fam;
	char *slash;

	if (!want(ps, _("the gateway's own IPv4 address on the LAN, such as 192.168.10.1/24")))
		return;
	slash = strchr(ps->word, '/');
	if (!slash || addrmask_parse(ps->word, &m) || m.fam != FAM_4 ||
		mask_to_len(FAM_4, &m.mask) < 8 ||
		mask_to_len(FAM_4, &m.mask) > 30) {
		say(ps, _("\"%s\" is not an IPv4 address with its length. Write for example 192.168.10.1/24"),
			ps->word);
		return;
	}
	*slash = '\0';
	(void)addr_parse(ps->word, &fam, &in->lan4);
	in->lan4_net = m;
	in->has_lan4 = true;
	in->lan4_at = ps->at;
	next(ps);
}

static bool is_prefix_word(const struct parser *ps)
{
	return is_word(ps) && ps->word[0] &&
	       strchr("0123456789abcdefABCDEF:", ps->word[0]) &&
	       strpbrk(ps->word, ":.");
}

static bool parse_prefix(struct parser *ps, struct addrmask *ret)
{
	if (!want(ps, _("an address or a prefix, such as 2404:1a8::/32")))
		return false;
	if (!addrmask_parse(ps->word, ret))
		return true;
	say(ps, _("\"%s\" is not an address or a prefix. Write for example 2404:1a8::/32 or 203.0.113.5"),
		ps->word);
	return false;
}

static bool prop_mac(struct parser *ps, struct device *d)
{
	if (!want(ps, _("a MAC address, such as 00:11:22:33:44:55")))
		return false;
	if (mac_parse(ps->word, &d->mac)) {
		say(ps, _("\"%s\" is not a MAC address. It stands on the device's label: six pairs, such as 00:11:22:33:44:55"),
			ps->word);
		return false;
	}
	if (d->mac.b[0] & 1) {
		say(ps, _("\"%s\" is a group address; a device's own MAC has an even first pair"),
			ps->word);
		return false;
	}
	d->has_mac = true;
	next(ps);
	return true;
}

/* "::211:22ff:fe33:4455", optionally with its suffix mask. */
static bool prop_id(struct parser *ps, struct device *d)
{
	struct addr low64 = mask_suffix(FAM_6, 64);
	struct addrmask m;

	if (!want(ps, _("the last half of the device's IPv6 address, such as ::211:22ff:fe33:4455")))
		return false;
	if (addrmask_parse(ps->word, &m) || m.fam != FAM_6) {
		say(ps, _("\"%s\" is not an interface identifier. Write the last half of the IPv6 address, such as ::211:22ff:fe33:4455"),
			ps->word);
		return false;
	}
	if (!strchr(ps->word, '/')) {
		struct addr high = addr_not(&low64);
		struct addr prefix = addr_and(&m.value, &high);

		if (!addr_is_zero(&prefix)) {
			say(ps, _("\"%s\" contains the prefix, which the line may change any day. Write only the last half: ::xxxx:xxxx:xxxx:xxxx"),
				ps->word);
			return false;
		}
		m.mask = low64;
	}
	if (addr_is_zero(&m.value)) {
		say(ps, _("\"%s\" is no device's identifier"), ps->word);
		return false;
	}
	d->id = m;
	d->has_id = true;
	next(ps);
	return true;
}

static bool prop_ipv4(struct parser *ps, struct device *d)
{
	enum family fam;

	if (!want(ps, _("an IPv4 address, such as 192.168.10.9")))
		return false;
	if (addr_parse(ps->word, &fam, &d->ipv4) || fam != FAM_4) {
		say(ps, _("\"%s\" is not an IPv4 address. Write for example 192.168.10.9"),
			ps->word);
		return false;
	}
	d->has_ipv4 = true;
	next(ps);
	return true;
}

static bool prop_peer(struct parser *ps, struct device *d)
{
	struct addrmask m;
	size_t at_n, at_cap;

	do {
		if (!parse_prefix(ps, &m))
			return false;
		if (d->peer_n >= PEERS_MAX) {
			say(ps, _("too many peers at \"%s\" (64 at most)"),
				ps->word);
			return false;
		}
		at_n = d->peer_n;
		at_cap = d->peer_cap;
		*GROW(d->peers_at, at_n, at_cap) = ps->at;
		*GROW(d->peers, d->peer_n, d->peer_cap) = m;
		next(ps);
	} while (is_prefix_word(ps));
	return true;
}

/* The current word names a property; false after a complaint. */
static bool property(struct parser *ps, struct device *d)
{
	static const char *const words[] = {"mac", "id", "ipv4", "peer",
		"isolated", "nat-t", "segment", NULL};
	int k = choose(ps, words), yes;

	if (k < 0)
		return false;
	next(ps);
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
		yes = parse_yes_no(ps);
		d->isolated = yes == 1;
		return yes >= 0;
	case 5:
		yes = parse_yes_no(ps);
		d->nat_t = yes;
		return yes >= 0;
	}
	if (!want_ifname(ps))
		return false;
	free(d->segment);
	d->segment = xstrdup(ps->word);
	next(ps);
	return true;
}

static void device_block(struct parser *ps, struct device *d)
{
	struct span open = ps->at;

	next(ps);
	while (ps->tok != T_CLOSE && ps->tok != T_END) {
		if (ps->tok == T_NEWLINE) {
			next(ps);
			continue;
		}
		if (ps->tok == T_OPEN || !property(ps, d)) {
			while (ps->tok != T_NEWLINE && ps->tok != T_END &&
				ps->tok != T_CLOSE)
				next(ps);
		}
	}
	if (ps->tok == T_CLOSE) {
		next(ps);
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

	if (!want(ps, _("a name for the device, such as casa")))
		return false;
	if (!name_ok(ps->word)) {
		say(ps, _("\"%s\" cannot be a name: use up to 32 letters, digits, - and _"),
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
	next(ps);
	return true;
}

static bool device_kind(struct parser *ps, struct device *d)
{
	const char *words[DEVICE_KIND_MAX + 1] = {0};
	int k;

	for (int i = 0; i < DEVICE_KIND_MAX; i++)
		words[i] = device_kind_name((enum device_kind)i);
	if (!want(ps, _("the kind of device, such as rakuten-casa or ipsec")))
		return false;
	k = choose(ps, words);
	if (k < 0)
		return false;
	d->kind = (enum device_kind)k;
	next(ps);
	return true;
}

static void device_done(struct device *d)
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

static void st_device(struct parser *ps)
{
	struct device d = {.nat_t = -1};
	bool good = device_name(ps, &d) && device_kind(ps, &d);

	while (good && is_word(ps))
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
		say(ps, _("too many devices (256 at most) at \"%s\""), d.name);
	device_done(&d);
}

static bool parse_ports(struct parser *ps, struct what *w)
{
	char *end;
	unsigned long lo, hi;

	if (!want(ps, _("a port number, such as 443 or 8000-8010")))
		return false;
	lo = hi = strtoul(ps->word, &end, 10);
	if (end != ps->word && *end == '-' && end[1] >= '0' && end[1] <= '9')
		hi = strtoul(end + 1, &end, 10);
	if (ps->word[0] < '0' || ps->word[0] > '9' || *end || !lo ||
		hi > 65535 || lo > hi) {
		say(ps, _("\"%s\" is not a port: write a number from 1 to 65535, or a range such as 8000-8010"),
			ps->word);
		return false;
	}
	w->port_lo = (uint16_t)lo;
	w->port_hi = (uint16_t)hi;
	next(ps);
	return true;
}

static bool parse_proto(struct parser *ps, struct what *w)
{
	char *end;
	unsigned long n;

	if (!want(ps, _("a protocol number from 0 to 255")))
		return false;
	n = strtoul(ps->word, &end, 10);
	if (end == ps->word || *end || n > 255 || ps->word[0] == '-') {
		say(ps, _("\"%s\" is not a protocol number (0 to 255; ESP is 50)"),
			ps->word);
		return false;
	}
	w->proto = (uint8_t)n;
	next(ps);
	return true;
}

static bool parse_what(struct parser *ps, struct what *w)
{
	static const char *const words[] = {"tcp", "udp", "esp", "ah", "ike",
		"ipsec", "proto", NULL};
	int k;

	if (!want(ps, _("what may come in: tcp PORT, udp PORT, esp, ike or ipsec")))
		return false;
	k = choose(ps, words);
	if (k < 0)
		return false;
	memset(w, 0, sizeof(*w));
	w->kind = (enum what_kind)k;
	next(ps);
	if (k == WHAT_TCP || k == WHAT_UDP)
		return parse_ports(ps, w);
	if (k == WHAT_PROTO)
		return parse_proto(ps, w);
	return true;
}

static bool parse_device_ref(struct parser *ps, size_t *ret)
{
	const char *names[DEVICES_MAX + 1] = {0};
	int k;

	if (!want(ps, _("the name of a device")))
		return false;
	for (size_t i = 0; i < ps->in->device_n; i++)
		names[i] = ps->in->devices[i].name;
	if (!names[0]) {
		say(ps, _("there is no device \"%s\" above this line: write its device line first"),
			ps->word);
		return false;
	}
	k = choose(ps, names);
	if (k < 0)
		return false;
	*ret = (size_t)k;
	next(ps);
	return true;
}

static void st_pinhole(struct parser *ps)
{
	struct pinhole h = {.at = ps->at};
	struct addrmask m;
	struct intent *in = ps->in;

	if (!parse_device_ref(ps, &h.device) || !parse_what(ps, &h.what))
		return;
	if (is_word(ps) && !strcmp(ps->word, "from")) {
		next(ps);
		do {
			if (h.from_n >= PEERS_MAX || !parse_prefix(ps, &m)) {
				free(h.from);
				return;
			}
			*GROW(h.from, h.from_n, h.from_cap) = m;
			next(ps);
		} while (is_prefix_word(ps));
	}
	if (in->pinhole_n >= STATEMENTS_MAX) {
		say(ps, _("too many pinholes (1024 at most)%s"), "");
		free(h.from);
		return;
	}
	*GROW(in->pinholes, in->pinhole_n, in->pinhole_cap) = h;
}

static void st_map(struct parser *ps)
{
	struct mapping m = {.at = ps->at};
	struct intent *in = ps->in;

	if (!parse_what(ps, &m.what))
		return;
	if (!want(ps, _("\"to\" and the name of a device")))
		return;
	if (strcmp(ps->word, "to")) {
		say(ps, _("\"%s\" stands where \"to\" is expected: map udp 500 to casa"),
			ps->word);
		return;
	}
	next(ps);
	if (!parse_device_ref(ps, &m.device))
		return;
	if (in->mapping_n >= STATEMENTS_MAX) {
		say(ps, _("too many mappings (1024 at most)%s"), "");
		return;
	}
	*GROW(in->mappings, in->mapping_n, in->mapping_cap) = m;
}

static int parse_body(struct parser *from, const char *name, char *body);

static char *read_file(const char *path, int *err)
{
	FILE *f = fopen(path, "re");
	struct stat st;
	char *body;
	size_t n;

	*err = f ? 0 : -errno;
	if (!f)
		return NULL;
	if (fstat(fileno(f), &st) || S_ISDIR(st.st_mode)) {
		*err = -EISDIR;
		fclose(f);
		return NULL;
	}
	body = xmalloc(FILE_BYTES_MAX + 1);
	n = fread(body, 1, FILE_BYTES_MAX + 1, f);
	*err = ferror(f) ? -EIO : n > FILE_BYTES_MAX ? -EFBIG : 0;
	fclose(f);
	if (*err) {
		free(body);
		return NULL;
	}
	body[n] = '\0';
	if (strlen(body) != n) {
		*err = -EILSEQ;
		free(body);
		return NULL;
	}
	return xrealloc(body, n + 1);
}

static void include_one(struct parser *ps, const char *path)
{
	int err;
	char *body = read_file(path, &err);

	if (!body) {
		complain(ps->c, false, ps->in, &ps->at,
			_("cannot read %s: %s"), path, strerror(-err));
		return;
	}
	parse_body(ps, path, body);
}

static void st_include(struct parser *ps)
{
	cleanup(freep) char *path = NULL;
	const char *name = ps->in->files[ps->file];
	const char *slash = strrchr(name, '/');
	glob_t g = {0};

	if (!want(ps, _("a file, such as \"conf.d/*.conf\"")))
		return;
	if (!ps->may_include || ps->depth >= INCLUDE_DEPTH_MAX) {
		say(ps, _("\"%s\" cannot be included here (includes may be 8 deep)"),
			ps->word);
		return;
	}
	if (ps->word[0] == '/' || !slash)
		path = xstrdup(ps->word);
	else
		path = xasprintf("%.*s/%s", (int)(slash - name), name, ps->word);
	if (glob(path, 0, NULL, &g) == 0) {
		for (size_t i = 0; i < g.gl_pathc; i++)
			include_one(ps, g.gl_pathv[i]);
	} else if (!strpbrk(ps->word, "*?[")) {
		say(ps, _("there is no file \"%s\" to include"), ps->word);
	}
	globfree(&g);
	next(ps);
}

static const struct statement {
	const char *word;
	void (*read)(struct parser *);
} statements[] = {
	{"wan", st_wan},
	{"lan", st_lan},
	{"line", st_line},
	{"profile", st_profile},
	{"device", st_device},
	{"pinhole", st_pinhole},
	{"map", st_map},
	{"lan4", st_lan4},
	{"echo", st_echo},
	{"language", st_language},
	{"include", st_include},
};

static void statement(struct parser *ps)
{
	const char *words[ARRAY_LEN(statements) + 1] = {0};
	size_t errors = ps->c->n;
	int k;

	for (size_t i = 0; i < ARRAY_LEN(statements); i++)
		words[i] = statements[i].word;
	if (!is_word(ps)) {
		say(ps, _("a line starts with a word such as wan, lan or device%s"),
			"");
		next(ps);
		skip_line(ps);
		return;
	}
	k = choose(ps, words);
	if (k < 0) {
		skip_line(ps);
		return;
	}
	next(ps);
	statements[k].read(ps);
	if (ps->tok != T_NEWLINE && ps->tok != T_END && ps->c->n == errors)
		say(ps, _("nothing more is expected on this line, but here stands \"%s\""),
			is_word(ps) ? ps->word : ps->tok == T_OPEN ? "{" : "}");
	skip_line(ps);
}

static int parse_body(struct parser *from, const char *name, char *body)
{
	struct parser ps = {.in = from->in,
		.c = from->c,
		.p = body,
		.line_start = body,
		.line = 1,
		.depth = from->depth + 1,
		.may_include = from->may_include};
	size_t n = ps.in->file_n;

	if (n >= FILES_MAX) {
		complain(from->c, false, from->in, &from->at,
			_("too many files are included (64 at most)"));
		free(body);
		return -EINVAL;
	}
	ps.file = (unsigned)n;
	*GROW(ps.in->bodies, n, ps.in->body_cap) = body;
	*GROW(ps.in->files, ps.in->file_n, ps.in->file_cap) = xstrdup(name);
	/* a byte order mark is no word */
	if (!strncmp(ps.p, "\xef\xbb\xbf", 3))
		ps.p += 3;
	for (next(&ps); ps.tok != T_END; next(&ps))
		if (ps.tok != T_NEWLINE)
			statement(&ps);
	return 0;
}

/* What only the whole text can tell. */
static void check_whole(struct intent *in, struct complaints *c)
{
	struct span top = {.line = 1, .col = 1, .len = 1};

	if (!in->wan)
		complain(c, false, in, &top,
			_("the line to the outside is not named: add \"wan IFNAME\" (\"ip link\" lists the names)"));
	if (!in->lan_n)
		complain(c, false, in, &top,
			_("the home side is not named: add \"lan IFNAME\""));
	for (size_t i = 0; i < in->lan_n; i++) {
		if (in->wan && !strcmp(in->wan, in->lans[i]))
			complain(c, false, in, &in->lans_at[i],
				_("\"%s\" is named as wan and as lan: the gate stands between two interfaces"),
				in->lans[i]);
		for (size_t j = 0; j < i; j++)
			if (!strcmp(in->lans[i], in->lans[j]))
				complain(c, false, in, &in->lans_at[i],
					_("\"%s\" is named as lan twice"),
					in->lans[i]);
	}
	for (size_t i = 0; i < in->device_n; i++) {
		const struct device *d = &in->devices[i];

		if (d->segment && in->wan && !strcmp(d->segment, in->wan))
			complain(c, false, in, &d->at,
				_("the segment of \"%s\" is the wan interface"),
				d->name);
	}
}

int intent_parse(struct intent *in, const char *name, const char *body,
	bool may_include, struct complaints *c)
{
	struct parser ps = {.in = in, .c = c, .may_include = may_include};

	parse_body(&ps, name, xstrdup(body));
	if (!in->echo_set)
		in->echo = in->profile == PROFILE_STANDARD;
	check_whole(in, c);
	return c->errors ? -EINVAL : 0;
}

int intent_load(struct intent *in, const char *path, struct complaints *c)
{
	cleanup(freep) char *body = NULL;
	int err;

	body = read_file(path, &err);
	if (!body) {
		complain(c, false, NULL, NULL, _("cannot read %s: %s"), path,
			strerror(-err));
		return err;
	}
	return intent_parse(in, path, body, true, c);
}
