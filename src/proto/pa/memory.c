/* SPDX-License-Identifier: ISC */
/* What links had before: prefixes that were applied and went without anybody else taking them. "Applied Prefixes may be
 * stored in stable storage along with their associated Link" and be selected again (RFC 7695 5). */
#include "proto/pa/internal.h"

#include <string.h>

static void drop_at(struct pa *pa, size_t i)
{
	pa->memory_count--;
	memmove(&pa->memory[i], &pa->memory[i + 1], (pa->memory_count - i) * sizeof(pa->memory[0]));
}

static bool is(const struct pa_memory *m, uint32_t link, const struct prefix *p)
{
	return m->link == link && prefix_equal(&m->prefix, p);
}

bool pa_memory_has(const struct pa *pa, uint32_t link, const struct prefix *p)
{
	for (size_t i = 0; i < pa->memory_count; i++)
		if (is(&pa->memory[i], link, p))
			return true;
	return false;
}

bool pa_memory_promised(const struct pa *pa, uint32_t link, const struct prefix *p)
{
	for (size_t i = 0; i < pa->memory_count; i++)
		if (pa->memory[i].link != link && prefix_overlaps(&pa->memory[i].prefix, p))
			return true;
	return false;
}

void pa_memory_forget(struct pa *pa, uint32_t link, const struct prefix *p)
{
	for (size_t i = pa->memory_count; i-- > 0;)
		if (is(&pa->memory[i], link, p))
			drop_at(pa, i);
}

void pa_memory_add(struct pa *pa, uint32_t link, const struct prefix *p)
{
	size_t count = 0, oldest = 0;

	pa_memory_forget(pa, link, p);
	for (size_t i = pa->memory_count; i-- > 0;) {
		if (pa->memory[i].link == link) {
			oldest = i;
			count++;
		}
	}
	if (count == PA_REMEMBERED_MAX)
		drop_at(pa, oldest);
	else if (pa->memory_count == PA_REMEMBERED_TOTAL_MAX)
		drop_at(pa, 0);
	pa->memory[pa->memory_count++] = (struct pa_memory) { .link = link, .prefix = *p };
}

bool pa_memory_find(struct pa_pair *pair, bool longer, struct prefix *out)
{
	unsigned want = pa_select_length(pair);

	for (size_t i = pair->pa->memory_count; i-- > 0;) {
		const struct pa_memory *m = &pair->pa->memory[i];
		if (m->link != pair->current.link || !prefix_contains(&pair->current.delegated, &m->prefix))
			continue;
		if ((longer ? m->prefix.len > want : m->prefix.len == want) &&
		    pa_select_is_free(pair->pa, &m->prefix)) {
			*out = m->prefix;
			return true;
		}
	}
	return false;
}
