/* SPDX-License-Identifier: ISC */
/* Requests and replies of the control socket as lines; no sockets here. */
#include "sys/control.h"

#include <stdio.h>
#include <string.h>

#include "sys/json.h"

struct json_object *control_parse(const char *line, size_t len, char error[CONTROL_ERROR])
{
	struct json_object *request = NULL;
	struct json_tokener *tokener;

	if (len > CONTROL_LINE) {
		snprintf(error, CONTROL_ERROR, "the request is longer than %d octets", CONTROL_LINE);
		return NULL;
	}
	tokener = json_tokener_new_ex(CONTROL_DEPTH);
	ASSERT(tokener);
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	request = json_tokener_parse_ex(tokener, line, (int)len);
	enum json_tokener_error problem = json_tokener_get_error(tokener);
	/* Trailing space is fine, and so is the line's end. */
	size_t used = json_tokener_get_parse_end(tokener);
	while (used < len && strchr(" \t\r\n", line[used]) && line[used])
		used++;
	json_tokener_free(tokener);
	if (problem != json_tokener_success || used != len || !json_object_is_type(request, json_type_object))
		snprintf(error, CONTROL_ERROR, "the request is not one JSON object%s%s",
		         problem == json_tokener_success ? "" : ": ",
		         problem == json_tokener_success ? "" : json_tokener_error_desc(problem));
	else if (!json_get_text(request, "cmd"))
		snprintf(error, CONTROL_ERROR, "the request has no \"cmd\" text: write {\"cmd\": \"status\"}");
	else
		return request;
	json_object_put(request);
	return NULL;
}

static bool run(const struct control_command *commands, size_t count, void *ctx, const struct json_object *request,
                struct control_reply *reply)
{
	const char *name = json_get_text(request, "cmd");

	for (size_t i = 0; i < count; i++)
		if (strcmp(commands[i].name, name) == 0)
			return commands[i].run(ctx, request, reply);
	int used =
	        snprintf(reply->error, sizeof(reply->error), "there is no command \"%.40s\"; there are events", name);
	for (size_t i = 0; i < count && used > 0 && (size_t)used < sizeof(reply->error); i++)
		used += snprintf(reply->error + used, sizeof(reply->error) - (size_t)used, ", %s", commands[i].name);
	return false;
}

struct json_object *control_reply_object(bool ok, struct control_reply *reply)
{
	struct json_object *object = json_object_new_object();

	json_add_bool(object, "ok", ok);
	if (ok)
		json_add(object, "data", reply->data);
	else
		json_add_text(object, "error", reply->error);
	return object;
}

struct json_object *control_run(const struct control_command *commands, size_t count, void *ctx,
                                const struct json_object *request)
{
	struct control_reply reply = { 0 };
	bool ok = run(commands, count, ctx, request, &reply);

	if (!ok && reply.data)
		json_object_put(reply.data);
	return control_reply_object(ok, &reply);
}

struct json_object *control_answer(const struct control_command *commands, size_t count, void *ctx, const char *line,
                                   size_t len)
{
	struct control_reply reply = { 0 };
	struct json_object *request = control_parse(line, len, reply.error);
	struct json_object *answer =
	        request ? control_run(commands, count, ctx, request) : control_reply_object(false, &reply);

	json_object_put(request);
	return answer;
}
