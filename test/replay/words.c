/* SPDX-License-Identifier: ISC */
#include <errno.h>

#include "replay.h"

_Noreturn void words_wrong(const struct words *w, const char *what)
{
	const char *at = w->at <= w->count && w->at ? w->word[w->at - 1] : "";

	fprintf(stderr, "%s:%u: '%s': %s\n", w->path, w->line, at, what);
	exit(2);
}

const char *words_next(struct words *w)
{
	return w->at < w->count ? w->word[w->at++] : NULL;
}

const char *words_take(struct words *w, const char *what)
{
	const char *word = words_next(w);
	char message[100];

	if (word)
		return word;
	snprintf(message, sizeof(message), "then comes %s", what);
	words_wrong(w, message);
}

bool words_accept(struct words *w, const char *word)
{
	if (w->at >= w->count || strcmp(w->word[w->at], word) != 0)
		return false;
	w->at++;
	return true;
}

void words_need(struct words *w, const char *word)
{
	if (strcmp(words_take(w, word), word) != 0)
		words_wrong(w, word);
}

void words_end(struct words *w)
{
	if (words_next(w))
		words_wrong(w, "one word too many");
}

/* A letter and a number below `most`. */
static unsigned letter_and_number(struct words *w, char letter, unsigned most, const char *what)
{
	const char *word = words_take(w, what);
	char *end = NULL;
	unsigned long n = word[0] == letter ? strtoul(word + 1, &end, 10) : most;

	if (n >= most || !end || *end)
		words_wrong(w, what);
	return (unsigned)n;
}

unsigned words_router(struct words *w)
{
	return letter_and_number(w, 'r', NET_ROUTERS, "a router, r0 to r11");
}

unsigned words_link(struct words *w)
{
	unsigned n = letter_and_number(w, 'l', NET_LINKS, "a link, l1 to l15");

	if (!n)
		words_wrong(w, "a link, l1 to l15");
	return n;
}

msec words_span(struct words *w)
{
	static const struct {
		const char *unit;
		msec length;
	} units[] = { { "ms", 1 }, { "s", SECOND }, { "m", MINUTE }, { "h", HOUR } };
	char *end;
	unsigned long long n = strtoull(words_take(w, "a time, as 40s"), &end, 10);

	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (strcmp(end, units[i].unit) == 0)
			return (msec)n * units[i].length;
	words_wrong(w, "a time ends with ms, s, m or h");
}

struct prefix words_prefix(struct words *w)
{
	struct prefix p;

	if (!prefix_parse(words_take(w, "a prefix"), &p))
		words_wrong(w, "no prefix");
	return p;
}

struct ip words_ip(struct words *w)
{
	struct ip ip;

	if (!ip_parse(words_take(w, "an address"), &ip))
		words_wrong(w, "no address");
	return ip;
}

static int64_t number(struct words *w, int base, const char *what)
{
	char *end;
	const char *word = words_take(w, what);

	errno = 0;
	long long n = strtoll(word, &end, base);
	if (errno || end == word || *end)
		words_wrong(w, what);
	return n;
}

uint32_t words_hex32(struct words *w)
{
	return (uint32_t)number(w, 16, "eight hexadecimal digits");
}

uint32_t words_node(const struct net *n, struct words *w)
{
	if (w->at < w->count && w->word[w->at][0] != 'r')
		return words_hex32(w);
	unsigned i = words_router(w);
	if (!n->routers[i].router)
		words_wrong(w, "this router is off");
	return dncp_id(router_dncp(n->routers[i].router));
}

int64_t words_number(struct words *w)
{
	return number(w, 10, "a number");
}

bool words_compare(struct words *w, int64_t n)
{
	if (words_accept(w, "<="))
		return n <= words_number(w);
	if (words_accept(w, ">="))
		return n >= words_number(w);
	return n == words_number(w);
}
