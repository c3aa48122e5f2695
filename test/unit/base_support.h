/* SPDX-License-Identifier: ISC */
/* What cmocka wants to be included before it, in the order in which it wants it. */
#ifndef HEARTH_TEST_UNIT_BASE_SUPPORT_H
#define HEARTH_TEST_UNIT_BASE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#endif
