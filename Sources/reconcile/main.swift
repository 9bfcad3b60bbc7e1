import Git
import Glibc

let arguments = Array(CommandLine.arguments.dropFirst())
if arguments.first == GitFetchHelper.subcommand {
    exit(GitFetchHelper.run(arguments: Array(arguments.dropFirst())))
}
print("not yet")
