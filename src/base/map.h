/* SPDX-License-Identifier: ISC */
/* An ordered map (AVL tree) threaded through the things it holds: no allocation, logarithmic at worst whatever a peer
 * sends, and walked in key order (which DNCP's hash tree and reproducible runs need). */
#ifndef HEARTH_BASE_MAP_H
#define HEARTH_BASE_MAP_H

#include "base/base.h"

struct map_node {
	struct map_node *child[2];
	struct map_node *parent;
	int8_t balance; /* height of child[1] less height of child[0] */
};

/* Compares the key at `key` with that of the thing `node` is part of: <0, 0, >0 as memcmp. */
typedef int map_compare(const void *key, const struct map_node *node);

struct map {
	struct map_node *root;
	map_compare *compare;
	size_t count;
};

static inline void map_init(struct map *m, map_compare *compare)
{
	*m = (struct map) { .compare = compare };
}

/* The node with that key, or NULL. */
struct map_node *map_find(const struct map *m, const void *key);

/* The first node whose key is not less than `key`, or NULL. */
struct map_node *map_find_from(const struct map *m, const void *key);

/* Puts `node`, whose key is `key`, into the map. Returns NULL, or the node already there with that key (then nothing
 * has changed). */
struct map_node *map_insert(struct map *m, const void *key, struct map_node *node);

/* Takes out `node`, which must be in this map. */
void map_remove(struct map *m, struct map_node *node);

struct map_node *map_first(const struct map *m);
struct map_node *map_last(const struct map *m);
struct map_node *map_next(const struct map_node *node);

#define MAP_ENTRY(ptr, type, member) CONTAINER_OF(ptr, type, member)

/* `MAP_ENTRY` of a node that may be NULL. */
#define MAP_ENTRY_OR_NULL(ptr, type, member)                                                                           \
	__extension__({                                                                                                \
		struct map_node *entry_ = (ptr);                                                                       \
		entry_ ? MAP_ENTRY(entry_, type, member) : NULL;                                                       \
	})

/* Walks the map in key order; the body must neither add nor remove. */
#define MAP_EACH(var, map, type, member)                                                                               \
	for (type *var = MAP_ENTRY_OR_NULL(map_first(map), type, member); var;                                         \
	     (var) = MAP_ENTRY_OR_NULL(map_next(&(var)->member), type, member))

/* Walks the map in key order; the body may remove (and free) `var`, but no other. */
#define MAP_EACH_SAFE(var, map, type, member)                                                                          \
	for (type *var = MAP_ENTRY_OR_NULL(map_first(map), type, member),                                              \
	          *var##_next = (var) ? MAP_ENTRY_OR_NULL(map_next(&(var)->member), type, member) : NULL;              \
	     var; (var) = var##_next,                                                                                  \
	          var##_next = (var) ? MAP_ENTRY_OR_NULL(map_next(&(var)->member), type, member) : NULL)

#endif
