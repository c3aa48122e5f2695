/* SPDX-License-Identifier: ISC */
/* What the files of pa/ share:
 *
 *     world.c    what the caller told, sorted and bounded            (RFC 7695 2)
 *     pair.c     the life of one assignment: made, published, applied, destroyed; the timers (RFC 7695 4.1, 4.3)
 *     routine.c  the subroutine that decides about one               (RFC 7695 4.1)
 *     select.c   which prefix a new one gets                         (RFC 7695 5, RFC 7788 6.3.2)
 *     memory.c   what links had before                               (RFC 7695 5)
 *     pa.c       the face
 */
#ifndef HEARTH_PROTO_PA_INTERNAL_H
#define HEARTH_PROTO_PA_INTERNAL_H

#include "base/map.h"
#include "base/timer.h"
#include "proto/pa/limits.h"
#include "proto/pa/pa.h"

/* A link and where in pa_world.on_link the prefixes advertised on it are. */
struct pa_site {
	struct pa_link conf;
	size_t first;
	size_t count;
};

/* A prefix that others claim, with the strongest claim (Advertised Prefix, RFC 7695 2) on it. */
struct pa_claim {
	struct prefix prefix;
	uint8_t priority; /* PA_PRIORITY_RESERVED for what is not to be assigned by us at all */
	uint32_t node;
	size_t parent; /* index of the narrowest claim around this one plus one; 0: none */
};

enum { PA_PRIORITY_RESERVED = PA_PRIORITY_MAX + 1 };

/* The input, in order. The arrays are kept from update to update and grow to what was needed most. */
struct pa_world {
	uint32_t node;
	bool alone;
	struct pa_delegated *delegated; /* by prefix; none overlaps another */
	size_t delegated_count, delegated_room;
	struct pa_site *sites; /* by link */
	size_t site_count, site_room;
	struct pa_advertised *advertised; /* by prefix, strongest first */
	size_t advertised_count, advertised_room;
	struct pa_advertised *on_link; /* those on our shared links: by link, strongest first */
	size_t on_link_count, on_link_room;
	struct pa_claim *claims; /* by prefix, each once; reserved ones too */
	size_t claim_count, claim_room;
	struct prefix *reserved;
	size_t reserved_count, reserved_room;
};

/* A Delegated Prefix and Link pair (RFC 7695 4.1). */
struct pa_pair {
	struct map_node map;
	struct pa *pa;
	struct pa_assignment current; /* .link and .delegated are the key; the rest holds if `assigned` */
	bool assigned;                /* there is a Current Assignment */
	bool starved;                 /* the pool was empty when last tried; said once */
	bool kept;                    /* both link and delegated prefix are still there */
	const struct pa_site *site;
	const struct pa_delegated *pool;
	struct timer backoff;
	struct timer apply;
};

struct pa_memory {
	uint32_t link;
	struct prefix prefix;
};

struct pa {
	struct pa_params params;
	struct pa_env env;
	struct timers timers;
	struct map pairs; /* by link and delegated prefix */
	struct pa_world world;
	struct prefix *occupied; /* by prefix, disjoint: what may not be chosen; good if `occupied_fresh` */
	size_t occupied_count, occupied_room;
	bool occupied_fresh;
	struct pa_memory memory[PA_REMEMBERED_TOTAL_MAX]; /* oldest first */
	size_t memory_count;
	bool changed; /* to be told at the end */
	uint64_t counters[PA_COUNTER_COUNT];
	bool limited[PA_COUNTER_COUNT]; /* limits that the last input was beyond, so that each is said once */
};

/* Room for `n` things in an array of which `*room` fit: the array or a larger copy. */
void *pa_room(void *array, size_t *room, size_t n, size_t size);

/* The first index of a sorted array whose prefix (first member of each thing) is not less than `p`. */
size_t pa_lower_bound(const void *array, size_t count, size_t size, const struct prefix *p);

/* For qsort(). */
int pa_compare_prefixes(const void *, const void *);

/* world.c */
void pa_world_set(struct pa *, const struct pa_input *);
void pa_world_free(struct pa_world *);

/* pair.c */
struct pa_pair *pa_pair_get(struct pa *, uint32_t link, const struct prefix *delegated);
void pa_pair_free(struct pa_pair *);
/* Makes the Current Assignment; `delay` until it is applied. */
void pa_pair_assign(struct pa_pair *, msec now, const struct prefix *, bool published, uint8_t priority, msec delay);
/* Advertises from now on what was taken from a neighbour (adoption). */
void pa_pair_publish(struct pa_pair *, msec now);
void pa_pair_unpublish(struct pa_pair *);
void pa_pair_apply_after(struct pa_pair *, msec now, msec delay);
/* Destroys the Current Assignment. If `remember`, its link shall have it again when that is possible. */
void pa_pair_destroy(struct pa_pair *, const char *why, bool remember);
/* Hands the Current Assignment over to another pair of the same link that has none. */
void pa_pair_move(struct pa_pair *from, struct pa_pair *to, msec now);
/* How long to wait before an assignment that was just made is applied: 2 * Flooding Delay, or less. */
msec pa_pair_apply_delay(const struct pa_pair *, bool restored);

/* routine.c */
enum routine_step {
	ROUTINE_SETTLE, /* makes nothing new but what the link had before */
	ROUTINE_CREATE, /* BackoffTriggered = false */
	ROUTINE_FIRED,  /* BackoffTriggered = true */
};
void pa_routine_run(struct pa_pair *, msec now, enum routine_step);
/* The Backoff Timer has fired. */
void pa_routine_backoff(struct pa_pair *, msec now);

/* select.c */
/* The prefix length that is wanted for the pair. */
unsigned pa_select_length(const struct pa_pair *);
/* True if `p` neither includes nor is included in anything advertised, assigned or reserved. */
bool pa_select_is_free(struct pa *, const struct prefix *p);
/* A prefix for a new assignment; false if the pool is empty. */
bool pa_select_prefix(struct pa_pair *, struct prefix *out);
/* Notes that `p`, which was free, is not any more. */
void pa_select_occupy(struct pa *, const struct prefix *p);

/* memory.c */
void pa_memory_add(struct pa *, uint32_t link, const struct prefix *);
bool pa_memory_has(const struct pa *, uint32_t link, const struct prefix *);
/* True if another link than `link` had something that overlaps `p`. */
bool pa_memory_promised(const struct pa *, uint32_t link, const struct prefix *p);
void pa_memory_forget(struct pa *, uint32_t link, const struct prefix *);
/* The newest free prefix of the pair's link and pool that has the length wanted (or, if `longer`, more than that). */
bool pa_memory_find(struct pa_pair *, bool longer, struct prefix *out);

#endif
