// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The provisioning request (spec 3.3) by libcurl with GnuTLS: IPv6 only, to an
 * address that we resolved and looked at, bounded in time and size, no
 * cookies, no user, no token, no redirect that leaves https or goes home.
 */
#include "line/outside.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

enum { REDIRECTS_MAX = 3, CONNECT_MS = 2500, STATUS_GOOD = 200,
	STATUS_ELSEWHERE = 307 };

/*
 * Loaded when first needed: libcurl brings 30 libraries with it, which cost
 * each command 4 ms at its start; all but one never ask anybody by HTTPS.
 */
static struct {
	__typeof__(curl_global_init) *global_init;
	__typeof__(curl_global_cleanup) *global_cleanup;
	__typeof__(curl_easy_init) *init;
	__typeof__(curl_easy_cleanup) *done;
	CURLcode (*setopt)(CURL *c, CURLoption o, ...);
	CURLcode (*getinfo)(CURL *c, CURLINFO i, ...);
	__typeof__(curl_easy_perform) *perform;
	__typeof__(curl_slist_append) *append;
	__typeof__(curl_slist_free_all) *free_all;
} curl;

static bool find(void *lib, const char *name, void *to)
{
	void *f = dlsym(lib, name);

	memcpy(to, &f, sizeof(f)); /* ISO C knows no cast to a function */
	return f;
}

static bool load_it(void)
{
	/* the number is the ABI's, the same since 2006 */
	static const char *const names[] = {"libcurl-gnutls.so.4",
		"libcurl.so.4"};
	void *lib = NULL;

	for (size_t i = 0; i < ARRAY_LEN(names) && !lib; i++)
		lib = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	return lib && find(lib, "curl_global_init", &curl.global_init) &&
	       find(lib, "curl_global_cleanup", &curl.global_cleanup) &&
	       find(lib, "curl_easy_init", &curl.init) &&
	       find(lib, "curl_easy_cleanup", &curl.done) &&
	       find(lib, "curl_easy_setopt", &curl.setopt) &&
	       find(lib, "curl_easy_getinfo", &curl.getinfo) &&
	       find(lib, "curl_easy_perform", &curl.perform) &&
	       find(lib, "curl_slist_append", &curl.append) &&
	       find(lib, "curl_slist_free_all", &curl.free_all);
}

bool hb46pp_open(void)
{
	static bool tried, there;

	if (!tried)
		there = load_it();
	tried = true;
	return there;
}

struct body {
	char *s;
	size_t n;
};

static size_t take_body(char *p, size_t size, size_t n, void *arg)
{
	struct body *b = arg;

	if (size * n > HB_BODY_MAX - b->n)
		return 0; /* curl ends the transfer */
	memcpy(b->s + b->n, p, size * n);
	b->n += size * n;
	return size * n;
}

/* The address of each connection, redirects too: only global IPv6. */
static curl_socket_t open_checked(void *arg, curlsocktype purpose,
	struct curl_sockaddr *a)
{
	bool *refused = arg;
	struct addr to;

	(void)purpose;
	if (a->family == AF_INET6) {
		const struct sockaddr_in6 *s6 = (const void *)&a->addr;

		memcpy(to.b, &s6->sin6_addr, 16);
		if (line_is_global6(&to))
			return socket(a->family, a->socktype | SOCK_CLOEXEC,
				a->protocol);
	}
	*refused = true;
	return CURL_SOCKET_BAD;
}

/* The path keeps what the TXT said; the parameters are the MUST ones. The OUI
 * is one that is nobody's (locally administered). */
static void request_url(const char *base, char *buf, size_t n)
{
	char version[33];
	size_t k;

	snprintf(version, sizeof(version), "%s", KADOMORI_VERSION);
	for (k = 0; version[k]; k++)
		if (version[k] < '0' || version[k] > '9')
			version[k] = '_';
	snprintf(buf, n, "%s%cvendorid=020000-kadomori&product=kadomori"
		"&version=%s&capability=map_e,dslite,lw4o6,ipip,hubspoke",
		base, strchr(base, '?') ? '&' : '?', version);
}

static void options(CURL *c, const struct hb46pp_txt *t, const char *ca,
	const char *ifname, struct body *b, bool *refused)
{
	char dev[32];

	curl.setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl.setopt(c, CURLOPT_IPRESOLVE, (long)CURL_IPRESOLVE_V6);
	curl.setopt(c, CURLOPT_PROXY, "");
	curl.setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl.setopt(c, CURLOPT_PROTOCOLS_STR, t->https ? "https" : "http");
	curl.setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
	curl.setopt(c, CURLOPT_MAXFILESIZE, (long)HB_BODY_MAX);
	curl.setopt(c, CURLOPT_USERAGENT, "kadomori");
	curl.setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl.setopt(c, CURLOPT_WRITEDATA, b);
	curl.setopt(c, CURLOPT_OPENSOCKETFUNCTION, open_checked);
	curl.setopt(c, CURLOPT_OPENSOCKETDATA, refused);
	curl.setopt(c, CURLOPT_SSL_VERIFYPEER, t->check ? 1L : 0L);
	curl.setopt(c, CURLOPT_SSL_VERIFYHOST, t->check ? 2L : 0L);
	curl.setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (ca)
		curl.setopt(c, CURLOPT_CAINFO, ca);
	if (*ifname) {
		snprintf(dev, sizeof(dev), "if!%s", ifname);
		curl.setopt(c, CURLOPT_INTERFACE, dev);
	}
}

static struct curl_slist *pin(const struct hb46pp_txt *t,
	const struct addr *addr)
{
	char buf[LINE_NAME_MAX + ADDR_STR + 16], a[ADDR_STR];

	snprintf(buf, sizeof(buf), "%s:%u:[%s]", t->host, t->port,
		addr_format(FAM_6, addr, a));
	return curl.append(NULL, buf);
}

static enum hb46pp_end end_of(CURLcode rc)
{
	switch (rc) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_CACERT_BADFILE:
		return HB_CERT;
	case CURLE_WRITE_ERROR:		/* take_body: too long */
	case CURLE_FILESIZE_EXCEEDED:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
		return HB_JSON_BAD;
	default:
		return HB_SILENT;
	}
}

/*
 * One request; next: where a 307 points, when it may be followed (the same
 * host, so that the address that was looked at still holds).
 */
static void one(const struct hb46pp_txt *t, const char *url,
	const struct addr *addr, const char *ifname, const char *ca,
	msec_t until, struct body *b, struct hb46pp *h, char *next)
{
	struct curl_slist *pinned = pin(t, addr);
	CURL *c = curl.init();
	bool refused = false;
	struct hb46pp_txt to;
	char *where = NULL, txt[HB_URL_MAX + 64];
	long status = 0;
	CURLcode rc;

	*next = '\0';
	b->n = 0;
	options(c, t, ca, ifname, b, &refused);
	curl.setopt(c, CURLOPT_URL, url);
	curl.setopt(c, CURLOPT_RESOLVE, pinned);
	curl.setopt(c, CURLOPT_TIMEOUT_MS,
		(long)MAX2(until - clock_ms(), (msec_t)1));
	rc = curl.perform(c);
	curl.getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	curl.getinfo(c, CURLINFO_REDIRECT_URL, &where);
	h->status = (unsigned)status;
	h->end = refused ? HB_REFUSED : rc ? end_of(rc) : HB_HTTP;
	if (!rc && status == STATUS_GOOD)
		h->end = HB_GOOD;
	if (!rc && status == STATUS_ELSEWHERE && where &&
		snprintf(txt, sizeof(txt), "v=v6mig-1 url=%s t=%c", where,
			t->check ? 'b' : 'a') < (int)sizeof(txt) &&
		!hb46pp_txt_parse(txt, strlen(txt), &to) &&
		to.https == t->https && !strcmp(to.host, t->host))
		memcpy(next, to.url, HB_URL_MAX);
	curl.done(c);
	curl.free_all(pinned);
}

void hb46pp_get(const struct hb46pp_txt *t, const struct addr *addr,
	const char *ifname, const char *ca, const struct addr *ce,
	msec_t until, struct hb46pp *ret)
{
	static char bytes[HB_BODY_MAX];
	struct body b = {bytes, 0};
	char url[HB_URL_MAX + 256], next[HB_URL_MAX];

	if (!hb46pp_open()) {
		ret->end = HB_NO_LIBRARY;
		return;
	}
	if (curl.global_init(CURL_GLOBAL_DEFAULT))
		return;
	request_url(t->url, url, sizeof(url));
	for (int i = 0; i <= REDIRECTS_MAX; i++) {
		one(t, url, addr, ifname, ca, until, &b, ret, next);
		if (!*next || clock_ms() >= until)
			break;
		snprintf(url, sizeof(url), "%s", next);
	}
	if (ret->end == HB_GOOD) {
		ret->checked = t->https && t->check;
		if (hb46pp_json_parse(b.s, b.n, ce, ret))
			ret->end = HB_JSON_BAD;
	}
	curl.global_cleanup();
}
