import Formats
import TestKit
import Testing

/// One thing that goes wrong: what is typed, and what the program has to say and to return.
struct BadInput: Sendable, CustomTestStringConvertible {
    let name: String
    let arguments: [String]
    /// `{ssot}` stands for the repository, `{dir}` for the directory of the test.
    var environment: [String: String] = [:]
    /// Written into the directory before.
    var files: [String: String] = [:]
    let status: Int32
    let code: String
    /// Texts that the diagnostic has to hold: place, reason, next command.
    let says: [String]

    init(
        _ name: String, _ arguments: [String], _ status: Int32, _ code: String, _ says: [String],
        files: [String: String] = [:], environment: [String: String] = [:]
    ) {
        self.name = name
        self.arguments = arguments
        self.environment = environment
        self.files = files
        self.status = status
        self.code = code
        self.says = says
    }

    var testDescription: String { name }

    func filled(_ text: String, _ site: Site) -> String {
        var text = text
        for (mark, value) in [
            ("{ssot}", site.repository), ("{dir}", site.directory.path), ("{provider}", site.provider.url),
        ] {
            while let range = text.firstRange(of: mark) { text.replaceSubrange(range, with: value) }
        }
        return text
    }

    private static let dry = "--dry-run"

    static let usage: [BadInput] = [
        BadInput(
            "an unknown option", ["--dryrun"], 64, "USAGE-0001", ["no option --dryrun", "Did you mean --dry-run?"]),
        BadInput("an unknown command", ["aplly"], 64, "USAGE-0001", ["no command aplly", "reconcile apply"]),
        BadInput("an option of another command", ["--interval", "5m"], 64, "USAGE-0001", ["reconcile run"]),
        BadInput("a group without its verb", ["env"], 64, "USAGE-0001", ["list, extend", "reconcile env --help"]),
        BadInput("a wrong verb of a group", ["env", "lst"], 64, "USAGE-0001", ["reconcile env list"]),
        BadInput("no argument where one is needed", ["apply"], 64, "USAGE-0001", ["PLAN.json is missing", "Usage:"]),
        BadInput("one argument too many", ["show", "a", "b"], 64, "USAGE-0001", ["b is one argument too many"]),
        BadInput("no value", [dry, "--out"], 64, "USAGE-0001", ["--out needs a value", "--out PLAN.json"]),
        BadInput("an option as a value", [dry, "--out", "--json"], 64, "USAGE-0001", ["--out needs a value"]),
        BadInput("an empty value", ["runs", "--store", ""], 64, "USAGE-0001", ["--store needs a value"]),
        BadInput("a value where none belongs", ["--json=yes"], 64, "USAGE-0001", ["--json takes no value"]),
        BadInput("a wrong choice", ["--color", "nevr"], 64, "USAGE-0001", ["Did you mean never?"]),
        BadInput("an option twice", ["--ref", "a", "--ref", "b"], 64, "USAGE-0001", ["--ref was given twice"]),
        BadInput("--now without --dry-run", ["--now", "2026-12-24T00:00:00Z"], 64, "USAGE-0001", ["--dry-run --now"]),
        BadInput("no instant", [dry, "--now", "tomorrow"], 64, "USAGE-0001", ["tomorrow", "2026-12-24T00:00:00Z"]),
        BadInput("no number", ["runs", "--limit", "many"], 64, "USAGE-0001", ["1 to 10000"]),
        BadInput("no such run", ["show", "nope"], 64, "USAGE-0001", ["no run nope", "reconcile runs"]),
        BadInput("no such environment", ["env", "pin", "lba"], 64, "USAGE-0001", ["no environment lba", "env list"]),
        BadInput("no such resource", ["explain", "nope"], 64, "USAGE-0001", ["nothing is called nope"]),
        BadInput("no days", ["env", "extend", "lab"], 64, "USAGE-0001", ["--days is missing"]),
        BadInput("too many days", ["env", "extend", "lab", "--days", "366"], 64, "USAGE-0001", ["1 to 365"]),
        BadInput("no such target", [dry, "--target", "lba"], 64, "RUN-0013", ["lba", "Did you mean lab?"]),
        BadInput(
            "a target by its last part", [dry, "--target", "A/erp"], 64, "RUN-0013",
            ["Did you mean digitalocean.record/shop.example/A/erp?"]),
        BadInput("no such directory", ["validate", "{dir}/none"], 64, "USAGE-0001", ["{dir}/none is no directory"]),
        BadInput("no such help", ["help", "aply"], 64, "USAGE-0001", ["reconcile apply"]),
        BadInput("a command that would move the cursor", ["\u{1B}[2J"], 64, "USAGE-0001", ["\\u{1b}[2J"]),
    ]

    static let configuration: [BadInput] = [
        BadInput("no file", ["runs", "--config", "none.yaml"], 78, "CONF-0001", ["none.yaml", "--config FILE"]),
        file("broken YAML", "ssot: [", "CONF-0002", ["reconciler.yaml:2:1"]),
        file("a list", "- a\n", "CONF-0003", ["reconciler.yaml:1:1", "mapping"]),
        file("an unknown key", "intervall: 5m\n", "CONF-0004", ["reconciler.yaml:1:1", "Did you mean interval?"]),
        file("an unknown key below", "ssot:\n  ulr: x\n", "CONF-0004", [":2:3", "Did you mean ssot.url?"]),
        file("a list where a text belongs", "interval: [1]\n", "CONF-0003", [":1:11", "interval is a list"]),
        file("a text where a list belongs", "ssot: {roots: ssot}\n", "CONF-0003", ["ssot.roots"]),
        file("a wrong interval", "interval: 1s\n", "CONF-0005", [":1:11", "5s to 1d"]),
        file("a wrong interval's unit", "interval: 5 minutes\n", "CONF-0005", ["5 minutes"]),
        file("an interval beyond numbers", "interval: 99999999999999999999h\n", "CONF-0005", ["5s to 1d"]),
        file("a wrong concurrency", "concurrency: 0\n", "CONF-0005", ["1 to 64"]),
        file("a pasted secret", "hook_secret: s3cr3t-value\n", "CONF-0006", ["reference", "env:NAME"]),
        file("a pasted token", "providers: {digitalocean: {token: dop_v1_x}}\n", "CONF-0006", ["env:NAME"]),
        file(
            "a pasted token of a repository", "ssot: {token: s3cr3t-value}\n", "CONF-0006", ["ssot.token", "env:NAME"]),
        file(
            "a pasted token beside no address", "application: {token: s3cr3t-value}\n", "CONF-0006",
            ["application.token", "env:NAME"]),
        file(
            "a pasted passphrase beside no address", "application: {ssh_passphrase: s3cr3t-value}\n", "CONF-0006",
            ["application.ssh_passphrase"]),
        file("a password in the store", "store: postgres://u:s3cr3t-value@h/d\n", "CONF-0006", [":1:8", "rotate"]),
        file("a wrong level", "log: {level: loud}\n", "CONF-0007", ["log.level", "debug, info, warning, error"]),
        file("a root outside", "ssot: {roots: [../x]}\n", "CONF-0008", ["../x", "infra/ssot"]),
        file("no address", "listen: here\n", "CONF-0012", [":1:9", "127.0.0.1:8080"]),
        BadInput("a flag is the place", ["run", "--interval", "1s"], 78, "CONF-0005", ["at --interval"]),
        BadInput(
            "a variable is the place", ["runs"], 78, "CONF-0005", ["at $ODOOOPS_INTERVAL"],
            environment: ["ODOOOPS_INTERVAL": "never"]),
        BadInput(
            "a password in the address", [dry, "--ssot", "https://u:s3cr3t-value@127.0.0.1/x"], 78, "CONF-0006",
            ["at --ssot", "ssot.token: env:NAME"]),
        BadInput(
            "a token in the address", [dry, "--ssot", "https://ghp_abcdefghijklmnopqrstuvwxyz0123456789@h/x"], 78,
            "CONF-0006", ["holds a token", "ssot.token: env:NAME"]),
        BadInput(
            "a provider's address of another kind", [dry], 78, "CONF-0009",
            ["at $DIGITALOCEAN_API_URL", "https://HOST"], environment: ["DIGITALOCEAN_API_URL": "ftp://x"]),
        BadInput(
            "an address of the service that is none, or holds a password", ["runs"], 78, "CONF-0009",
            ["at $ODOOOPS_ADDRESS", "https://HOST:PORT"],
            environment: ["ODOOOPS_ADDRESS": "https://u:s3cr3t-value@ops.example"]),
        BadInput(
            "a provider's address without a host", [dry], 78, "CONF-0009", ["https://HOST"],
            environment: ["DIGITALOCEAN_API_URL": "http://"]),
        BadInput(
            "a store that nothing leads to", ["runs", "--store", "env:NOT_SET"], 78, "CONF-0010",
            ["env:NOT_SET", "--store sqlite:PATH"]),
        BadInput("a store of another kind", ["runs", "--store", "mysql://h/d"], 78, "CONF-0011", ["sqlite:PATH"]),
        BadInput("a store without a path", ["runs", "--store", "sqlite:"], 78, "CONF-0011", ["sqlite:PATH"]),
        BadInput(
            "no repository", [dry], 78, "CONF-0013", ["--ssot", "ODOOOPS_SSOT"], environment: ["ODOOOPS_SSOT": ""]),
    ]

    private static func file(_ name: String, _ text: String, _ code: String, _ says: [String]) -> BadInput {
        BadInput("in the file: \(name)", ["runs"], 78, code, says, files: ["reconciler.yaml": text])
    }

    static let source: [BadInput] = [
        BadInput("nothing at the path", [dry, "--ssot", "none"], 1, "GIT-0001", ["at {dir}/none", "git repository"]),
        BadInput("no repository", [dry, "--ssot", "plain"], 1, "GIT-0001", ["{dir}/plain"], files: ["plain/a": "b"]),
        BadInput(
            "an unreachable remote", [dry, "--ssot", "http://127.0.0.1:1/x.git"], 1, "GIT-0002",
            ["refused", "curl -sSI"]),
        BadInput("a missing reference", [dry, "--ref", "mian"], 1, "GIT-0006", ["'mian'", "id you mean main?"]),
        BadInput("a missing root", [dry, "--root", "nowhere"], 65, "RUN-0001", ["SSOT-0001", "`nowhere`", "--root"]),
        BadInput("a plan into nowhere", [dry, "--out", "none/plan.json"], 1, "RUN-0014", ["mkdir -p none"]),
        BadInput("a plan onto a directory", [dry, "--out", "{dir}"], 1, "RUN-0014", ["it is a directory"]),
        BadInput("no plan", ["apply", "none.json"], 64, "USAGE-0001", ["none.json", "--dry-run --out none.json"]),
        BadInput("a plan that is no JSON", ["apply", "p.json"], 4, "PLAN-0101", ["p.json"], files: ["p.json": "{"]),
        BadInput(
            "a plan that is none", ["apply", "p.json"], 4, "PLAN-0101", ["format_version"], files: ["p.json": "{}"]),
        BadInput("a simulator's wrong rate", ["simulate", "--faults", "2"], 64, "USAGE-0001", ["0 to 1"]),
        BadInput("a simulator's wrong latency", ["simulate", "--latency", "1h"], 64, "USAGE-0001", ["20ms"]),
    ]
}

@Suite("Bad input")
struct BadInputTests {
    private static let site = Result { try Site() }

    @Test(
        "gives one diagnostic with its code, its place and what to do, the documented exit status, and no result",
        arguments: BadInput.usage + BadInput.configuration + BadInput.source)
    func saysWhatIsWrong(_ input: BadInput) async throws {
        let site = try Self.site.get()
        let place = try TemporaryDirectory()
        for (name, text) in input.files { try place.write(text, to: name) }
        var environment = site.environment
        environment["ODOOOPS_STATE_DIR"] = place.path("state")
        environment.merge(input.environment) { $1 }
        for json in [false, true] {
            let arguments = input.arguments.map { input.filled($0, site).replacing(site.directory.path, place.path) }
            let result = await Program.run(
                arguments + (json ? ["--json"] : []), in: place.path, environment)
            #expect(result.status == input.status, "\(result.story)")
            #expect(result.error.contains(" \(input.code): "), "\(result.story)")
            let faults = result.error.split(separator: "\n").count {
                $0.hasPrefix("error ") || $0.hasPrefix("refused ")
            }
            #expect(faults == 1, "one fault, one diagnostic: \(result.story)")
            for text in input.says {
                let text = input.filled(text, site).replacing(site.directory.path, place.path)
                #expect(result.error.contains(text), "“\(text)” is missing: \(result.story)")
            }
            #expect(!result.error.contains("s3cr3t") && !result.output.contains("s3cr3t"), "\(result.story)")
            #expect(!result.error.contains("\u{1B}") && !result.output.contains("\u{1B}"), "\(result.story)")
            if json {
                #expect(result.output.isEmpty || result.json != nil, "\(result.story)")
            } else {
                let lines = result.output.split(separator: "\n").filter { !$0.hasPrefix("Evidence ") }
                #expect(lines.isEmpty, "\(result.story)")
            }
        }
    }
}

extension String {
    /// The text with every occurrence of a part replaced.
    func replacing(_ part: String, _ other: String) -> String {
        var text = ""
        var rest = Substring(self)
        while let range = rest.firstRange(of: part) {
            text += rest[..<range.lowerBound] + other
            rest = rest[range.upperBound...]
        }
        return text + rest
    }
}
