/* SPDX-License-Identifier: ISC */
/* Which prefix a new assignment gets (RFC 7695 5, RFC 7788 6.3.2).
 *
 * What is free is never enumerated: the delegated prefix is halved again and again, only where something is occupied,
 * and what falls off unoccupied are the "available prefixes" of RFC 7695 5, as many as a binary tree has side branches.
 * Candidates are taken out of the smallest of them that will do, so that the large ones stay whole. */
#include "proto/pa/internal.h"

#include <stdlib.h>
#include <string.h>

enum { PSEUDO_RANDOM_TRIES = 8, RANDOM_TRIES = 8, LINK_BITS6 = 64, LINK_BITS4 = IP4_OFFSET + 24 };

/* The available prefixes in one pool, for one wanted length. */
struct search {
	const struct prefix *occupied;
	unsigned want;
	uint32_t available[IP_BITS + 1]; /* how many of each length */
	unsigned shortest;               /* from here on they are collected; IP_BITS + 1: only counted */
	size_t shortest_left;            /* of that length so many are needed */
	struct prefix blocks[2 * PA_RANDOM_SET_MAX];
	size_t block_count;
};

/* The least index from `low` on whose prefix has bit `bit` set; all share the bits before. */
static size_t first_with_bit(const struct prefix *at, size_t low, size_t high, unsigned bit)
{
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (at[middle].ip.b[bit / 8] & 0x80 >> bit % 8)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void found(struct search *s, const struct prefix *block)
{
	s->available[block->len]++;
	if (block->len < s->shortest || (block->len == s->shortest && s->shortest_left == 0))
		return;
	s->shortest_left -= block->len == s->shortest;
	ASSERT(s->block_count < ARRAY_LEN(s->blocks));
	s->blocks[s->block_count++] = *block;
}

/* The lower or upper half of a prefix. */
static struct prefix half(const struct prefix *p, bool upper)
{
	struct prefix h = { .ip = p->ip, .len = (uint8_t)(p->len + 1) };

	if (upper)
		h.ip.b[p->len / 8] |= (uint8_t)(0x80 >> p->len % 8);
	return h;
}

/* Finds what is available in `block`, in which are the occupied prefixes from `low` up to `high`. */
static void halve(struct search *s, struct prefix block, size_t low, size_t high)
{
	if (low == high) {
		found(s, &block);
		return;
	}
	/* All taken, or what is left is too small. */
	if (s->occupied[low].len <= block.len || block.len >= s->want)
		return;
	size_t middle = first_with_bit(s->occupied, low, high, block.len);
	halve(s, half(&block, false), low, middle);
	halve(s, half(&block, true), middle, high);
}

/* Everything advertised, assigned or reserved, without what is inside something else of it. */
static void refresh_occupied(struct pa *pa)
{
	const struct pa_world *w = &pa->world;
	size_t count = 0, kept = 0;

	pa->occupied =
	        pa_room(pa->occupied, &pa->occupied_room, w->claim_count + pa->pairs.count, sizeof(*pa->occupied));
	for (size_t i = 0; i < w->claim_count; i++)
		if (!w->claims[i].parent)
			pa->occupied[count++] = w->claims[i].prefix;
	size_t claims = count;
	MAP_EACH (p, &pa->pairs, struct pa_pair, map)
		if (p->assigned)
			pa->occupied[count++] = p->current.prefix;
	if (count > claims)
		qsort(pa->occupied, count, sizeof(*pa->occupied), pa_compare_prefixes);
	for (size_t i = 0; i < count; i++)
		if (!kept || !prefix_contains(&pa->occupied[kept - 1], &pa->occupied[i]))
			pa->occupied[kept++] = pa->occupied[i];
	pa->occupied_count = kept;
	pa->occupied_fresh = true;
}

/* The occupied prefixes in `p` are from *low up to *high; one around it counts too. */
static void occupied_in(struct pa *pa, const struct prefix *p, size_t *low, size_t *high)
{
	if (!pa->occupied_fresh)
		refresh_occupied(pa);
	*low = pa_lower_bound(pa->occupied, pa->occupied_count, sizeof(*pa->occupied), p);
	/* The end: the first that is greater than the last address of `p`. */
	struct prefix last = { .ip = p->ip, .len = IP_BITS };
	for (unsigned bit = p->len; bit < IP_BITS; bit++)
		last.ip.b[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	*high = pa_lower_bound(pa->occupied, pa->occupied_count, sizeof(*pa->occupied), &last);
	*high += *high < pa->occupied_count && prefix_equal(&pa->occupied[*high], &last);
	if (*low && prefix_contains(&pa->occupied[*low - 1], p))
		--*low;
}

bool pa_select_is_free(struct pa *pa, const struct prefix *p)
{
	size_t low, high;

	occupied_in(pa, p, &low, &high);
	return low == high;
}

void pa_select_occupy(struct pa *pa, const struct prefix *p)
{
	if (!pa->occupied_fresh)
		return;
	size_t at = pa_lower_bound(pa->occupied, pa->occupied_count, sizeof(*pa->occupied), p);
	pa->occupied = pa_room(pa->occupied, &pa->occupied_room, pa->occupied_count + 1, sizeof(*pa->occupied));
	memmove(&pa->occupied[at + 1], &pa->occupied[at], (pa->occupied_count - at) * sizeof(*pa->occupied));
	pa->occupied[at] = *p;
	pa->occupied_count++;
}

unsigned pa_select_length(const struct pa_pair *p)
{
	bool v4 = prefix_is_v4(&p->current.delegated);
	unsigned wanted = v4 ? p->site->conf.len4 : p->site->conf.len6;

	return wanted ? wanted : v4 ? LINK_BITS4 : LINK_BITS6;
}

static void search_pool(struct search *s, struct pa *pa, const struct prefix *pool)
{
	size_t low, high;

	occupied_in(pa, pool, &low, &high);
	s->occupied = pa->occupied;
	halve(s, *pool, low, high);
}

/* How many candidates of the wanted length are in a block, as far as it matters. */
static size_t candidates_in(const struct search *s, unsigned len)
{
	return s->want - len >= 16 ? (size_t)1 << 16 : (size_t)1 << (s->want - len);
}

/* Collects the available prefixes that hold the set of candidates: the longest first, of equally long ones the
 * smallest, until there are `set_size` (RFC 7695 5, step 4). Returns how many candidates there are, at most that. */
static size_t collect(struct search *s, struct pa *pa, const struct prefix *pool)
{
	size_t total = 0, size = pa->params.random_set_size;
	unsigned len = s->want + 1;

	s->shortest = IP_BITS + 1;
	search_pool(s, pa, pool);
	while (len > pool->len && total < size) {
		len--;
		s->shortest_left = MIN(s->available[len], size);
		total += s->shortest_left * candidates_in(s, len);
	}
	s->shortest = len;
	search_pool(s, pa, pool);
	return MIN(total, size);
}

/* The `index`-th candidate in the order of the set. */
static struct prefix candidate(const struct search *s, size_t index)
{
	for (unsigned len = s->want; len >= s->shortest; len--) {
		for (size_t i = 0; i < s->block_count; i++) {
			struct prefix block = s->blocks[i];
			if (block.len != len)
				continue;
			if (index < candidates_in(s, len)) {
				/* Small numbers change only the last bits. */
				block.len = (uint8_t)MAX((int)len, (int)s->want - 16);
				return prefix_sub(&block, s->want, index);
			}
			index -= candidates_in(s, len);
		}
	}
	ASSERT(!"index below the number of candidates");
	return PREFIX_ALL;
}

/* True if `p`, which is in the pool, is one of the set whose last is `last`. */
static bool is_candidate(const struct search *s, const struct prefix *p, const struct prefix *last)
{
	for (size_t i = 0; i < s->block_count; i++)
		if (prefix_contains(&s->blocks[i], p))
			return s->blocks[i].len > s->shortest || prefix_compare(p, last) <= 0;
	return false;
}

/* Pseudorandom prefixes "based on Node- and Link-specific values" (RFC 7695 5, step 5), so that a router that forgot
 * everything still tends to choose the same, and two routers choose differently. They are spread over the first
 * RANDOM_SET_SIZE of the pool, which is where candidates are as long as it is not crowded. */
static bool pseudo_random(const struct search *s, const struct pa_pair *p, const struct prefix *last,
                          struct prefix *out)
{
	const struct prefix *pool = &p->current.delegated;
	struct prng hash = { .state = (uint64_t)p->pa->world.node << 32 | p->current.link };
	struct random_source random = prng_source(&hash);
	struct prefix corner = *pool;

	for (size_t i = 0; i < sizeof(pool->ip.b); i++)
		hash.state = (hash.state ^ pool->ip.b[i]) * UINT64_C(0x100000001b3); /* FNV-1a */
	corner.len = (uint8_t)MAX((int)pool->len, (int)s->want - 16);
	uint32_t slots = MIN((uint32_t)p->pa->params.random_set_size, UINT32_C(1) << (s->want - corner.len));
	for (int i = 0; i < PSEUDO_RANDOM_TRIES; i++) {
		*out = prefix_sub(&corner, s->want, random_below(&random, slots));
		if (is_candidate(s, out, last) && !pa_memory_promised(p->pa, p->current.link, out))
			return true;
	}
	return false;
}

/* A prefix of exactly the length `want`. */
static bool select_of_length(struct pa_pair *p, unsigned want, struct prefix *out)
{
	struct search s = { .want = want };

	if (want < p->current.delegated.len)
		return false;
	size_t count = collect(&s, p->pa, &p->current.delegated);
	if (count == 0)
		return false;
	struct prefix last = candidate(&s, count - 1);
	bool chosen = pseudo_random(&s, p, &last, out);
	/* What another link of ours waits to have again is left to it, unless there is hardly anything else. */
	for (int i = 0; i < RANDOM_TRIES && !chosen; i++) {
		*out = candidate(&s, random_below(&p->pa->env.random, (uint32_t)count));
		chosen = !pa_memory_promised(p->pa, p->current.link, out);
	}
	return true;
}

/* The length to be content with if the one wanted is not to be had (RFC 7788 6.3.2: "a longer prefix MAY be selected");
 * 0 if there is nothing. What wanted more than a link needs gets the largest prefix there is. A link gets a sixteenth
 * of that, so that there is something for others too, as long as it leaves room for hosts. */
static unsigned best_effort_length(struct pa_pair *p, unsigned want)
{
	bool v4 = prefix_is_v4(&p->current.delegated);
	unsigned least_room = v4 ? IP4_OFFSET + 28 : 120, most = IP_BITS - 2, largest = want + 1;
	struct search s = { .want = most, .shortest = IP_BITS + 1 };

	search_pool(&s, p->pa, &p->current.delegated);
	while (largest <= most && !s.available[largest])
		largest++;
	if (largest > most)
		return 0;
	if (largest <= (v4 ? (unsigned)LINK_BITS4 : (unsigned)LINK_BITS6) || largest >= least_room)
		return largest;
	return MIN(largest + 4, least_room);
}

bool pa_select_prefix(struct pa_pair *p, struct prefix *out)
{
	unsigned want = pa_select_length(p);

	if (select_of_length(p, want, out) || pa_memory_find(p, true, out))
		return true;
	want = best_effort_length(p, want);
	return want && select_of_length(p, want, out);
}
