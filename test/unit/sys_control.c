/* SPDX-License-Identifier: ISC */
/* The control socket over real sockets, and its requests as text. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "sys/control.h"
#include "sys/json.h"
#include "sys/loop.h"

static char dir[] = "/tmp/hearth-control-XXXXXX";
static char path[64];
static struct loop *loop;
static struct control *control;

/* --- the daemon's side ------------------------------------------------------------------------------------------- */

static bool run_echo(void *ctx, const struct json_object *request, struct control_reply *reply)
{
	(void)ctx;
	reply->data = json_object_new_object();
	json_add_text(reply->data, "said", json_get_text(request, "text"));
	return true;
}

static bool run_refuse(void *ctx, const struct json_object *request, struct control_reply *reply)
{
	(void)ctx;
	(void)request;
	reply->data = json_object_new_object(); /* dropped */
	snprintf(reply->error, sizeof(reply->error), "not today");
	return false;
}

/* Reports as it runs, as adding an uplink does: to its own client too. */
static bool run_report(void *ctx, const struct json_object *request, struct control_reply *reply)
{
	(void)ctx;
	(void)request;
	(void)reply;
	control_event(control, EVENT(SYS_NOTE, .text = "running"));
	return true;
}

static bool run_much(void *ctx, const struct json_object *request, struct control_reply *reply)
{
	static char text[CONTROL_PENDING / 4];

	(void)ctx;
	(void)request;
	memset(text, 'x', sizeof(text) - 1);
	reply->data = json_object_new_string(text);
	return true;
}

static const struct control_command commands[] = {
	{ "echo", run_echo },
	{ "refuse", run_refuse },
	{ "report", run_report },
	{ "much", run_much },
};

static int setup(void **state)
{
	char error[CONTROL_ERROR];

	(void)state;
	strcpy(dir + sizeof(dir) - 7, "XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/run/s", dir);
	loop = loop_new();
	control = control_open(loop, path, commands, ARRAY_LEN(commands), NULL, error);
	assert_non_null(control);
	return 0;
}

static int teardown(void **state)
{
	char command[64];

	(void)state;
	control_free(control);
	loop_free(loop);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

/* --- the client's side ------------------------------------------------------------------------------------------- */

static int dial(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(address.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void spin(void)
{
	for (int i = 0; i < 20; i++)
		loop_run_until(loop, loop_now(loop));
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
	spin();
}

/* All that has come; "" if nothing, NULL if the other side has hung up. */
static const char *hear(int fd)
{
	static char text[8192];

	spin();
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);
	if (n == 0 || (n < 0 && errno != EAGAIN))
		return NULL;
	text[MAX(n, 0)] = '\0';
	return text;
}

static void answers(void **state)
{
	int fd = dial();

	(void)state;
	say(fd, "{\"cmd\":\"echo\",\"text\":\"hi\"}\n");
	assert_string_equal(hear(fd), "{\"ok\":true,\"data\":{\"said\":\"hi\"}}\n");
	say(fd, "{\"cmd\":\"refuse\"}\n");
	assert_string_equal(hear(fd), "{\"ok\":false,\"error\":\"not today\"}\n");
	say(fd, "{\"cmd\":\"dance\"}\n");
	assert_non_null(strstr(hear(fd), "there is no command \\\"dance\\\"; there are events, echo, refuse"));
	say(fd, "nonsense\n");
	assert_non_null(strstr(hear(fd), "\"ok\":false"));
	/* In pieces, and several at once. */
	say(fd, "{\"cmd\":\"echo\",");
	assert_string_equal(hear(fd), "");
	say(fd, "\"text\":\"1\"}\n{\"cmd\":\"report\"}\n{\"cmd\":\"ec");
	assert_string_equal(hear(fd), "{\"ok\":true,\"data\":{\"said\":\"1\"}}\n{\"ok\":true,\"data\":null}\n");
	/* A client that has said all it wants still gets its answer. */
	say(fd, "ho\",\"text\":\"2\"}\n");
	shutdown(fd, SHUT_WR);
	assert_string_equal(hear(fd), "{\"ok\":true,\"data\":{\"said\":\"2\"}}\n");
	assert_null(hear(fd));
	close(fd);
}

static void streams_events(void **state)
{
	int early, late = dial(), other;
	char text[CONTROL_ERROR];

	(void)state;
	for (int i = 0; i < CONTROL_EVENTS + 10; i++) {
		snprintf(text, sizeof(text), "number %d", i);
		control_event(control, EVENT(SYS_NOTE, .text = text));
	}
	control_event(control, EVENT(BABEL_LOST)); /* debug: not kept */
	say(late, "{\"cmd\":\"events\"}\n");
	FILE *f = fdopen(late, "r");
	char *line = NULL;
	size_t size = 0;
	assert_true(getline(&line, &size, f) > 0);
	assert_null(strstr(line, "number 9\""));
	assert_non_null(strstr(line, "\"text\":\"number 10\"}"));
	struct json_object *reply = json_tokener_parse(line);
	assert_int_equal(json_object_array_length(json_get_array(reply, "data")), CONTROL_EVENTS);
	json_object_put(reply);
	free(line);
	fclose(f);

	early = dial();
	other = dial();
	say(early, "{\"cmd\":\"events\",\"follow\":true}\n");
	while (*hear(early))
		;
	say(other, "{\"cmd\":\"echo\"}\n");
	(void)hear(other);
	control_event(control, EVENT(BABEL_LOST));
	assert_string_equal(hear(early), "");
	say(early, "{\"cmd\":\"report\"}\n"); /* its own reply comes with the event it made */
	const char *heard = hear(early);
	assert_non_null(strstr(heard, "\"event\":\"sys.note\",\"level\":\"info\",\"text\":\"running\"}\n"));
	assert_non_null(strstr(heard, "{\"ok\":true,\"data\":null}\n"));
	assert_string_equal(hear(other), "");
	close(early);
	close(other);
}

static void drops_the_slow(void **state)
{
	int slow = dial(), good = dial();

	(void)state;
	say(slow, "{\"cmd\":\"events\",\"follow\":true}\n");
	for (int i = 0; i < 20000; i++)
		control_event(control,
		              EVENT(SYS_NOTE, .text = "a text that makes the event about a hundred octets long"));
	say(good, "{\"cmd\":\"echo\"}\n");
	assert_non_null(hear(good));
	while (hear(slow))
		;
	close(slow);
	/* And those that ask for more than they read. */
	slow = dial();
	for (int i = 0; i < 20; i++) {
		(void)!send(slow, "{\"cmd\":\"much\"}\n", 15, MSG_NOSIGNAL);
		spin();
	}
	while (hear(slow))
		;
	close(slow);
	close(good);
}

static void limits(void **state)
{
	static char line[CONTROL_LINE + 10];
	int fds[CONTROL_CLIENTS], fd = dial();

	(void)state;
	memset(line, ' ', sizeof(line) - 1);
	(void)!send(fd, line, sizeof(line) - 1, MSG_NOSIGNAL);
	spin();
	assert_non_null(strstr(hear(fd), "longer than"));
	assert_null(hear(fd));
	close(fd);
	spin();
	for (size_t i = 0; i < ARRAY_LEN(fds); i++) {
		fds[i] = dial();
		spin();
	}
	fd = dial();
	assert_non_null(strstr(hear(fd), "too many programs"));
	assert_null(hear(fd));
	close(fd);
	say(fds[0], "{\"cmd\":\"echo\"}\n");
	assert_non_null(strstr(hear(fds[0]), "\"ok\":true"));
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		close(fds[i]);
	spin();
	fd = dial();
	say(fd, "{\"cmd\":\"echo\"}\n");
	assert_non_null(strstr(hear(fd), "\"ok\":true"));
	close(fd);
}

static void one_daemon(void **state)
{
	char error[CONTROL_ERROR] = "", long_path[200];
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07, 0); /* nobody else's business */
	/* A live daemon is left alone, by another process too (the lock is the file's, not the process's). */
	assert_null(control_open(loop, path, commands, 1, NULL, error));
	assert_non_null(strstr(error, "running already"));
	int fd = dial();
	say(fd, "{\"cmd\":\"echo\"}\n");
	assert_non_null(strstr(hear(fd), "\"ok\":true"));
	close(fd);
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	assert_null(control_open(loop, long_path, commands, 1, NULL, error));
	assert_non_null(strstr(error, "at most 107"));
	assert_null(control_open(loop, "/nowhere/at/all", commands, 1, NULL, error));
	assert_non_null(strstr(error, "No such file"));
	/* A file that is no socket is not ours to remove. */
	snprintf(long_path, sizeof(long_path), "%s/file", dir);
	fclose(fopen(long_path, "w"));
	assert_null(control_open(loop, long_path, commands, 1, NULL, error));
	assert_int_equal(stat(long_path, &st), 0);
}

/* A daemon that dies without a word leaves a socket file; the next one replaces it. */
static void after_a_crash(void **state)
{
	char error[CONTROL_ERROR] = "", stale[80];
	int status;

	(void)state;
	snprintf(stale, sizeof(stale), "%s/stale", dir);
	pid_t pid = fork();
	if (pid == 0)
		_exit(!control_open(loop, stale, commands, 1, NULL, error));
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	assert_int_equal(access(stale, F_OK), 0);
	struct control *next = control_open(loop, stale, commands, 1, NULL, error);
	if (!next)
		fail_msg("%s", error);
	control_free(next);
	assert_int_not_equal(access(stale, F_OK), 0);
}

static void requests(void **state)
{
	static const char *const bad[] = { "",
		                           " ",
		                           "{",
		                           "{}",
		                           "[]",
		                           "null",
		                           "1",
		                           "\"cmd\"",
		                           "{\"cmd\":1}",
		                           "{\"cmd\":null}",
		                           "{\"cmd\":\"a\"}x",
		                           "{\"cmd\":\"a\"}{\"cmd\":\"b\"}",
		                           "{'cmd':'a'}",
		                           "{\"cmd\":\"a\",}",
		                           "{\"cmd\":\"\xff\"}",
		                           "{\"cmd\":\"a\",\"b\":[[[[[[[[[[1]]]]]]]]]]}" };
	static const char *const good[] = { "{\"cmd\":\"a\"}", " {\"cmd\":\"a\"} \r", "{\"cmd\":\"\\u00e4\"}" };
	char error[CONTROL_ERROR];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		*error = '\0';
		if (control_parse(bad[i], strlen(bad[i]), error))
			fail_msg("taken: %s", bad[i]);
		assert_true(*error);
	}
	assert_null(control_parse("{\"cmd\":\"a\"}\0", 12, error));
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		struct json_object *o = control_parse(good[i], strlen(good[i]), error);
		if (!o)
			fail_msg("%s: %s", good[i], error);
		json_object_put(o);
	}
}

/* Whatever bytes come, there is one answer and no harm. */
static void garbage(void **state)
{
	static const char seed[] = "{\"cmd\":\"echo\",\"text\":\"a\\u0041\",\"n\":[1,2.5e3,true,null,{\"x\":{}}]}";
	uint32_t r = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char line[sizeof(seed)];
		memcpy(line, seed, sizeof(seed));
		for (int j = 0; j < 1 + i % 4; j++) {
			r = r * 1664525 + 1013904223;
			line[(r >> 8) % (sizeof(seed) - 1)] = (char)(r >> 24);
		}
		struct json_object *o = control_answer(commands, ARRAY_LEN(commands), NULL, line, sizeof(seed) - 1);
		assert_true(json_object_is_type(o, json_type_object));
		json_object_put(o);
	}
}

static void event_fields(void **state)
{
	struct event e = { .kind = EVENT_DNCP_PEER_DOWN, .node = 0xab, .link = 3, .text = "time\xc3\xa4\xff" };
	static const char expected[] =
	        "{\"time\":\"2001-09-09T01:46:40.123Z\",\"event\":\"dncp.peer-down\",\"level\":\"info\","
	        "\"node\":\"000000ab\",\"link\":3,\"addr\":\"fe80::1\",\"text\":\"time???\"}";

	(void)state;
	assert_true(ip_parse("fe80::1", &e.addr));
	struct json_object *o = json_event(&e, 1000000000123);
	assert_string_equal(json_object_to_json_string_ext(o, JSON_LINE), expected);
	json_object_put(o);
	o = json_event(EVENT(BABEL_SELECTED, .prefix = PREFIX_ALL, .from = PREFIX_ALL, .count = -1), 0);
	assert_string_equal(
	        json_object_to_json_string_ext(o, JSON_LINE),
	        "{\"time\":\"1970-01-01T00:00:00.000Z\",\"event\":\"babel.route-selected\",\"level\":\"debug\","
	        "\"link\":0,\"addr\":null,\"prefix\":\"::/0\",\"from\":\"::/0\",\"count\":-1}");
	json_object_put(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answers, setup, teardown),
		cmocka_unit_test_setup_teardown(streams_events, setup, teardown),
		cmocka_unit_test_setup_teardown(drops_the_slow, setup, teardown),
		cmocka_unit_test_setup_teardown(limits, setup, teardown),
		cmocka_unit_test_setup_teardown(one_daemon, setup, teardown),
		cmocka_unit_test_setup_teardown(after_a_crash, setup, teardown),
		cmocka_unit_test(requests),
		cmocka_unit_test(garbage),
		cmocka_unit_test(event_fields),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
