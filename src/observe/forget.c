// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When a table is full, what tells least makes room. Strangers can send the
 * device anything from any address: what only they sent goes first, so that
 * sixteen forged senders do not hide the one real peer.
 */
#include "observe/own.h"

/* 2: the device exchanged data with it, 1: it sent something there, 0: not. */
static int worth(const struct obs_peer *p)
{
	if ((p->esp[OBS_OUT] && p->esp[OBS_IN]) ||
		(p->esp_udp[OBS_OUT] && p->esp_udp[OBS_IN]))
		return 2;
	if (p->esp[OBS_OUT] || p->esp_udp[OBS_OUT] || p->device_starts)
		return 1;
	return 0;
}

static void peer_traces(struct observe *o, size_t h, size_t peer)
{
	struct host *x = o->host[h];

	for (size_t i = 0; i < FRAG_MAX; i++)
		if (o->frag[i].host == h && o->frag[i].told && o->frag[i].peer == peer)
			o->frag[i] = (struct frag){0};
	for (size_t i = 0; i < SA_MAX; i++)
		if (o->sa[i].host == h && o->sa[i].peer == peer)
			o->sa[i] = (struct sa){0};
	for (size_t i = 0; i < SPI_MAX; i++)
		if (o->spi[i].host == h && o->spi[i].peer == peer)
			o->spi[i] = (struct spi){0};
	x->sent[peer] = x->kept[peer] = 0;
	x->changed[peer][OBS_OUT] = x->changed[peer][OBS_IN] = 0;
	x->renewed[peer] = 0;
}

struct obs_peer *forget_peer(struct observe *o, size_t h)
{
	struct obs_device *d = &o->host[h]->d;
	size_t least = 0;

	for (size_t i = 1; i < d->peer_n; i++) {
		int a = worth(&d->peer[i]), b = worth(&d->peer[least]);

		if (a < b || (a == b && d->peer[i].last < d->peer[least].last))
			least = i;
	}
	d->lost++;
	if (worth(&d->peer[least]) == 2)
		return NULL;
	peer_traces(o, h, least);
	return &d->peer[least];
}

struct obs_other *forget_other(struct obs_device *d, enum obs_dir by)
{
	d->lost++;
	for (size_t i = 0; by == OBS_OUT && i < d->other_n; i++)
		if (d->other[i].by == OBS_IN && !d->other[i].answered)
			return &d->other[i];
	return NULL;
}

int forget_host(struct observe *o)
{
	size_t least = OBS_HOSTS_MAX;

	for (size_t i = 0; i < o->host_n; i++)
		if (!o->host[i]->d.peer_n && !host_wanted(o, &o->host[i]->d) &&
			(least == OBS_HOSTS_MAX ||
			o->host[i]->d.last < o->host[least]->d.last))
			least = i;
	o->c.lost++;
	if (least == OBS_HOSTS_MAX)
		return -1;
	for (size_t i = 0; i < FRAG_MAX; i++)
		if (o->frag[i].host == least)
			o->frag[i] = (struct frag){0};
	for (size_t i = 0; i < STREAM_MAX; i++)
		if (o->stream[i].host == least)
			o->stream[i].used = false;
	for (size_t i = 0; i < QUESTION_MAX; i++)
		if (o->question[i].host == least)
			o->question[i].waits = false;
	memset(o->host[least], 0, sizeof(*o->host[least]));
	return (int)least;
}
