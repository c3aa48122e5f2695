/* SPDX-License-Identifier: ISC */
/* hearthd: the command line. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "hearthd/daemon.h"

static const char usage[] = "Usage: hearthd [OPTION]...\n"
                            "Makes this machine a router of a home that runs itself. Runs in the foreground;\n"
                            "SIGTERM says goodbye to the home and removes what was installed.\n"
                            "\n"
                            "  --config FILE   what the owner fixed (default " CONFIG_PATH "; may be missing)\n"
                            "  --state DIR     what survives a restart (default " STORE_PATH ")\n"
                            "  --socket PATH   where `hearth` asks (default " CONTROL_PATH ")\n"
                            "  --debug         log more\n"
                            "  --help          this text\n";

enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' }, { "state", required_argument, NULL, 's' },
		{ "socket", required_argument, NULL, 'k' }, { "debug", no_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },         { 0 },
	};
	struct daemon_options options = {
		.config = CONFIG_PATH, .state = STORE_PATH, .socket = CONTROL_PATH, .log_level = 1
	};
	static struct daemon daemon;

	for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
		switch (c) {
		case 'c':
			options.config = optarg;
			break;
		case 's':
			options.state = optarg;
			break;
		case 'k':
			options.socket = optarg;
			break;
		case 'd':
			options.log_level = 0;
			break;
		case 'h':
			fputs(usage, stdout);
			return EXIT_OK;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "hearthd: what is \"%s\"?\n%s", argv[optind], usage);
		return EXIT_USAGE;
	}
	bool ok = daemon_open(&daemon, &options);
	if (ok)
		daemon_run(&daemon);
	daemon_close(&daemon);
	return ok ? EXIT_OK : EXIT_FAILED;
}
