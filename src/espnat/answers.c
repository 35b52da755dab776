// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who answers an SPI whose packets go to several: evidence, not proof.
 */
#include "espnat/inside.h"

static void trial_close(struct in_sa *s)
{
	for (unsigned i = 0; i < ESPNAT_COPIES_MAX; i++)
		s->trials[i].running = false;
	s->trial_end = 0;
}

void trial_start(const struct peer *p, struct in_sa *s, msec_t now)
{
	unsigned n = 0;
	msec_t gap;

	if (s->trial_end && now <= s->trial_end)
		return;
	trial_close(s);
	for (uint64_t m = s->cand; m && n < ESPNAT_COPIES_MAX; m &= m - 1) {
		struct trial *t = &s->trials[n++];
		int slot = first_bit(m);

		if (t->slot != slot)
			*t = (struct trial){.slot = (uint8_t)slot};
		t->running = now - p->pairs[slot]->last_esp > SILENCE_MS;
		t->tried = (uint16_t)(t->tried + t->running);
	}
	gap = now - s->trial_last;
	if (gap * 5 > s->trial_gap * 6 || gap * 6 < s->trial_gap * 5)
		s->irregular++;
	s->trial_gap = gap;
	s->trial_last = now;
	s->trial_end = now + ANSWER_MS;
}

/*
 * One candidate answered nearly each of its trials, all others hardly ever.
 * Where packets come at irregular times that is less likely by chance than
 * 10^-6, whatever the rates. Regular traffic may fall in step with anybody's
 * and is not judged. It is evidence, not proof, and said as such ("answers").
 */
static int trial_winner(const struct in_sa *s)
{
	unsigned n = count_bits(s->cand);
	int winner = -1;

	if (s->irregular < ANSWERS)
		return -1;
	for (unsigned i = 0; i < n && i < ESPNAT_COPIES_MAX; i++) {
		const struct trial *t = &s->trials[i];

		if (t->tried < ANSWERS)
			return -1;
		if (t->hit * 16 >= t->tried * 15 && winner < 0)
			winner = t->slot;
		else if (t->hit * 8 > t->tried)
			return -1;
	}
	return winner;
}

static void trial_hit(struct espnat *e, msec_t now, struct in_sa *s, int slot)
{
	int winner;

	if (s->slot >= 0 || s->how == ESPNAT_SHARED || !s->trial_end ||
		now > s->trial_end || !(s->cand >> slot & 1))
		return;
	for (unsigned i = 0; i < ESPNAT_COPIES_MAX; i++) {
		struct trial *t = &s->trials[i];

		if (t->slot != slot || !t->running)
			continue;
		t->running = false;
		t->hit++;
	}
	winner = trial_winner(s);
	if (winner >= 0)
		in_settle(e, now, s, winner, ESPNAT_ANSWERS);
}

void answers(struct espnat *e, msec_t now, const struct peer *p, int slot)
{
	if (!p->pairs[slot]->open_n)
		return;
	for (uint32_t i = 0; i < e->l.in; i++)
		if (e->in[i].spi && e->in[i].peer == peer_index(e, p))
			trial_hit(e, now, &e->in[i], slot);
}
