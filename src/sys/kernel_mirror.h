/* SPDX-License-Identifier: ISC */
/* What the kernel has of ours beside what the plan wants: the two columns that the reconciler compares, and how patient
 * it is with each line. Knows no netlink. Private to the kernel reconciler. */
#ifndef HEARTH_SYS_KERNEL_MIRROR_H
#define HEARTH_SYS_KERNEL_MIRROR_H

#include "base/map.h"
#include "home/plan.h"

/* One address or one route. */
struct kernel_thing {
	bool is_route;
	union {
		struct plan_address address;
		struct plan_route route;
	};
};

struct kernel_item {
	struct map_node node;
	struct kernel_thing want; /* also the key, when only `have` counts */
	struct kernel_thing have;
	bool wanted;
	bool present;
	bool doubted;   /* it was present before everything was read again */
	bool named;     /* while a plan is read: it is in it */
	bool asked;     /* a request is on its way */
	bool reported;  /* its trouble; until it is over or the plan changes */
	bool duplicate; /* somebody else uses the address */
	bool tell;      /* and the daemon has not been told yet */
	uint8_t strikes;
	msec struck;     /* when it was refused or taken away last */
	msec not_before; /* when to try again */
};

/* Addresses come before routes, each in the order of kernel_message.h. */
struct kernel_mirror {
	struct map items;
};

void kernel_mirror_init(struct kernel_mirror *);
void kernel_mirror_free(struct kernel_mirror *);

/* The item of that key or NULL. */
struct kernel_item *kernel_mirror_find(const struct kernel_mirror *, const struct kernel_thing *);
/* The same, made if there is none. */
struct kernel_item *kernel_mirror_need(struct kernel_mirror *, const struct kernel_thing *);

/* Copies what `plan` wants; what it no longer names is no longer wanted. */
void kernel_mirror_want(struct kernel_mirror *, const struct plan *plan);

/* Drops what is neither wanted nor there. */
void kernel_mirror_sweep(struct kernel_mirror *);

/* The kernel says that it has `thing`. Lifetimes that it only rounds stay as exact as they were. */
void kernel_item_has(struct kernel_item *, const struct kernel_thing *thing);

/* True if the plan wants it now: an address only until its end. */
bool kernel_item_is_wanted(const struct kernel_item *, msec now);

/* True if the kernel has to be asked for something. */
bool kernel_item_differs(const struct kernel_item *, msec now);

/* The interface it hangs on; 0 for none. */
uint32_t kernel_item_link(const struct kernel_item *);

/* It was taken from us at `now`: put back at once the first time, ever later if that goes on. */
void kernel_item_lost(struct kernel_item *, msec now);

/* It was refused at `now`: tried again ever later. */
void kernel_item_refused(struct kernel_item *, msec now);

/* Forgets its troubles: something has changed. */
void kernel_item_renew(struct kernel_item *);

#endif
