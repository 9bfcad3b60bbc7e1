import Basics
import Formats
import Glibc
import HTTPClient
import TestKit
import Testing

@testable import Client

@Suite("Help and the manual page")
struct CommandHelpTests {
    @Test("Every command has a help with how it is used, and options have one meaning")
    func help() async throws {
        let world = try World(FakeService([:]))
        for command in ClientCommands.table.commands where !command.name.isEmpty {
            let words = command.name.split(separator: " ").map(String.init)
            let help = await world.run(["help"] + words)
            #expect(help.exit == .done && help.output.contains("Usage: odooops \(command.name)"), "\(help.story)")
            #expect((await world.run(words + ["--help"])).output == help.output)
            #expect(command.summary.hasSuffix("."), "\(command.name)")
            for example in command.examples { #expect(example.command.contains("odooops"), "\(example.command)") }
        }
        #expect(world.service.requests.isEmpty)
    }

    @Test("Examples of the help are commands that the parser takes")
    func examples() throws {
        for command in ClientCommands.table.commands {
            for example in command.examples where example.command.hasPrefix("odooops ") {
                guard !example.command.contains(where: { "'\"|<>".contains($0) }) else { continue }
                let words = example.command.split(separator: " ").dropFirst().map(String.init)
                let parsed = try ClientCommands.table.parse(ClientCommands.canonical(words))
                #expect(command.name.isEmpty || parsed.command.name == command.name, "\(example.command)")
            }
        }
    }

    @Test("docs/odooops.md describes every command with every option, and nothing else")
    func commandsAreDocumented() throws {
        let text = String(decoding: try FileSystem.read("\(Places.packageRoot)/docs/odooops.md"), as: UTF8.self)
        var sections: [String: String] = [:]
        var name: String?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("### `odooops ") {
                name = String(line.dropFirst(13).prefix { $0 != "`" })
            } else if line.hasPrefix("#") {
                name = nil
            }
            if let name { sections[name, default: ""] += line + "\n" }
        }
        let commands = ClientCommands.table.commands.filter { !$0.name.isEmpty }
        func title(_ command: CommandSpec) -> String { ([command.name] + command.positionals).joined(separator: " ") }
        #expect(Set(sections.keys).symmetricDifference(commands.map(title)).sorted() == [])
        for command in commands {
            for option in command.options {
                #expect(
                    sections[title(command)]?.contains("`--\(option.name)") == true, "\(command.name) --\(option.name)")
            }
        }
        for option in ClientCommands.table.common { #expect(text.contains("`--\(option.name)"), "\(option.name)") }
        for exit in ClientExit.allCases { #expect(text.contains("| \(exit.rawValue) | \(exit.meaning) |"), "\(exit)") }
    }

    @Test("On a terminal the help of every command fits it, and says the same; in a pipe each text is on one line")
    func helpFits() async throws {
        func words(_ text: String) -> [String] { text.split(whereSeparator: \.isWhitespace).map(String.init) }
        for command in ClientCommands.table.commands {
            let whole = ClientCommands.table.help(command)
            let name = command.name.split(separator: " ").map(String.init)
            let piped = await (try World(FakeService([:]), columns: 40)).run(name + ["--help"])
            #expect(piped.output == whole, "\(command.name)")
            for columns in [40, 80, 200] {
                let shown = await (try World(FakeService([:]), terminal: true, columns: columns)).run(name + ["--help"])
                #expect(words(shown.output) == words(whole), "\(command.name) at \(columns)")
                var isExample = false
                for line in shown.output.split(separator: "\n") {
                    isExample = isExample || line == "Examples:"
                    // What is typed is never broken: a line may be longer where it is one name or one command.
                    let isTyped =
                        isExample || line.hasPrefix("Usage: ") || line.hasPrefix("  --") || words("\(line)").count == 1
                    #expect(isTyped || columns < 60 && line.hasPrefix("  ") || line.count <= columns, "\(line)")
                }
            }
        }
    }

    /// What the service says of its routes is said of commands here: nobody has to know the API.
    @Test("Every route that a refusal of the service names has its command")
    func routesOfRemedies() throws {
        var count = 0
        for room in ["API", "Access"] {
            let directory = "\(Places.packageRoot)/Sources/Console/\(room)"
            for path in Places.files(under: directory, endingWith: ".swift") {
                let text = String(decoding: try FileSystem.read("\(directory)/\(path)"), as: UTF8.self)
                for line in text.split(separator: "\n") where line.contains("hint:") || line.contains("? \"List them") {
                    for method in ["GET", "POST", "PUT", "DELETE"] {
                        guard let range = line.firstRange(of: "\(method) /api/v1/") else { continue }
                        let rest = line[range.lowerBound...]
                        count += 1
                        let isKnown = AnswerFault.routes.contains { rest.hasPrefix($0.route) }
                        #expect(isKnown || rest.contains("/openapi.json"), "\(path): \(rest)")
                    }
                }
            }
        }
        #expect(count > 12, "\(count)")
        let commands = ClientCommands.table.commands.map(\.name)
        for (_, command) in AnswerFault.routes {
            #expect(commands.contains { command.hasPrefix("odooops \($0)") && !$0.isEmpty }, "\(command)")
        }
    }

    @Test("The manual page names every command and lets no text be a request")
    func manual() {
        let page = ClientCommands.manual
        let requests: Set<String> = [".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".I", ".EX", ".EE"]
        for line in page.split(separator: "\n") where line.hasPrefix(".") || line.hasPrefix("'") {
            #expect(requests.contains(String(line.prefix { $0 != " " })), "\(line)")
        }
        for command in ClientCommands.table.commands where !command.isHidden {
            let name = command.name.split(separator: "-").joined(separator: "\\-")
            #expect(page.contains("odooops \(name)"), "\(command.name)")
        }
    }
}

/// What a shell makes of the completion.
@Suite("Completion in a shell") struct LiveCompletionTests {
    private static let asked: [(String, String, Bool)] = [
        ("odooops en", "env", true), ("odooops env ", "extend", true), ("odooops env extend --d", "--days", true),
        ("odooops env extend feature --d", "--days", true), ("odooops env list --st", "--status", true),
        ("odooops env list --status ", "expiring", true), ("odooops drift ", "ack", true),
        ("odooops env ", "ack", false), ("odooops status --j", "--json", true), ("odooops --ur", "--url", true),
        // Each command has its own choices, whatever another one has for an option of that name.
        ("odooops env list --status ", "suspended", true), ("odooops env list --status ", "acknowledged", false),
        ("odooops env list --status ", "setup_required", false), ("odooops alerts list --status ", "resolved", true),
        ("odooops alerts list --status ", "active", false), ("odooops --json env list --status ", "active", true),
        ("odooops --color ", "never", true), ("odooops env list --color a", "always", true),
        // What stands for a value, and no command where there has to be one.
        ("odooops env list --tier ", "staging", true), ("odooops policy check ", "preview", true),
        ("odooops completion ", "zsh", true), ("odooops api ", "PATCH", true),
        ("odooops --context ", "work", true), ("odooops --context ", "env", false),
        ("odooops context use ", "work", true), ("odooops context use work ", "work", false),
        ("odooops env list --limit ", "env", false), ("odooops keys add ci --role ", "viewer", true),
        ("odooops help ", "env", true), ("odooops help env ", "pin", true), ("odooops help ", "pin", false),
        // What is asked of the service, of the one that the line names.
        ("odooops env show ", "staging", true), ("odooops logs ", "staging", true),
        ("odooops drift list --environment ", "staging", true), ("odooops metrics s", "staging", true),
        ("odooops env show staging ", "staging", false), ("odooops env show --json ", "staging", true),
        ("odooops env show --context work --token-file f ", "--context=work", true),
        ("odooops --context work env show --token-file f ", "--token-file=f", true),
        ("odooops --context=work env show ", "--context=work", true),
        ("odooops drift list --cause finding --environment ", "--cause=finding", false),
        // A target is no file.
        ("odooops env show ", "here.yaml", false), ("odooops policy validate ", "here.yaml", true),
        ("odooops auth login --key-file ", "here.yaml", true), ("odooops policy check dev ", "here.yaml", true),
    ]

    /// A folder with a file in it, and a program that knows one context, and of environments one and how it was asked.
    private func place() throws -> (directory: TemporaryDirectory, begin: String) {
        let directory = try TemporaryDirectory(prefix: "odooops-completion")
        try directory.write("", to: "folder/here.yaml")
        let program = try directory.write(
            """
            #!/bin/sh
            case "$1 $2" in
            'completion environments') shift 2; printf '%s\\n' staging "$@" ;;
            *) printf '%s' '[\n  {\n    \"name\": \"work\",\n    \"current\": true\n  }\n]' ;;
            esac

            """,
            to: "bin/odooops")
        chmod(program, 0o755)
        return (directory, "cd \(directory.path("folder")) && PATH=\(directory.path("bin")):$PATH")
    }

    @Test("bash offers what can follow", arguments: asked)
    func bash(_ line: String, _ word: String, _ isOffered: Bool) async throws {
        let (directory, begin) = try place()
        try directory.write(ClientCommands.table.bashCompletion, to: "odooops.bash")
        try directory.write(
            """
            . "$1"
            read -r -a COMP_WORDS <<<"$2"
            case $2 in *' ') COMP_WORDS+=('') ;; esac
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            _odooops
            printf '%s\\n' "${COMPREPLY[@]}"
            """, to: "ask.bash")
        let result = await shell(
            "\(begin) bash \(directory.path("ask.bash")) \(directory.path("odooops.bash")) \(Shell.quote(line))")
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.split(separator: "\n").contains(Substring(word)) == isOffered, "\(result.output)")
    }

    @Test("zsh offers the same", .enabled(if: Shell.has("zsh"), "zsh is not installed"), arguments: asked)
    func zsh(_ line: String, _ word: String, _ isOffered: Bool) async throws {
        let (directory, begin) = try place()
        try directory.write(ClientCommands.table.zshCompletion, to: "_odooops")
        // What the functions of zsh's own completion are given is what they offer.
        try directory.write(
            """
            words=("${(@s: :)2}")
            CURRENT=${#words}
            compset() { :; }
            compadd() { shift; print -l -- "$@"; }
            _files() { print -l -- *(N); }
            _describe() {
                local name
                for name in ${@:2}; do
                    [[ $name == -- ]] || print -l -- ${(P)name%%:*}
                done
            }
            ask() { . "$1"; }
            ask "$1"
            """, to: "ask.zsh")
        let result = await shell(
            "\(begin) zsh -f \(directory.path("ask.zsh")) \(directory.path("_odooops")) \(Shell.quote(line))")
        #expect(result.status == 0, "\(result.output)")
        #expect(result.output.split(separator: "\n").contains(Substring(word)) == isOffered, "\(result.output)")
    }

    @Test("groff sets the manual page without a remark", .enabled(if: Shell.has("groff"), "groff is not installed"))
    func manual() throws {
        let directory = try TemporaryDirectory(prefix: "odooops-manual")
        try directory.write(ClientCommands.manual, to: "odooops.1")
        let result = Shell.run("groff -man -z -ww -Tutf8 -K utf8 \(directory.path("odooops.1"))")
        #expect(result.status == 0 && result.output.isEmpty, "\(result.output)")
    }
}
