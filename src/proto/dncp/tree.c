/* SPDX-License-Identifier: ISC */
/* The hash tree (RFC 7787 4.1): one leaf a reachable node, in order of their identifiers. A change of one node rewrites
 * its leaf; only when a leaf comes or goes are all leaves written anew; the root is computed when somebody asks. */
#include "proto/dncp/dncp_internal.h"

#include <stdlib.h>
#include <string.h>

enum { SEQNO_LEN = 4 };

static size_t leaf_size(const struct dncp *d)
{
	return SEQNO_LEN + d->profile->hash_len;
}

/* RFC 7787 4.1.1: sequence number in network order, then the node data hash. */
static void write_leaf(struct dncp *d, const struct node *n)
{
	size_t size = leaf_size(d);
	struct cursor c = cursor_writer(d->leaves + n->leaf * size, size);

	cursor_put_u32(&c, n->pub.seqno);
	cursor_put(&c, n->hash, d->profile->hash_len);
	ASSERT(cursor_finished(&c));
}

static void rebuild(struct dncp *d)
{
	if (d->leaf_room < d->nodes.count) {
		d->leaf_room = MAX(d->nodes.count, 2 * d->leaf_room);
		d->leaves = mem_resize(d->leaves, d->leaf_room, leaf_size(d));
	}
	d->leaf_count = 0;
	NODE_EACH(n, d)
	{
		if (!node_is_leaf(d, n))
			continue;
		n->leaf = d->leaf_count++;
		write_leaf(d, n);
	}
	d->tree_rebuild = false;
}

void dncp_tree_node_changed(struct dncp *d, struct node *n)
{
	if (!node_is_leaf(d, n))
		return;
	if (!d->tree_rebuild)
		write_leaf(d, n);
	d->tree_dirty = true;
}

const uint8_t *dncp_tree_hash(struct dncp *d)
{
	if (d->tree_rebuild)
		rebuild(d);
	if (d->tree_dirty) {
		d->profile->hash(d->leaves, d->leaf_count * leaf_size(d), d->hash);
		d->tree_dirty = false;
		count(d, DNCP_COUNT_NETWORK_HASHED);
	}
	return d->hash;
}
