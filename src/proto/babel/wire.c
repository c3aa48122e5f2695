/* SPDX-License-Identifier: ISC */
/* The tables of the wire format: TLVs and address encodings. */
#include "proto/babel/wire_internal.h"

const struct tlv_format babel_tlv_formats[TLV_COUNT] = {
	[TLV_PAD1] = { "pad1", 0, false, NULL, NULL },
	[TLV_PADN] = { "padn", 0, false, NULL, NULL },
	[TLV_ACK_REQUEST] = { "ack-request", 6, false, babel_read_ack_request, babel_write_ack_request },
	[TLV_ACK] = { "ack", 2, false, babel_read_ack, babel_write_ack },
	[TLV_HELLO] = { "hello", 6, false, babel_read_hello, babel_write_hello },
	[TLV_IHU] = { "ihu", 6, false, babel_read_ihu, babel_write_ihu },
	[TLV_ROUTER_ID] = { "router-id", 10, false, babel_read_router_id, babel_write_router_id },
	[TLV_NEXT_HOP] = { "next-hop", 2, false, babel_read_next_hop, babel_write_next_hop },
	[TLV_UPDATE] = { "update", 10, true, babel_read_update, babel_write_update },
	[TLV_ROUTE_REQUEST] = { "route-request", 2, true, babel_read_route_request, babel_write_route_request },
	[TLV_SEQNO_REQUEST] = { "seqno-request", 14, true, babel_read_seqno_request, babel_write_seqno_request },
};

static const struct ip mapped = { { [10] = 0xff, [11] = 0xff } };
static const struct ip linklocal = { { 0xfe, 0x80 } };

/* RFC 8966 4.1.4 */
static const struct ae_format ae_formats[AE_COUNT] = {
	[AE_IPV4] = { true, .octets = 4, .at = 12, .base = IP4_OFFSET, .v4 = true, .compress = true, &mapped },
	[AE_IPV6] = { true, .octets = 16, .compress = true, .implied = &IP_ANY },
	[AE_LINKLOCAL] = { true, .octets = 8, .at = 8, .implied = &linklocal },
};

const struct ae_format *babel_wire_ae(unsigned ae)
{
	return ae < AE_COUNT && ae_formats[ae].known ? &ae_formats[ae] : NULL;
}

const char *babel_wire_name(enum tlv_type type)
{
	ASSERT(type < TLV_COUNT);
	return babel_tlv_formats[type].name;
}
