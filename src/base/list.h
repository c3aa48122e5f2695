/* SPDX-License-Identifier: ISC */
/* A circular doubly linked list, threaded through the things it holds. */
#ifndef HEARTH_BASE_LIST_H
#define HEARTH_BASE_LIST_H

#include "base/base.h"

struct list {
	struct list *next;
	struct list *prev;
};

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

/* Adds `item` as the last of `l`. */
static inline void list_append(struct list *l, struct list *item)
{
	item->prev = l->prev;
	item->next = l;
	l->prev->next = item;
	l->prev = item;
}

/* Takes `item` out of its list and leaves it a list of its own, so that removing twice is harmless. */
static inline void list_remove(struct list *item)
{
	item->prev->next = item->next;
	item->next->prev = item->prev;
	list_init(item);
}

#define LIST_ENTRY(ptr, type, member) CONTAINER_OF(ptr, type, member)

/* Walks the list; the body must not remove anything. */
#define LIST_EACH(var, list, type, member)                                                                             \
	for (type *var = LIST_ENTRY((list)->next, type, member); &(var)->member != (list);                             \
	     (var) = LIST_ENTRY((var)->member.next, type, member))

/* Walks the list; the body may remove (and free) `var`. */
#define LIST_EACH_SAFE(var, list, type, member)                                                                        \
	for (type *var = LIST_ENTRY((list)->next, type, member),                                                       \
	          *var##_next = LIST_ENTRY((var)->member.next, type, member);                                          \
	     &(var)->member != (list); (var) = var##_next, var##_next = LIST_ENTRY((var)->member.next, type, member))

#endif
