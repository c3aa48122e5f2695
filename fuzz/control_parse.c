/* SPDX-License-Identifier: ISC */
/* A line on the control socket: whatever it is, the answer is one line of JSON that says whether it was well. */
#include "fuzz/support/fuzz.h"

#include "sys/control.h"

/* Gives back what it was told. */
static bool echo(void *ctx, const struct json_object *request, struct control_reply *reply)
{
	(void)ctx;
	const char *text = json_object_to_json_string((struct json_object *)(uintptr_t)request);
	reply->data = json_object_new_string(text);
	return true;
}

static bool refuse(void *ctx, const struct json_object *request, struct control_reply *reply)
{
	(void)ctx;
	(void)request;
	strcpy(reply->error, "not now");
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct control_command commands[] = { { "echo", echo }, { "refuse", refuse } };
	char error[CONTROL_ERROR] = "";
	struct json_object *request = control_parse((const char *)data, len, error);

	ASSERT(request ? json_object_is_type(request, json_type_object) : error[0] != '\0');
	json_object_put(request);
	struct json_object *reply = control_answer(commands, ARRAY_LEN(commands), NULL, (const char *)data, len);
	ASSERT(reply && json_object_is_type(reply, json_type_object));
	const char *line = json_object_to_json_string_ext(reply, JSON_C_TO_STRING_PLAIN);
	ASSERT(line && !strchr(line, '\n'));
	json_object_put(reply);
	return 0;
}
