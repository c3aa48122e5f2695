/* SPDX-License-Identifier: ISC */
/* What prefix assignment takes in at most. Of each kind what sorts last is left out, counted and reported
 * (EVENT_PA_LIMIT): which ones these are does not depend on the order of the input. */
#ifndef HEARTH_PROTO_PA_LIMITS_H
#define HEARTH_PROTO_PA_LIMITS_H

enum {
	PA_DELEGATED_MAX = 64,    /* the greatest prefixes are left out */
	PA_LINKS_MAX = 256,       /* of both kinds; the greatest identifiers are left out */
	PA_ADVERTISED_MAX = 8192, /* the greatest prefixes are left out: new assignments may then collide with them */
	PA_RESERVED_MAX = 64,     /* the greatest prefixes are left out */
};

enum {
	PA_REMEMBERED_MAX = 16,         /* prefixes a link; the oldest goes */
	PA_REMEMBERED_TOTAL_MAX = 1024, /* prefixes of all links, gone ones too; the oldest goes */
	PA_RANDOM_SET_MAX = 256,        /* of pa_params.random_set_size */
};

#endif
