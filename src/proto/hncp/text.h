/* SPDX-License-Identifier: ISC */
/* Names of peers: checked once, on the way in, since they go on to zones, files and screens. */
#ifndef HEARTH_PROTO_HNCP_TEXT_H
#define HEARTH_PROTO_HNCP_TEXT_H

#include "base/base.h"

/* True if `text` is UTF-8 without control characters (C0, DEL, C1). */
bool hncp_text_is_printable(const uint8_t *text, size_t len);

/* True if `name` may be a node name: 1 to 63 octets, printable, no blank and no dot (it is one label). */
bool hncp_text_is_node_name(const uint8_t *name, size_t len);

/* The octets of the label sequence that `data` starts with, its empty label included; 0 if it starts with none. */
size_t hncp_text_labels_len(const uint8_t *data, size_t len);

#endif
