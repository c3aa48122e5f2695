/* SPDX-License-Identifier: ISC */
/* The tables of RFC 8966 3.2 and what the files of this folder call of each other.
 *
 * Ownership: the babel owns interfaces, an interface its neighbours, a neighbour the routes it announced; destinations
 * gather the routes of one key and live as long as there is something to say about it. Sources and requests stand
 * alone. Everything is indexed by ordered maps; nothing on the path of a packet walks a whole table. */
#ifndef HEARTH_PROTO_BABEL_INTERNAL_H
#define HEARTH_PROTO_BABEL_INTERNAL_H

#include "base/list.h"
#include "base/map.h"
#include "base/timer.h"
#include "proto/babel/babel.h"
#include "proto/babel/limits.h"
#include "proto/babel/wire.h"

/* Protocol parameters: RFC 8966 appendix B, unless another reason is given. */
enum {
	HELLO_INTERVAL = 4 * SECOND,
	UPDATE_HELLOS = 4, /* update interval, in Hello intervals */
	IHU_HELLOS = 3,    /* an IHU goes with every third Hello */
	HOLD_TENTHS = 35,  /* IHU hold and route expiry time, in tenths of the announced interval */
	REQUEST_TIMEOUT = 2 * SECOND,
	REQUEST_SENDS = 4,            /* the first and three more */
	REQUEST_HOPS = 64,            /* 3.8.2.1 */
	REQUEST_QUIET = SECOND,       /* how long the same request is not forwarded again (3.8.1.2) */
	REQUEST_MEMORY = 10 * SECOND, /* how long the answer to a forwarded one is awaited */
	SOURCE_GC = 3 * MINUTE,
	COST_WIRED = 96,
	COST_WIRELESS = 256,
	IP_UDP_HEADERS = 48,
	MTU = 1280,
};

/* Our own choices. */
enum {
	FIRST_HELLOS = 3,    /* sent quickly at the start and for a new neighbour: 2-out-of-3 needs two */
	HELLO_SOON_LOW = 20, /* between these: enough for two routers that start together not to collide */
	HELLO_SOON_HIGH = 50,
	URGENT_LOW = 5, /* jitter of what is urgent; RFC 8966 allows 200 ms */
	URGENT_HIGH = 20,
	TRIGGERED_LOW = 50, /* jitter of other triggered updates */
	TRIGGERED_HIGH = 200,
	REPEAT_LOW = 80, /* between copies of an urgent update (3.7.2) */
	REPEAT_HIGH = 160,
	UNICAST_DELAY = 5,   /* collecting acknowledgments and requests for one neighbour */
	BURST_PACKETS = 4,   /* packets of updates in a row ... */
	BURST_PAUSE = 8,     /* ... and the pause after them: a burst must fit a peer's receive buffer */
	DUMP_QUIET = 200,    /* after a full dump, before another that is asked for: so long, or as long as it took */
	DUMP_RETRY = SECOND, /* until a new neighbour is asked again for everything */
	DUMP_REQUESTS = 4,   /* wildcard requests to a new neighbour, if nothing comes back */
	SMOOTH_HELLOS = 2,   /* half-life of the smoothed metric: A.3's 3 Hello intervals, times ln 2 */
	ETX_WINDOW = 6,      /* A.2.2 */
	ETX_LEAST = 3,       /* a history shorter than this counts as if it had losses */
	ETX_DEAD = 4,        /* so many misses in a row: gone, however good the history */
	SEQNO_STEP = 100,    /* our seqno moves at most this often on the average, whoever asks, */
	SEQNO_BURST = 64,    /* and so many times at once */
	METRIC_CHANGE = 64,  /* a change worth a triggered update: so much, and an eighth of the metric */
};

struct neighbour;

struct interface {
	struct map_node node; /* in babel.interfaces, by link */
	struct babel *babel;
	uint32_t link;
	struct babel_interface_conf conf; /* with the defaults filled in */
	struct map neighbours;            /* by address */

	uint16_t hello_seqno;
	unsigned hellos_soon; /* how many more to send quickly */
	msec hello_at;        /* when the last one was sent */
	msec update_at;       /* when the next periodic dump is due */
	struct timer hello_timer;

	struct map pending; /* updates to send, by key */
	struct list urgent; /* of those: now; when due; again later (in the order of time) */
	struct list triggered;
	struct list repeats;
	bool ihus; /* some neighbour is to get an IHU ahead of time */
	bool dumping;
	struct babel_key dump_next;
	msec dump_began;
	msec dump_quiet; /* no other one that is asked for before */
	struct timer dump_timer;
	struct timer flush_timer;
};

/* RFC 8966 A.1 */
struct history {
	uint16_t bits; /* the latest Hello is the highest bit */
	uint16_t expected;
	uint8_t known; /* Hellos that were or should have been heard, up to 16 */
	bool heard;
	msec interval;
	struct timer timer;
};

struct neighbour {
	struct map_node node; /* in interface.neighbours, by address */
	struct interface *interface;
	struct babel_neighbour pub; /* what babel_neighbour_next() shows */
	struct history multicast;
	struct history unicast;
	struct timer ihu_timer; /* until when txcost holds */
	unsigned ihu_wait;      /* Hellos until the next IHU */
	bool ihu_soon;
	bool up;           /* the cost was finite, and was reported */
	bool heard_update; /* it has answered our request for everything */
	unsigned dump_requests;
	msec asked_at;
	struct map routes; /* what it announced, by key */
	size_t out_len;    /* TLVs to it alone */
	uint8_t out[LIMIT_UNICAST];
	struct timer out_timer;
};

/* RFC 8966 3.2.6 */
struct route {
	struct map_node node; /* in neighbour.routes, by key */
	struct list item;     /* in destination.routes */
	struct destination *destination;
	struct neighbour *neighbour;
	uint8_t router_id[ROUTER_ID_LEN];
	uint16_t seqno;
	uint16_t announced; /* the neighbour's metric */
	uint16_t metric;    /* ours: with the cost of the link */
	struct ip via;
	uint32_t smooth_from; /* the smoothed metric (A.3) goes from this at `smooth_at` to `metric` */
	msec smooth_at;
	msec ask_at; /* when to ask whether it is still there (3.8.2.3) */
	msec expire_at;
	msec requested_at;        /* when a new seqno was last asked of this neighbour */
	uint16_t requested_seqno; /* and which one the route had then */
	msec hold;                /* the time from an update to expiry */
	struct timer timer;
};

/* What we announce for a key. */
struct advert {
	bool finite;
	uint8_t router_id[ROUTER_ID_LEN];
	uint16_t seqno;
	uint16_t metric;
	uint32_t link; /* over which it was learnt; 0 if it is our own */
};

/* All there is about one key. */
struct destination {
	struct map_node node; /* in babel.destinations, by key */
	struct babel *babel;
	struct list routes; /* one a neighbour */
	struct route *selected;
	bool own;  /* originated here */
	bool keep; /* mark of babel_originate_all() */
	uint16_t own_metric;
	bool shown;             /* babel_route_next() gives `pub` */
	struct babel_route pub; /* its key is that of the destination */
	struct advert said;     /* what neighbours were told when it last changed */
	/* With a route: when a smoothed metric may have passed another. Without: the end of unreachability (3.5.4). */
	struct timer timer;
};

/* RFC 8966 3.2.5 */
struct source_key {
	struct babel_key key;
	uint8_t router_id[ROUTER_ID_LEN];
};

struct source {
	struct map_node node;
	struct babel *babel;
	struct source_key key;
	uint16_t seqno;
	uint16_t metric;
	msec gc_at;
	struct timer timer;
};

/* RFC 8966 3.2.7 */
struct request {
	struct map_node node; /* in babel.requests, by source key */
	struct babel *babel;
	struct source_key key;
	uint16_t seqno;
	uint32_t for_link; /* where the answer is awaited, if forwarded; else 0 */
	bool own;          /* we want it ourselves and ask again */
	unsigned sends;    /* left */
	msec since;        /* when we began to ask */
	msec timeout;
	msec quiet_until; /* the same is not forwarded again before */
	struct timer timer;
};

/* An update that waits to be sent on an interface. */
struct pending {
	struct map_node node;
	struct list item;
	struct babel_key key;
	msec at; /* repeats: not before */
	uint8_t copies;
	bool urgent;
	bool force;  /* somebody asked: no split horizon */
	bool poison; /* retract where split horizon would say nothing */
};

struct babel {
	struct babel_env env;
	uint8_t router_id[ROUTER_ID_LEN];
	uint16_t seqno;   /* RFC 8966 3.2.2 */
	msec seqno_until; /* so far the steps it has taken reach, at one a SEQNO_STEP */
	bool stopped;
	bool changed;
	struct timers timers;
	struct map interfaces;
	struct map destinations;
	struct map sources;
	struct map requests;
	size_t routes;       /* learnt ones */
	msec reported_at[2]; /* when limits were last reported: neighbours, the rest */
	uint64_t counters[BABEL_COUNTER_COUNT];
};

/* babel.c */
void babel_count(struct babel *, enum babel_counter);
void babel_limit_reached(struct babel *, msec now, enum babel_counter, const char *what, enum babel_limit);
static inline struct babel *neighbour_babel(const struct neighbour *n)
{
	return n->interface->babel;
}
int babel_key_compare(const struct babel_key *a, const struct babel_key *b);
/* RFC 8966 3.2.1: a < b */
static inline bool seqno_less(uint16_t a, uint16_t b)
{
	return a != b && !((uint16_t)(b - a) & 0x8000);
}
static inline bool id_equal(const uint8_t a[ROUTER_ID_LEN], const uint8_t b[ROUTER_ID_LEN])
{
	return __builtin_memcmp(a, b, ROUTER_ID_LEN) == 0;
}
static inline uint16_t to_centis(msec t)
{
	msec centis = t / 10;

	return (uint16_t)(centis < 1 ? 1 : centis > 0xfffe ? 0xfffe : centis);
}
static inline msec from_centis(uint16_t t)
{
	return (msec)t * 10;
}
/* The time after which what is repeated every `interval` is given up. */
static inline msec hold_time(msec interval)
{
	return interval * HOLD_TENTHS / 10;
}

/* interface.c */
struct interface *babel_interface_find(const struct babel *, uint32_t link);
void babel_interface_farewell(struct interface *, msec now);
void babel_interface_free(struct interface *, msec now);
/* Sends some of the first Hellos again, for a neighbour that has not heard two of ours. */
void babel_interface_hello_soon(struct interface *, msec now);
/* Starts a full dump as soon as the rate limit lets it. */
void babel_interface_dump(struct interface *, msec now);
/* Sends what is pending within `delay`. */
void babel_interface_flush_within(struct interface *, msec now, msec delay);
void babel_interface_flush_soon(struct interface *, msec now);
/* The one place where a packet leaves. `to` NULL: to all on the link. */
void babel_packet_send(struct interface *, const struct ip *to, const uint8_t *data, size_t len);
size_t babel_packet_room(const struct interface *);

/* neighbour.c */
struct neighbour *babel_neighbour_find(const struct interface *, const struct ip *addr);
void babel_neighbour_hello(struct interface *, msec now, const struct ip *from, const struct message *);
void babel_neighbour_ihu(struct neighbour *, msec now, const struct message *);
void babel_neighbour_free(struct neighbour *, msec now, const char *why);
/* Cost from histories and txcost; routes follow if it changed (RFC 8966 3.4.3). */
void babel_neighbour_cost(struct neighbour *, msec now);
/* It does not hear us, as far as we know. */
void babel_neighbour_deaf(struct neighbour *, msec now);
/* Puts a TLV into the next packet to this neighbour alone. */
void babel_neighbour_tell(struct neighbour *, msec now, const struct message *);
void babel_neighbour_ask_all(struct neighbour *, msec now);
bool babel_neighbour_needs_ihu(const struct neighbour *);
struct message babel_neighbour_make_ihu(const struct neighbour *);

/* route.c */
struct destination *babel_destination_find(const struct babel *, const struct babel_key *);
struct destination *babel_destination_get(struct babel *, const struct babel_key *);
void babel_destination_select(struct destination *, msec now);
/* Frees it if nothing is left to say about it. */
void babel_destination_tidy(struct destination *);
void babel_destination_free(struct destination *);
bool babel_route_feasible(const struct route *);
void babel_route_update(struct neighbour *, msec now, const struct message *);
void babel_route_retract_all(struct neighbour *, msec now);
void babel_routes_new_cost(struct neighbour *, msec now);
void babel_routes_free(struct neighbour *, msec now);

/* source.c */
struct source *babel_source_find(const struct babel *, const struct babel_key *, const uint8_t *router_id);
bool babel_source_feasible(const struct babel *, const struct babel_key *, const uint8_t *router_id, uint16_t seqno,
                           uint16_t metric);
bool babel_source_note(struct babel *, msec now, const struct babel_key *, const uint8_t *router_id, uint16_t seqno,
                       uint16_t metric);
void babel_source_free(struct source *);

/* request.c */
void babel_request_starved(struct destination *, msec now);
void request_route(struct route *, msec now, uint16_t seqno);
void babel_request_for_unfeasible(struct route *, msec now);
void babel_request_received(struct neighbour *, msec now, const struct message *);
void babel_request_satisfied(struct destination *, msec now);
void babel_request_free(struct request *);

/* update.c */
struct advert babel_destination_advert(const struct destination *);
/* Tells the neighbours what has changed, if it is worth it (RFC 8966 3.7.2). */
void babel_update_trigger(struct destination *, msec now);
void babel_update_answer(struct interface *, msec now, const struct babel_key *);
/* Writes pending updates and the dump: at most `packets` packets, the first of which `w` has begun. True if more is
 * left. */
bool babel_update_flush(struct interface *, msec now, struct wire_writer *w, unsigned packets);
void babel_pending_free(struct interface *, struct pending *);

#endif
