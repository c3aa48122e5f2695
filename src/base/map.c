/* SPDX-License-Identifier: ISC */
#include "base/map.h"

struct map_node *map_find(const struct map *m, const void *key)
{
	struct map_node *n = m->root;

	while (n) {
		int order = m->compare(key, n);
		if (!order)
			return n;
		n = n->child[order > 0];
	}
	return NULL;
}

struct map_node *map_find_from(const struct map *m, const void *key)
{
	struct map_node *n = m->root, *best = NULL;

	while (n) {
		int order = m->compare(key, n);
		if (!order)
			return n;
		if (order < 0)
			best = n;
		n = n->child[order > 0];
	}
	return best;
}

/* Puts `now` in the place that `was` has under its parent. */
static void replace_child(struct map *m, struct map_node *was, struct map_node *now)
{
	struct map_node *parent = was->parent;

	if (!parent)
		m->root = now;
	else
		parent->child[parent->child[1] == was] = now;
	if (now)
		now->parent = parent;
}

/* Turns the subtree at `n` so that its child on `side` becomes its head. */
static struct map_node *rotate(struct map *m, struct map_node *n, int side)
{
	struct map_node *up = n->child[side];
	struct map_node *across = up->child[!side];

	replace_child(m, n, up);
	n->child[side] = across;
	if (across)
		across->parent = n;
	up->child[!side] = n;
	n->parent = up;
	return up;
}

/* Restores the balance of `n`, which leans by two to `side`; returns the new head of that subtree. */
static struct map_node *rebalance(struct map *m, struct map_node *n, int side)
{
	int8_t sign = side ? 1 : -1;
	struct map_node *c = n->child[side];

	if (c->balance == -sign) {
		struct map_node *g = c->child[!side];
		rotate(m, c, !side);
		rotate(m, n, side);
		n->balance = g->balance == sign ? -sign : 0;
		c->balance = g->balance == -sign ? sign : 0;
		g->balance = 0;
		return g;
	}
	rotate(m, n, side);
	n->balance = c->balance ? 0 : sign;
	c->balance = c->balance ? 0 : -sign;
	return c;
}

struct map_node *map_insert(struct map *m, const void *key, struct map_node *node)
{
	struct map_node *parent = NULL;
	int side = 0;

	for (struct map_node *n = m->root; n; n = n->child[side]) {
		int order = m->compare(key, n);
		if (!order)
			return n;
		parent = n;
		side = order > 0;
	}
	*node = (struct map_node) { .parent = parent };
	m->count++;
	if (!parent) {
		m->root = node;
		return NULL;
	}
	parent->child[side] = node;

	for (struct map_node *n = node; (parent = n->parent); n = parent) {
		side = parent->child[1] == n;
		parent->balance += side ? 1 : -1;
		if (!parent->balance)
			break;
		if (parent->balance == 2 || parent->balance == -2) {
			rebalance(m, parent, side);
			break;
		}
	}
	return NULL;
}

/* After the subtree on `side` of `parent` became one lower: balances the way up. */
static void lowered(struct map *m, struct map_node *parent, int side)
{
	while (parent) {
		struct map_node *head = parent;

		parent->balance -= side ? 1 : -1;
		if (parent->balance == 1 || parent->balance == -1)
			return;
		if (parent->balance) {
			head = rebalance(m, parent, !side);
			if (head->balance)
				return;
		}
		parent = head->parent;
		side = parent && parent->child[1] == head;
	}
}

void map_remove(struct map *m, struct map_node *node)
{
	struct map_node *low = node; /* whose place really goes: `node`, or the next in order if it has two children */

	ASSERT(m->count > 0);
	if (node->child[0] && node->child[1])
		for (low = node->child[1]; low->child[0];)
			low = low->child[0];

	struct map_node *parent = low->parent;
	int side = parent && parent->child[1] == low;
	replace_child(m, low, low->child[low->child[0] ? 0 : 1]);
	if (low != node) {
		if (parent == node)
			parent = low;
		replace_child(m, node, low);
		low->balance = node->balance;
		for (int i = 0; i < 2; i++) {
			low->child[i] = node->child[i];
			if (low->child[i])
				low->child[i]->parent = low;
		}
	}
	*node = (struct map_node) { 0 };
	m->count--;
	lowered(m, parent, side);
}

static struct map_node *outermost(struct map_node *n, int side)
{
	while (n && n->child[side])
		n = n->child[side];
	return n;
}

struct map_node *map_first(const struct map *m)
{
	return outermost(m->root, 0);
}

struct map_node *map_last(const struct map *m)
{
	return outermost(m->root, 1);
}

struct map_node *map_next(const struct map_node *node)
{
	if (node->child[1])
		return outermost(node->child[1], 0);
	while (node->parent && node->parent->child[1] == node)
		node = node->parent;
	return node->parent;
}
