// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The grammar of kadomori.conf: words on a line, '{ }' around a device's
 * properties, '#' to the end of the line. Every mistake is collected with its
 * place; reading goes on at the next line, so that one run tells all.
 */
#include "intent/own.h"
#include "base/tr.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <sys/stat.h>

static void st_wan(struct parser *ps)
{
	if (!word_ifname(ps))
		return;
	if (ps->in->wan) {
		lex_say(ps, _("a second \"wan\": there is one line to the outside. Remove this one (\"%s\") or the other"),
			ps->word);
		return;
	}
	ps->in->wan = xstrdup(ps->word);
	ps->in->wan_at = ps->at;
	lex_next(ps);
}

static void st_lan(struct parser *ps)
{
	struct intent *in = ps->in;
	size_t at_n;

	if (!word_ifname(ps))
		return;
	for (; lex_is_word(ps); lex_next(ps)) {
		if (!word_ifname(ps))
			return;
		if (in->lan_n >= LANS_MAX) {
			lex_say(ps, _("too many LAN interfaces at \"%s\" (16 at most)"),
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
	if (!lex_want(ps, _("the kind of line; if you do not know it, write auto")))
		return;
	k = lex_choose(ps, words);
	if (k < 0)
		return;
	ps->in->line = (enum line_kind)k;
	ps->in->line_at = ps->at;
	lex_next(ps);
}

static void st_profile(struct parser *ps)
{
	static const char *const words[] = {"standard", "strict", NULL};
	int k;

	if (!lex_want(ps, _("standard or strict")))
		return;
	k = lex_choose(ps, words);
	if (k < 0)
		return;
	ps->in->profile = k ? PROFILE_STRICT : PROFILE_STANDARD;
	ps->in->profile_at = ps->at;
	lex_next(ps);
}

static void st_ipsec4(struct parser *ps)
{
	const char *const words[] = {ipsec4_name(IPSEC4_KEEP),
		ipsec4_name(IPSEC4_TRANSLATE), ipsec4_name(IPSEC4_OFF), NULL};
	int k;

	if (!lex_want(ps, _("keep-port, translate or off")))
		return;
	k = lex_choose(ps, words);
	if (k < 0)
		return;
	ps->in->ipsec4 = (enum ipsec4)k;
	lex_next(ps);
}

static void st_echo(struct parser *ps)
{
	int k = word_yes_no(ps);

	if (k >= 0) {
		ps->in->echo = k;
		ps->in->echo_set = true;
	}
}

static void st_language(struct parser *ps)
{
	static const char *const words[] = {"ja", "en", NULL};

	if (!lex_want(ps, _("ja or en")) || lex_choose(ps, words) < 0)
		return;
	memcpy(ps->in->language, ps->word, sizeof(ps->in->language));
	lex_next(ps);
}

static void st_lan4(struct parser *ps)
{
	struct intent *in = ps->in;
	struct addrmask m;
	enum family fam;
	char *slash;

	if (!lex_want(ps, _("the gateway's own IPv4 address on the LAN, such as 192.168.10.1/24")))
		return;
	slash = strchr(ps->word, '/');
	if (!slash || addrmask_parse(ps->word, &m) || m.fam != FAM_4 ||
		mask_to_len(FAM_4, &m.mask) < 8 ||
		mask_to_len(FAM_4, &m.mask) > 30) {
		lex_say(ps, _("\"%s\" is not an IPv4 address with its length. Write for example 192.168.10.1/24"),
			ps->word);
		return;
	}
	*slash = '\0';
	(void)addr_parse(ps->word, &fam, &in->lan4);
	in->lan4_net = m;
	in->has_lan4 = true;
	in->lan4_at = ps->at;
	lex_next(ps);
}

static bool parse_ports(struct parser *ps, struct what *w)
{
	char *end;
	unsigned long lo, hi;

	if (!lex_want(ps, _("a port number, such as 443 or 8000-8010")))
		return false;
	lo = hi = strtoul(ps->word, &end, 10);
	if (end != ps->word && *end == '-' && end[1] >= '0' && end[1] <= '9')
		hi = strtoul(end + 1, &end, 10);
	if (ps->word[0] < '0' || ps->word[0] > '9' || *end || !lo ||
		hi > 65535 || lo > hi) {
		lex_say(ps, _("\"%s\" is not a port: write a number from 1 to 65535, or a range such as 8000-8010"),
			ps->word);
		return false;
	}
	w->port_lo = (uint16_t)lo;
	w->port_hi = (uint16_t)hi;
	lex_next(ps);
	return true;
}

static bool parse_proto(struct parser *ps, struct what *w)
{
	char *end;
	unsigned long n;

	if (!lex_want(ps, _("a protocol number from 0 to 255")))
		return false;
	n = strtoul(ps->word, &end, 10);
	if (end == ps->word || *end || n > 255 || ps->word[0] == '-') {
		lex_say(ps, _("\"%s\" is not a protocol number (0 to 255; ESP is 50)"),
			ps->word);
		return false;
	}
	w->proto = (uint8_t)n;
	lex_next(ps);
	return true;
}

static bool parse_what(struct parser *ps, struct what *w)
{
	static const char *const words[] = {"tcp", "udp", "esp", "ah", "ike",
		"ipsec", "proto", NULL};
	int k;

	if (!lex_want(ps, _("what may come in: tcp PORT, udp PORT, esp, ike or ipsec")))
		return false;
	k = lex_choose(ps, words);
	if (k < 0)
		return false;
	memset(w, 0, sizeof(*w));
	w->kind = (enum what_kind)k;
	lex_next(ps);
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

	if (!lex_want(ps, _("the name of a device")))
		return false;
	for (size_t i = 0; i < ps->in->device_n; i++)
		names[i] = ps->in->devices[i].name;
	if (!names[0]) {
		lex_say(ps, _("there is no device \"%s\" above this line: write its device line first"),
			ps->word);
		return false;
	}
	k = lex_choose(ps, names);
	if (k < 0)
		return false;
	*ret = (size_t)k;
	lex_next(ps);
	return true;
}

static void st_pinhole(struct parser *ps)
{
	struct pinhole h = {.at = ps->at};
	struct addrmask m;
	struct intent *in = ps->in;

	if (!parse_device_ref(ps, &h.device) || !parse_what(ps, &h.what))
		return;
	if (lex_is_word(ps) && !strcmp(ps->word, "from")) {
		lex_next(ps);
		do {
			if (h.from_n >= PEERS_MAX || !word_prefix(ps, &m)) {
				free(h.from);
				return;
			}
			*GROW(h.from, h.from_n, h.from_cap) = m;
			lex_next(ps);
		} while (word_is_prefix(ps));
	}
	if (in->pinhole_n >= STATEMENTS_MAX) {
		lex_say(ps, _("too many pinholes (1024 at most)%s"), "");
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
	if (!lex_want(ps, _("\"to\" and the name of a device")))
		return;
	if (strcmp(ps->word, "to")) {
		lex_say(ps, _("\"%s\" stands where \"to\" is expected: map udp 500 to casa"),
			ps->word);
		return;
	}
	lex_next(ps);
	if (!parse_device_ref(ps, &m.device))
		return;
	if (in->mapping_n >= STATEMENTS_MAX) {
		lex_say(ps, _("too many mappings (1024 at most)%s"), "");
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

	if (!lex_want(ps, _("a file, such as \"conf.d/*.conf\"")))
		return;
	if (!ps->may_include || ps->depth >= INCLUDE_DEPTH_MAX) {
		lex_say(ps, _("\"%s\" cannot be included here (includes may be 8 deep)"),
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
		lex_say(ps, _("there is no file \"%s\" to include"), ps->word);
	}
	globfree(&g);
	lex_next(ps);
}

static const struct statement {
	const char *word;
	void (*read)(struct parser *);
} statements[] = {
	{"wan", st_wan},
	{"lan", st_lan},
	{"line", st_line},
	{"profile", st_profile},
	{"device", parse_device},
	{"pinhole", st_pinhole},
	{"map", st_map},
	{"lan4", st_lan4},
	{"ipsec4", st_ipsec4},
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
	if (!lex_is_word(ps)) {
		lex_say(ps, _("a line starts with a word such as wan, lan or device%s"),
			"");
		lex_next(ps);
		lex_skip_line(ps);
		return;
	}
	k = lex_choose(ps, words);
	if (k < 0) {
		lex_skip_line(ps);
		return;
	}
	lex_next(ps);
	statements[k].read(ps);
	if (ps->tok != T_NEWLINE && ps->tok != T_END && ps->c->n == errors)
		lex_say(ps, _("nothing more is expected on this line, but here stands \"%s\""),
			lex_is_word(ps) ? ps->word : ps->tok == T_OPEN ? "{" : "}");
	lex_skip_line(ps);
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
	for (lex_next(&ps); ps.tok != T_END; lex_next(&ps))
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
