/* SPDX-License-Identifier: ISC */
/* A scenario being played: its text, the home it happens in, and what the files of this folder do with them:
 *
 *     words.c      lines into words, words into values, errors with file and line
 *     tlv.c        TLVs as a scenario writes them
 *     stranger.c   neighbours that are played by hand
 *     actions.c    what happens
 *     expect.c     what is expected
 *     run.c        from the first line to the last */
#ifndef HEARTH_TEST_REPLAY_H
#define HEARTH_TEST_REPLAY_H

#include "support/home_net.h"

enum { REPLAY_WORDS = 256, REPLAY_LINE = 8192, REPLAY_FOUND = 400, REPLAY_STRANGERS = 4, REPLAY_WATCHES = 8 };
enum { REPLAY_TOLD = 256, REPLAY_DATA = 16384, REPLAY_PEERS = 64, REPLAY_NAME = 16 };

/* One line, cut into words; `at` is the next to read. */
struct words {
	const char *path;
	unsigned line;
	char text[REPLAY_LINE];
	char *word[REPLAY_WORDS];
	size_t count, at;
};

/* What a router has told hosts on a link of one prefix, last. */
struct told {
	unsigned router, link;
	struct prefix prefix;
	uint32_t valid, preferred;
};

/* How it was when the scenario said `note`. */
struct note {
	bool on;
	uint32_t id;
	struct prefix applied[NET_LINKS][8];
	size_t applied_count[NET_LINKS];
};

/* A prefix of one link that must not change from now on. */
struct watch {
	unsigned line, link;
	struct prefix in;
	struct prefix had;
	unsigned by; /* the routers that had it, a bit each */
};

/* A neighbour without a router behind it: it says what the scenario tells it to say, and repeats it, so that it stays a
 * peer, until it falls silent. */
struct stranger {
	char name[REPLAY_NAME];
	uint32_t id, endpoint;
	unsigned link;
	struct ip addr;
	uint32_t peers[REPLAY_PEERS][2]; /* identifier and endpoint of those that its node data name as peers */
	size_t peer_count;
	uint8_t data[REPLAY_DATA]; /* its TLVs but for those peers */
	size_t len;
	uint32_t seqno, age;
	msec next; /* when it repeats itself; MSEC_NEVER: silent */
};

struct replay {
	struct net *net;
	msec start;
	unsigned failures;
	struct stranger strangers[REPLAY_STRANGERS];
	size_t stranger_count;
	struct note notes[NET_ROUTERS];
	struct watch watches[REPLAY_WATCHES];
	size_t watch_count;
	struct told told[REPLAY_TOLD];
	size_t told_count;
	bool offers_default[NET_ROUTERS][NET_LINKS]; /* as last advertised */
	bool plugged[NET_ROUTERS][NET_LINKS];        /* kept while a router is off */
	enum hncp_category category[NET_ROUTERS][NET_LINKS];
	const struct words *now; /* the line being played */
};

/* words.c: all of them end the program with a message if the scenario makes no sense. */
_Noreturn void words_wrong(const struct words *, const char *what);
/* The next word; NULL at the end. */
const char *words_next(struct words *);
/* The same, but there must be one; `what` says what it ought to be. */
const char *words_take(struct words *, const char *what);
/* Steps over the next word if it is this one. */
bool words_accept(struct words *, const char *word);
void words_need(struct words *, const char *word);
void words_end(struct words *);
unsigned words_router(struct words *); /* r0 .. */
unsigned words_link(struct words *);   /* l1 .. */
msec words_span(struct words *);       /* 10ms, 40s, 5m, 1h */
struct prefix words_prefix(struct words *);
struct ip words_ip(struct words *);
uint32_t words_hex32(struct words *);
/* A router that is on, or eight hexadecimal digits: a node identifier. */
uint32_t words_node(const struct net *, struct words *);
int64_t words_number(struct words *);
/* `<=`, `>=` or nothing and a number: true if `n` is so. */
bool words_compare(struct words *, int64_t n);

/* tlv.c: the TLVs (README.md) up to the end of the line are written to `out`. */
void tlv_words(struct words *, struct cursor *out);

/* stranger.c */
void stranger_make(struct replay *, struct words *);
struct stranger *stranger_find(struct replay *, const char *name);
void stranger_act(struct replay *, struct stranger *, struct words *);
/* Those whose time has come repeat themselves; the earliest next time. */
msec strangers_run(struct replay *);

/* actions.c */
/* False if the line's first word is no action. */
bool action(struct replay *, struct words *);
/* Lets time pass, with strangers talking and watches watched. */
void replay_pass(struct replay *, msec span);
/* Puts a packet from outside into a router's interface. */
void replay_inject(struct replay *, unsigned router, unsigned link, enum router_proto, bool multicast,
                   const struct ip *from, const uint8_t *data, size_t len);
void replay_tap(struct net *, unsigned from, const struct router_packet *);

/* expect.c */
/* Plays the words after `expect`: false if it is not so, and then what was found. */
bool expectation(struct replay *, struct words *, char found[REPLAY_FOUND]);
/* The applied prefix of a link inside `in`, if all its running routers have the same single one. */
bool link_prefix(const struct replay *, unsigned link, const struct prefix *in, struct prefix *out,
                 char found[REPLAY_FOUND]);

/* run.c */
void replay_failed(struct replay *, unsigned line, const char *expected, const char *found);

#endif
