/* SPDX-License-Identifier: ISC */
/* Plays scenarios (README.md): each line in turn, in virtual time. */
#include "replay.h"

/* How often `within` looks. */
#define GLANCE ((msec)10)

void replay_failed(struct replay *r, unsigned line, const char *expected, const char *found)
{
	double at = (double)(r->net->now - r->start) / SECOND;

	r->failures++;
	printf("%s:%u: at %.3f s: expected: %s; found: %s\n", r->now->path, line, at, expected, found);
}

static void read_words(struct words *w, const char *text)
{
	char *save = NULL;

	w->count = w->at = 0;
	snprintf(w->text, sizeof(w->text), "%s", text);
	if (strchr(w->text, '#'))
		*strchr(w->text, '#') = '\0';
	for (char *at = w->text, *word; (word = strtok_r(at, " \t\r\n", &save)); at = NULL) {
		if (w->count == REPLAY_WORDS)
			words_wrong(w, "the line is too long");
		w->word[w->count++] = word;
	}
}

/* [within SPAN] expect ... */
static void expect(struct replay *r, struct words *w, const char *text)
{
	char found[REPLAY_FOUND] = "";
	msec until = r->net->now + (words_accept(w, "within") ? words_span(w) : 0);
	size_t begin = w->at;

	for (;;) {
		w->at = begin;
		words_need(w, "expect");
		if (expectation(r, w, found))
			return;
		if (r->net->now >= until)
			break;
		replay_pass(r, GLANCE);
	}
	char line[REPLAY_LINE];
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "#\r\n"), text);
	replay_failed(r, w->line, line + strspn(line, " \t"), found);
}

static void play_line(struct replay *r, struct words *w, const char *text)
{
	struct stranger *s;

	read_words(w, text);
	if (!w->count)
		return;
	if (strcmp(w->word[0], "expect") == 0 || strcmp(w->word[0], "within") == 0) {
		expect(r, w, text);
	} else if (!action(r, w)) {
		s = stranger_find(r, words_take(w, "a verb"));
		if (!s)
			words_wrong(w, "neither a verb nor a stranger");
		stranger_act(r, s, w);
		net_run(r->net, 0);
	}
}

static unsigned play(const char *path)
{
	struct replay *r = NEW(struct replay);
	struct words *w = NEW(struct words);
	char *line = NULL;
	size_t size = 0;
	FILE *f = fopen(path, "r");

	if (!f) {
		perror(path);
		exit(2);
	}
	w->path = path;
	r->now = w;
	r->net = net_new(getenv("SEED") ? strtoull(getenv("SEED"), NULL, 10) : 1);
	r->net->tap = replay_tap;
	r->start = r->net->now;
	while (getline(&line, &size, f) >= 0) {
		w->line++;
		play_line(r, w, line);
	}
	unsigned failures = r->failures;
	printf("%s: %u failures after %.0f s\n", path, failures, (double)(r->net->now - r->start) / SECOND);
	net_free(r->net);
	fclose(f);
	free(line);
	free(w);
	free(r);
	return failures;
}

int main(int argc, char **argv)
{
	unsigned failures = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: [TRACE=1] [SEED=N] %s SCENARIO.rpl...\n", argv[0]);
		return 2;
	}
	for (int i = 1; i < argc; i++)
		failures += play(argv[i]);
	return failures > 0;
}
