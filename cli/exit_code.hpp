// What the tools that talk to a server end with. docs/cli.md tells their users.
#ifndef BAYEUX_CLI_EXIT_CODE_HPP
#define BAYEUX_CLI_EXIT_CODE_HPP

namespace bayeux::cli {

enum ExitCode : int {
    kDone = 0,
    kRefused = 1,      // the server said no
    kUsage = 2,        // wrong command line, or input that is no JSON
    kUnreachable = 3,  // no server there, no trusted certificate, or it speaks no Bayeux
    kLogin = 4,        // 401 or 403: a login is wanted, or this one is not good enough
    kLate = 5,         // --timeout is over
};

}  // namespace bayeux::cli

#endif
